import type { ServerUrl } from '../../../assets/loadgen/commands/server-url.ts';
import { LabError } from '../../config/lab-error.ts';
import { ProbeConnection } from './probe-connection.ts';

/** What a server that listens elsewhere does of what the lab's servers do. */
export interface ServerAbilities {
  /** A message comes back unchanged. */
  readonly echoes: boolean;
  /** What is sent to `/publish` reaches a member, and is answered with `sent …`. */
  readonly publishes: boolean;
}

const answerPattern = /^sent \d+ \d+ \d+$/;

/**
 * Asks a server with one connection to its URL and one to `/publish` what it does: a path that is open proves nothing, for many
 * servers take any path. Each answer has `deadlineMillis`; whatever the server sends, next to nothing of it is kept. Throws LabError
 * `runFailed` when no connection can be opened.
 */
export async function probeServer(server: ServerUrl, deadlineMillis: number): Promise<ServerAbilities> {
  const member = new ProbeConnection(server, server.path);
  const publisher = new ProbeConnection(server, '/publish');
  try {
    const why = await member.open(deadlineMillis);
    if (why !== null) {
      throw new LabError(
        'runFailed',
        `no WebSocket connection to ${server.isSecure ? 'wss' : 'ws'}://${server.hostName}:${server.port}${server.path} can be opened: ${why}`,
        'see that the server listens there, and takes WebSocket connections on that path',
      );
    }
    const echoed = member.hears((message) => message === 'c1mlab probe: echo', deadlineMillis);
    member.send('c1mlab probe: echo');
    const echoes = await echoed;
    if ((await publisher.open(deadlineMillis)) !== null) return { echoes, publishes: false };
    const answered = publisher.hears((message) => answerPattern.test(message), deadlineMillis);
    const arrived = member.hears((message) => message === 'c1mlab probe: publish', deadlineMillis);
    publisher.send('c1mlab probe: publish');
    return { echoes, publishes: (await answered) && (await arrived) };
  } finally {
    member.end();
    publisher.end();
  }
}
