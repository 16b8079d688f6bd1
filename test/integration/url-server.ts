import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as v from 'valibot';
import { WebSocketServer, type RawData } from 'ws';
import { runResultSchema, type RunResult } from '../../lib/results/schema/run-result.ts';

/** What a server in this process does. */
export interface Behaviour {
  readonly echoes?: boolean;
  /** How echoes are wrong: each comes twice, or in pairs the later one first. */
  readonly wrong?: 'twice' | 'swapped';
  /** Takes everything, and answers no message after the first, and no ping. */
  readonly fallsSilent?: boolean;
  /** Sends so many echoes, and then closes all connections with 1001. */
  readonly echoesMost?: number;
  readonly publishes?: boolean;
  /** Compresses messages, for who offers it. */
  readonly deflates?: boolean;
  /** Takes so many members, and closes those that come after them with 1013 and a reason. */
  readonly membersMost?: number;
  /** Pushes a message with the time to everybody so often, milliseconds. */
  readonly pushesEvery?: number;
  /** Key and certificate, PEM: the server speaks TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Answers everybody who does not send this header with 401. */
  readonly wants?: { readonly header: string; readonly value: string };
}

/** What a server has seen. */
export interface Seen {
  /** Members that have come. */
  members: number;
  /** Messages that were sent back. */
  echoes: number;
}

/** Runs a body with a server on a random port of the loopback address, that no one of the lab's started. */
export async function withServer(
  behaviour: Behaviour,
  body: (url: string, seen: Seen) => Promise<void>,
): Promise<void> {
  const secure: Server | null = behaviour.tls === undefined ? null : createServer(behaviour.tls);
  const { wants } = behaviour;
  const server = new WebSocketServer({
    ...(secure === null ? { host: '127.0.0.1', port: 0, backlog: 1024 } : { server: secure }),
    autoPong: behaviour.fallsSilent !== true,
    perMessageDeflate: behaviour.deflates === true ? { threshold: 0 } : false,
    verifyClient: ({ req }: { readonly req: { readonly headers: Readonly<Record<string, unknown>> } }) =>
      wants === undefined || req.headers[wants.header] === wants.value,
  });
  const seen: Seen = { members: 0, echoes: 0 };
  server.on('connection', (socket, request) => {
    socket.on('error', () => {});
    if (behaviour.publishes === true && request.url === '/publish') {
      socket.on('message', (data, binary) => {
        const others = [...server.clients].filter((client) => client !== socket);
        for (const member of others) member.send(data, { binary });
        socket.send(`sent ${others.length} 0 1`);
      });
      return;
    }
    if (request.url !== '/publish') {
      seen.members += 1;
      if (seen.members > (behaviour.membersMost ?? Infinity)) socket.close(1013, 'full');
    }
    let held: RawData | null = null;
    if (behaviour.echoes === true) {
      socket.on('message', (data, binary) => {
        if (behaviour.fallsSilent === true && seen.echoes > 0) return;
        seen.echoes += 1;
        if (seen.echoes > (behaviour.echoesMost ?? Infinity)) for (const client of server.clients) client.close(1001);
        const isProbe = seen.echoes === 1;
        if (behaviour.wrong === 'swapped' && !isProbe && held === null) {
          held = data;
          return;
        }
        socket.send(data, { binary });
        if (behaviour.wrong === 'twice' && !isProbe) socket.send(data, { binary });
        if (held !== null) socket.send(held, { binary });
        held = null;
      });
    }
  });
  const pushing =
    behaviour.pushesEvery === undefined
      ? undefined
      : setInterval(() => {
          for (const client of server.clients) client.send(`{"t":${Date.now()}}`);
        }, behaviour.pushesEvery);
  const listening = secure ?? server;
  secure?.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  try {
    await body(secure === null ? `ws://127.0.0.1:${port}/` : `wss://127.0.0.1:${port}/`, seen);
  } finally {
    clearInterval(pushing);
    for (const client of server.clients) client.terminate();
    server.close();
    secure?.close();
  }
}

/** The run that a folder of runs holds, and its result, which is of the published schema. */
export function onlyUrlRun(out: string): { readonly folder: string; readonly result: RunResult } {
  const [run = ''] = readdirSync(out);
  const folder = join(out, run);
  const content: unknown = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'));
  return { folder, result: v.parse(runResultSchema, content) };
}
