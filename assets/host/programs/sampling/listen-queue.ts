import { closeSync, openSync, readSync } from 'node:fs';

/** Room for a hundred sockets a file: the kernel lists those that listen first (tcp_seq_start() in net/ipv4/tcp_ipv4.c). */
const startBytes = 16_384;
const listening = '0A';

/** The start of a file of /proc/net, in one read: all of it would take seconds where there are a million connections. */
export function readStart(file: string): string {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const bytes = Buffer.alloc(startBytes);
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, startBytes, 0));
  } finally {
    closeSync(fd);
  }
}

/**
 * The most connections that wait to be accepted at one listening socket, from the start of /proc/net/tcp and tcp6, where rx_queue of a
 * listening socket is that number (get_tcp4_sock()); null when none listens.
 */
export function deepestListenQueue(text: string): number | null {
  let deepest: number | null = null;
  for (const line of text.split('\n')) {
    const [, , , state, queues = ''] = line.trim().split(/\s+/);
    const waiting = Number.parseInt(queues.split(':')[1] ?? '', 16);
    if (state === listening && waiting >= (deepest ?? 0)) deepest = waiting;
  }
  return deepest;
}
