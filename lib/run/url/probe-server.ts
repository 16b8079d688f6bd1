import type { Target } from '../../../assets/loadgen/connections/target.ts';
import { failureAdvice } from '../../../assets/loadgen/measure/failure-advice.ts';
import { LabError } from '../../config/lab-error.ts';
import { ProbeConnection } from './probe-connection.ts';

/** What a server that listens elsewhere does of what the lab's servers do. */
export interface ServerAbilities {
  /** A message comes back unchanged. */
  readonly echoes: boolean;
  /** What is published reaches a member, and is answered with `sent …`. */
  readonly publishes: boolean;
  /** Why no connection to publish on can be opened; null when one can. */
  readonly publishFailure: string | null;
}

const answerPattern = /^sent \d+ \d+ \d+$/;

/**
 * Asks a server with one connection as a member and one as a publisher what it does: a path that is open proves nothing, for many
 * servers take any path. A connection may take `openMillis` and each answer `answerMillis`; whatever the server sends, next to nothing of it
 * is kept. `name` is the server in errors. Throws LabError `runFailed` when no connection can be opened.
 */
export async function probeServer(
  target: Target,
  publishTarget: Target,
  name: string,
  { openMillis, answerMillis }: { readonly openMillis: number; readonly answerMillis: number },
): Promise<ServerAbilities> {
  const member = new ProbeConnection(target);
  const publisher = new ProbeConnection(publishTarget);
  try {
    const why = await member.open(openMillis);
    if (why !== null) {
      throw new LabError(
        'runFailed',
        `cannot open a WebSocket connection to ${name}: ${why.reason}`,
        why.advice ??
          failureAdvice({ connectFailures: { [why.cause]: 1 }, lost: {}, abandoned: 1 }) ??
          'check that the server listens there and accepts WebSocket connections on that path',
      );
    }
    const echoed = member.hears((message) => message === 'c1mlab probe: echo', answerMillis);
    member.send('c1mlab probe: echo');
    const echoes = await echoed;
    const refused = await publisher.open(openMillis);
    if (refused !== null) return { echoes, publishes: false, publishFailure: refused.reason };
    const answered = publisher.hears((message) => answerPattern.test(message), answerMillis);
    const arrived = member.hears((message) => message === 'c1mlab probe: publish', answerMillis);
    publisher.send('c1mlab probe: publish');
    return { echoes, publishes: (await answered) && (await arrived), publishFailure: null };
  } finally {
    member.end();
    publisher.end();
  }
}
