/** Serves as the hostile server that the first argument names, until it is killed; prints its port. */
import { createServer, type AddressInfo } from 'node:net';
import { argv } from 'node:process';
import { oddServer } from '../tls/odd-server.ts';
import { accepting, type HostileServer } from './behaviour.ts';
import { hostileServers } from './hostile-servers.ts';
import { hostileTlsServers, type HostileTlsServer } from './hostile-tls-servers.ts';

function serve({ greet, behave }: Pick<HostileServer, 'greet' | 'behave'>): void {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    greet?.(socket);
    socket.once('data', (data) => {
      const request = data.toString('latin1');
      behave(socket, request, request.split(' ')[1] ?? '');
    });
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
}

async function serveSecured(secured: NonNullable<HostileTlsServer['secured']>): Promise<void> {
  const never = { after: () => undefined };
  const { port } = await oddServer(
    never,
    () => undefined,
    (connection, request) => secured(connection, request.toString('latin1')),
  );
  process.stdout.write(`${port}\n`);
}

const [, , chosen = ''] = argv;
const secure = hostileTlsServers.find(({ name }) => name === chosen);
// The tests' measure: a server that does what it should, but for echoes and broadcasts.
const behaved = { behave: accepting(() => undefined) };
if (secure?.secured !== undefined) await serveSecured(secure.secured);
else if (secure?.behave !== undefined) serve({ behave: secure.behave });
else serve(hostileServers.find(({ name }) => name === chosen) ?? behaved);
