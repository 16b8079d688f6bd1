import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { WebSocketServer, type PerMessageDeflateOptions, type WebSocket } from 'ws';

/** A server of the lab's contract, made with the ws package, for tests: echo and broadcasts. */
export interface LabServer {
  readonly port: number;
  readonly members: ReadonlySet<WebSocket>;
}

/** How a broadcast is sent to members, when not once to each in order. */
export type Deliver = (members: readonly WebSocket[], message: string, seq: number) => void;

/** Starts a server that stops with the test. */
export async function startLabServer(
  context: TestContext,
  options: {
    readonly deliver?: Deliver;
    /** How long after that the publisher hears of it, milliseconds. @default - at once */
    readonly answersAfter?: number;
    readonly onMember?: (member: WebSocket) => void;
    readonly path?: string;
    /** Key and certificate, where connections are to be secured. */
    readonly tls?: ServerOptions;
    /** Whether pings are answered. @default - they are */
    readonly autoPong?: boolean;
    /** Whether messages are compressed for who offers it, and how. @default - they are not */
    readonly perMessageDeflate?: boolean | PerMessageDeflateOptions;
  } = {},
): Promise<LabServer> {
  const members = new Set<WebSocket>();
  const http = options.tls === undefined ? createServer() : createSecureServer(options.tls);
  http.on('request', (_request, response) => response.writeHead(404).end());
  const { autoPong = true, perMessageDeflate = false } = options;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate, autoPong });
  http.on('upgrade', (request: IncomingMessage, socket, head) => {
    if (request.url !== '/publish' && request.url !== (options.path ?? '/')) {
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      if (request.url === '/publish') publisher(client, members, options.answersAfter, options.deliver);
      else member(client, members, options.onMember);
    });
  });
  http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
  await once(http, 'listening');
  context.after(() => {
    for (const client of sockets.clients) client.terminate();
    http.close();
  });
  return { port: (http.address() as AddressInfo).port, members };
}

function member(client: WebSocket, members: Set<WebSocket>, onMember?: (member: WebSocket) => void): void {
  members.add(client);
  client.on('close', () => members.delete(client));
  client.on('message', (data: Buffer, isBinary) => client.send(data, { binary: isBinary }));
  onMember?.(client);
}

function publisher(
  client: WebSocket,
  members: ReadonlySet<WebSocket>,
  answersAfter: number | undefined,
  deliver: Deliver = toAll,
): void {
  const answer = (): void => client.send(`sent ${members.size} 0 123`);
  client.on('message', (data: Buffer) => {
    const message = data.toString();
    deliver([...members], message, Number(message.split(' ')[0]));
    if (answersAfter === undefined) answer();
    else setTimeout(answer, answersAfter);
  });
}

/** Sends a text to every member once. */
export function toAll(members: readonly WebSocket[], message: string): void {
  for (const client of members) client.send(message);
}
