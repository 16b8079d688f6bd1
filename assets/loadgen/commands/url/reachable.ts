import { connect } from 'node:net';

const deadlineMillis = 3000;

/** An address of a name that took no connection, and why. */
export interface Unreachable {
  readonly address: string;
  readonly why: string;
}

/**
 * Which addresses of a name take a TCP connection, as a client finds out that goes on to the next: one connection to each. All of them
 * where none does, for then the run says why.
 */
export async function findReachable(
  addresses: readonly string[],
  port: number,
): Promise<{ readonly reachable: readonly string[]; readonly leftOut: readonly Unreachable[] }> {
  const tried = await Promise.all(
    addresses.map(async (address) => ({ address, why: await whyUnreachable(address, port) })),
  );
  const reachable = tried.filter(({ why }) => why === null).map(({ address }) => address);
  if (reachable.length === 0) return { reachable: addresses, leftOut: [] };
  return { reachable, leftOut: tried.flatMap(({ address, why }) => (why === null ? [] : [{ address, why }])) };
}

async function whyUnreachable(address: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, signal: AbortSignal.timeout(deadlineMillis) });
    const end = (why: string | null): void => {
      socket.destroy();
      resolve(why);
    };
    socket.once('connect', () => end(null));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(error.name === 'AbortError' ? 'ETIMEDOUT' : (error.code ?? error.message)),
    );
  });
}
