import { once } from 'node:events';
import { createServer } from 'node:net';

/** The first of `count` ports from `first` on that cannot be listened on at an address, with the reason; null when all can. */
export async function firstPortInUse(
  address: string,
  first: number,
  count: number,
): Promise<{ readonly port: number; readonly reason: string } | null> {
  for (let port = first; port < first + count; port += 1) {
    const server = createServer();
    try {
      server.listen({ host: address, port, exclusive: true });
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
    } catch (error) {
      return { port, reason: (error as NodeJS.ErrnoException).code ?? String(error) };
    }
  }
  return null;
}

if (import.meta.main) {
  const [address = '', first = '0', count = '0'] = process.argv.slice(2);
  const found = await firstPortInUse(address, Number(first), Number(count));
  if (found !== null) {
    const { port, reason } = found;
    process.stderr.write(
      reason === 'EADDRINUSE'
        ? `port ${port} of ${address} is in use: something else listens there, so the server cannot\n`
        : `port ${port} of ${address} cannot be listened on: ${reason}\n`,
    );
    process.exitCode = 1;
  }
}
