import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { exitCodes } from '../../../assets/loadgen/commands/exit-codes.ts';
import type { Summary } from '../../../assets/loadgen/measure/summary.ts';
import { acceptFor } from '../../../assets/loadgen/websocket/keys.ts';
import { loopbackSource } from '../held-load.ts';

const main = new URL('../../../assets/loadgen/main.ts', import.meta.url).pathname;

/** What a server answers a request with; `accept` is what Sec-WebSocket-Accept must be. */
export type Answer = (accept: string, head: string) => string;

/** A server of which each connection is answered the same, and what it was asked. */
export interface AnswerServer {
  readonly port: number;
  readonly heads: readonly string[];
  /** When each request came, milliseconds. */
  readonly times: readonly number[];
  /** Texts of frames that came (short ones). */
  readonly texts: readonly string[];
}

/** Starts a server that gives `answer`, and then does something with the connection; `onText` hears each short text frame. */
export async function answerServer(
  context: TestContext,
  {
    answer = accepting(),
    onOpen = () => undefined,
    onText = () => undefined,
    host = '127.0.0.1',
  }: {
    readonly answer?: Answer;
    readonly onOpen?: (socket: Socket) => void;
    readonly onText?: (socket: Socket, text: string) => void;
    readonly host?: string;
  } = {},
): Promise<AnswerServer> {
  const heads: string[] = [];
  const times: number[] = [];
  const texts: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.once('data', (data) => {
      times.push(performance.now());
      heads.push(data.toString('latin1'));
      const key = /^Sec-WebSocket-Key: (.*)\r$/m.exec(heads.at(-1)!)?.[1] ?? '';
      socket.write(answer(acceptFor(key), heads.at(-1)!), 'latin1');
      socket.on('data', (frames) => {
        for (const text of shortTexts(frames)) {
          texts.push(text);
          onText(socket, text);
        }
      });
      onOpen(socket);
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, heads, times, texts };
}

/** The payloads of the masked text frames of at most 125 bytes that a piece holds whole. */
function shortTexts(bytes: Buffer): readonly string[] {
  const texts: string[] = [];
  for (let at = 0; at + 6 <= bytes.length;) {
    const length = bytes[at + 1]! & 0x7f;
    const payload = bytes.subarray(at + 6, at + 6 + length);
    const mask = bytes.subarray(at + 2, at + 6);
    if (bytes[at] === 0x81) texts.push(Buffer.from(payload.map((byte, n) => byte ^ mask[n % 4]!)).toString());
    at += 6 + length;
  }
  return texts;
}

/** A frame of at most 125 bytes, unmasked. */
export function frame(first: number, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.of(first, bytes.length), bytes]);
}

/** An answer that accepts, with further headers. */
export function accepting(...more: readonly string[]): Answer {
  return (accept) => {
    const lines = ['HTTP/1.1 101 Hi', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
    return `${[...lines, ...more].join('\r\n')}\r\n\r\n`;
  };
}

/** What a run of the load generator came to; `json` when it was asked for. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly json: Summary & { readonly url: string; readonly reached: boolean; readonly reason: string | null };
}

/** Asserts that nothing was missing or wrong; on a busy machine the load generator may say that it was late. */
export function assertComplete({ code, stderr }: Pick<Outcome, 'code' | 'stderr'>): void {
  assert.ok(code === exitCodes.done || code === exitCodes.late, `exit code ${code}: ${stderr}`);
}

/** Runs the load generator to its end. */
export async function load(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], (error, stdout, stderr) => {
      const json = (stdout.startsWith('{') ? JSON.parse(stdout) : null) as Outcome['json'];
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr, json });
    });
  });
}

/** Runs the load generator with one connection, held for no time, against a server that gives `answer`. */
export async function request(
  context: TestContext,
  answer: Answer,
  url: (port: number) => string,
  ...args: readonly string[]
): Promise<AnswerServer & Outcome> {
  const server = await answerServer(context, { answer });
  const from = ['--connections', '1', '--hold', '0', '--json', '--sources', loopbackSource()];
  return { ...server, ...(await load('--url', url(server.port), ...from, ...args)) };
}
