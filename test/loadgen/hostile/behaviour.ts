import type { Socket } from 'node:net';
import { acceptFor } from '../../../assets/loadgen/websocket/keys.ts';

/** How a run of the load generator against a hostile server must end. */
export interface HostileRun {
  readonly name: string;
  /** Options of the load generator beside the URL and the connections. */
  readonly asked: string;
  /** Its exit code, and what the line on standard error says. */
  readonly exitCode: number;
  readonly says?: RegExp;
  /** Seconds that the load generator's own deadlines add up to. */
  readonly waitsSeconds: number;
}

/** A server that abuses its clients. */
export interface HostileServer extends HostileRun {
  /** Does its evil to a connection when a request has come; `path` is what was asked for. */
  readonly behave: (socket: Socket, request: string, path: string) => void;
  /** To a connection that has just been accepted, before it has sent anything. */
  readonly greet?: (socket: Socket) => void;
}

export const text = 0x81;
export const mebibyte = 2 ** 20;
/** Three attempts of 10 s, and the waits between them. */
export const threeHandshakes = 32.5;
/** Three attempts that fail at once. */
const threeRefusals = 2.5;
/** Silence after which nothing more is waited for. */
export const silence = 10;

export const hold = '--hold 1';
/** Held for as long as anything is: what ends it is what the server does, however late a busy machine lets it. */
export const untilLost = '--hold 600';
export const echo = '--hold 0 --echo-rate 20 --echo-seconds 0.5';
export const broadcast = '--hold 0 --broadcasts 1';

export function accept(socket: Socket, request: string, more = ''): void {
  const key = /^Sec-WebSocket-Key: (.*)\r$/m.exec(request)?.[1] ?? '';
  socket.write(
    `HTTP/1.1 101 Hi\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n${more}\r\n`,
  );
}

/** Writes the same bytes for ever, as fast as they are taken. */
export function flood(socket: Socket, piece: Buffer): void {
  const bytes = Buffer.concat(Array.from({ length: Math.max(1, Math.ceil(65536 / piece.length)) }, () => piece));
  const pour = (): void => {
    while (socket.writable && socket.write(bytes));
  };
  socket.on('drain', pour);
  pour();
}

/** Writes bytes one by one, from the first on again after the last. */
export function drip(socket: Socket, bytes: Buffer, everyMillis: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.writable) socket.write(bytes.subarray(at, at + 1));
    at = (at + 1) % bytes.length;
  }, everyMillis);
  socket.on('close', () => clearInterval(timer));
}

export function frame(first: number, payload: string): Buffer {
  return Buffer.concat([Buffer.of(first, payload.length), Buffer.from(payload)]);
}

/** The header of a data frame that announces `length` bytes. */
export function longHeader(length: bigint): Buffer {
  const header = Buffer.alloc(10);
  header[0] = text;
  header[1] = 127;
  header.writeBigUInt64BE(length, 2);
  return header;
}

/** Accepts, and then does something with the open connection. */
export function accepting(then: (socket: Socket, path: string) => void, more = ''): HostileServer['behave'] {
  return (socket, request, path) => {
    accept(socket, request, more);
    then(socket, path);
  };
}

/** Accepts, and floods. */
export function flooding(piece: Buffer): HostileServer['behave'] {
  return accepting((socket) => flood(socket, piece));
}

export const ended = { asked: untilLost, exitCode: 5, waitsSeconds: threeRefusals };
export const held = { asked: hold, exitCode: 0, waitsSeconds: 1 };

/** The payload of a short masked frame. */
export function unmasked(data: Buffer): string {
  const payload = data.subarray(6, 6 + (data[1]! & 0x7f));
  return Buffer.from(payload.map((byte, n) => byte ^ data[2 + (n % 4)]!)).toString();
}
