import { isIP } from 'node:net';
import { behaviourOf, type Behaviour } from './behaviour.ts';
import { ReferenceServer, type ListenOptions } from './server.ts';

function fail(code: number, message: string): never {
  process.stderr.write(`reference: ${message}\n`);
  process.exit(code);
}

/** What the lab's variables and flags ask for; an Error says which of them is wrong. */
function readEnvironment(): { readonly behaviour: Behaviour; readonly options: ListenOptions } {
  const { C1M_PORT = '', C1M_ADDRESS: address = '', C1M_BACKLOG = '' } = process.env;
  const number = (name: string, text: string, most: number): number => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > most) throw new Error(`${name} must be a whole number from 1 to ${most}, got '${text}'`);
    return value;
  };
  const host = address === '' ? '0.0.0.0' : address;
  if (isIP(host) === 0) throw new Error(`C1M_ADDRESS must be an IP address, got '${host}'`);
  const port = number('C1M_PORT', C1M_PORT, 65_535);
  const backlog = number('C1M_BACKLOG', C1M_BACKLOG === '' ? '65535' : C1M_BACKLOG, 2 ** 31 - 1);
  return { behaviour: behaviourOf(process.argv.slice(2)), options: { port, host, backlog } };
}

/** Starts the reference server and runs it until SIGTERM. */
async function main(): Promise<void> {
  let environment: ReturnType<typeof readEnvironment>;
  try {
    environment = readEnvironment();
  } catch (error) {
    fail(2, (error as Error).message);
  }
  const { behaviour, options } = environment;
  const server = new ReferenceServer(behaviour, options);
  try {
    await server.listen();
  } catch (error) {
    fail(1, `cannot listen on ${options.host} port ${options.port}: ${(error as Error).message}`);
  }
  const say = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
  process.once('SIGTERM', () => {
    void server.stop().then(() => {
      say({ event: 'stopped', port: options.port });
      process.exit(0);
    });
  });
  say({ event: 'listening', port: options.port, server: 'reference', version: `reference, node ${process.version}` });
}

await main();
