import { spawnSync } from 'node:child_process';

/** Far longer than it takes, and shorter than a host may be silent. */
const mostMillis = 5000;

/**
 * The TCP sockets that listen, as ss lists them; empty where there is no ss. The kernel looks at those alone, whereas reading the start of
 * /proc/net/tcp or tcp6 makes it look through every connection of the machine for one more to list.
 */
export function listListeningSockets(): string {
  const command = ['--no-header', '--numeric', '--tcp', 'state', 'listening'];
  return spawnSync('ss', command, { encoding: 'utf8', timeout: mostMillis }).stdout ?? '';
}

/** The most connections that wait to be accepted at one socket: Recv-Q, the first word of each line of ss; null when none listens. */
export function deepestListenQueue(listening: string): number | null {
  const waiting = listening.split('\n').flatMap((line) => {
    const [word = ''] = line.trim().split(/\s+/);
    return word === '' ? [] : [Number(word)];
  });
  return waiting.length === 0 ? null : Math.max(...waiting);
}
