import type { Target } from '../../../assets/loadgen/connections/target.ts';
import { LabError } from '../../config/lab-error.ts';
import { ProbeConnection } from './probe-connection.ts';

/** What a server that listens elsewhere does of what the lab's servers do. */
export interface ServerAbilities {
  /** A message comes back unchanged. */
  readonly echoes: boolean;
  /** What is published reaches a member, and is answered with `sent …`. */
  readonly publishes: boolean;
}

const answerPattern = /^sent \d+ \d+ \d+$/;

/** What to do about an upgrade that was refused, by what it says. */
const adviceByReason: readonly (readonly [RegExp, string])[] = [
  [
    /\b(401|403)\b/,
    "give what it asks for: user:password in --url, --header 'Authorization: …', or --header 'Cookie: …'",
  ],
  [/\b404\b/, 'check that the path of --url accepts WebSocket connections'],
  [/redirected to|\b3\d\d\b/, 'give the URL that it redirects to'],
  [
    /certificate|SELF_SIGNED|UNABLE_TO|ALTNAME|CERT_|self-signed/i,
    'give --cacert FILE with the authority of its certificate, or --insecure to accept any',
  ],
];

/**
 * Asks a server with one connection as a member and one as a publisher what it does: a path that is open proves nothing, for many
 * servers take any path. Each answer has `deadlineMillis`; whatever the server sends, next to nothing of it is kept. `name` is the server
 * in errors. Throws LabError `runFailed` when no connection can be opened.
 */
export async function probeServer(
  target: Target,
  publishTarget: Target,
  name: string,
  deadlineMillis: number,
): Promise<ServerAbilities> {
  const member = new ProbeConnection(target);
  const publisher = new ProbeConnection(publishTarget);
  try {
    const why = await member.open(deadlineMillis);
    if (why !== null) {
      throw new LabError(
        'runFailed',
        `cannot open a WebSocket connection to ${name}: ${why}`,
        adviceByReason.find(([pattern]) => pattern.test(why))?.[1] ??
          'check that the server listens there and accepts WebSocket connections on that path',
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
