import type { Host } from '../hosts.ts';
import { maxServerProcesses } from '../hosts.ts';
import type { Lab } from '../lab.ts';

/** One kernel setting of a host. */
export interface Sysctl {
  readonly key: string;
  readonly value: string;
  /** `set`: exactly this value. `atleast`: never lower what is higher already (every number of the value). */
  readonly operator: 'set' | 'atleast';
  /** Where the value comes from and why it is needed. */
  readonly source: string;
}

/** The settings a host of this lab must have before a run. */
export function tuningOf(lab: Lab, host: Host): readonly Sysctl[] {
  const lastServerPort = lab.network.port + maxServerProcesses - 1;
  return [
    {
      key: 'net.ipv4.ip_local_port_range',
      value: '1024 65535',
      operator: 'set',
      source: 'article: 60 000 connections from each client address',
    },
    {
      key: 'net.ipv4.ip_local_reserved_ports',
      value: `${lab.network.port}-${lastServerPort}`,
      operator: 'set',
      source: 'ours: a listening port inside the local port range makes bind fail in either direction',
    },
    { key: 'net.ipv4.tcp_rmem', value: '4096 87380 4161536', operator: 'set', source: 'article' },
    {
      key: 'net.ipv4.tcp_wmem',
      value: '4096 87380 4161536',
      operator: 'set',
      source: 'article (raises the kernel default of 16384; memory is taken only when a buffer fills)',
    },
    {
      key: 'net.core.somaxconn',
      value: '65535',
      operator: 'atleast',
      source: 'ours: at the default the listen queue overflows and the ramp is eight times slower',
    },
    { key: 'net.ipv4.tcp_max_syn_backlog', value: '65535', operator: 'atleast', source: 'ours: as somaxconn' },
    ...(host.role === 'server'
      ? [
          {
            key: 'net.ipv4.tcp_mem',
            value: '786432 2097152 3145728',
            operator: 'atleast',
            source:
              'article: pages, 3, 8 and 12 GiB, right for a 30 GiB server; the load hosts keep the kernel default',
          } as const,
        ]
      : []),
    {
      key: 'net.ipv4.tcp_syn_retries',
      value: '6',
      operator: 'set',
      source:
        'kernel default (ip-sysctl), 127 s; Amazon Linux 2023 sets 3, 15 s (amazon-ec2-net-utils, 90-ena-tuning-defaults.conf), after which a lost SYN counts as a failed connection',
    },
    {
      key: 'net.ipv4.tcp_synack_retries',
      value: '5',
      operator: 'set',
      source: 'kernel default (ip-sysctl), 63 s: the other half of a handshake, the same on every host',
    },
    { key: 'net.core.netdev_max_backlog', value: '65535', operator: 'atleast', source: 'ours: bursts of a broadcast' },
    {
      key: 'net.ipv4.tcp_max_orphans',
      value: '262144',
      operator: 'atleast',
      source: 'ours: a server that is stopped leaves its connections as orphans for a moment',
    },
    {
      key: 'vm.max_map_count',
      value: '262144',
      operator: 'atleast',
      source: 'ours: JVMs with many threads and mappings',
    },
    { key: 'fs.file-max', value: '2000000', operator: 'atleast', source: 'article (systemd sets it higher at boot)' },
    { key: 'fs.nr_open', value: '2000000', operator: 'atleast', source: 'article' },
  ];
}

/** The text of `/opt/c1mlab/tuning.conf`: `op key = value` a line. */
export function tuningFile(lab: Lab, host: Host): string {
  return tuningOf(lab, host)
    .map(({ key, value, operator }) => `${operator} ${key} = ${value}\n`)
    .join('');
}
