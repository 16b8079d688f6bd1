import { readFileSync } from 'node:fs';

/** TCP resets that the kernel has sent from this network namespace (Tcp OutRsts, RFC 4022 tcpOutRsts). */
export function resetsSent(): number {
  const [names = '', values = ''] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'));
  return Number(values.split(' ')[names.split(' ').indexOf('OutRsts')]);
}

/** Connections that wait to be accepted on a port now (rx_queue of a listening socket, Documentation/networking/proc_net_tcp.rst). */
export function queuedOn(port: number): number {
  const listening = '0A';
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === listening && local.endsWith(`:${wanted}`))
    .reduce((most, [, , , , queues = '']) => Math.max(most, Number.parseInt(queues.split(':')[1] ?? '0', 16)), 0);
}
