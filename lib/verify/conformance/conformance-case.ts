import { setTimeout as pause } from 'node:timers/promises';
import { patienceMillis } from '../client/deadline.ts';
import { encodeFrame, opcodes, type FrameToSend } from '../client/frame.ts';
import { RawClient } from '../client/raw-client.ts';

/** One thing that a client may do, and what the standard says about it. It is observed, and never passes or fails. */
export interface ConformanceCase {
  /** Unique: the key in conformance.json. */
  readonly name: string;
  /** What the client does, as a phrase. */
  readonly what: string;
  /** Where the standard speaks of it. */
  readonly section: string;
  /** What the standard asks for, in the words of an observation; `4xx` for any refusal, `any` where it leaves the choice. */
  readonly asks: string;
  /** What the server on this port of 127.0.0.1 does, as a phrase: see {@link observeFrames}. */
  readonly observe: (port: number) => Promise<string>;
}

/** How long nothing may come before that may be the observation, in milliseconds. */
const silenceMillis = 3000;
const probe = 'still there?';

/** Whatever `step` gives, or `silence` where nothing comes for {@link silenceMillis} nor until the server has served another client after that. */
async function orSilence<T>(port: number, step: (millis: number) => Promise<T>): Promise<T | 'silence'> {
  const over = new AbortController();
  const silence = pause(silenceMillis, undefined, { signal: over.signal }).then(async () => {
    await serveAnother(port);
    return 'silence' as const;
  });
  try {
    return await Promise.race([step(silenceMillis + 3 * patienceMillis), silence]);
  } finally {
    over.abort();
  }
}

/** Ends when the server has served a client that came just now: it is not that it had no time. */
async function serveAnother(port: number): Promise<void> {
  const other = await RawClient.open({ port }, '/');
  try {
    other.sendText(probe);
    await other.text();
  } finally {
    other.destroy();
  }
}

/** The server's answer to a request: its status, `end` when it only ends the connection, or `silence`. */
export async function observeRequest(port: number, request: string | Buffer): Promise<string> {
  const client = await RawClient.tcp({ port });
  try {
    client.write(request);
    const answer = await orSilence(port, (millis) => client.httpAnswerOrEnd(millis));
    if (answer === null) return 'end';
    if (answer === 'silence') return answer;
    const agreed = ['protocol', 'extensions'].map((name) => answer.headers.get(`sec-websocket-${name}`));
    return [answer.status, ...agreed.filter((value) => value !== undefined)].join(' ');
  } finally {
    client.destroy();
  }
}

/**
 * What a new connection gets back for these frames, in order: `echo`, `pong`, `close <code>`; then `end` when no close came
 * before the connection ended, `silence` when nothing comes any more; `ignored` when it got nothing and is served on.
 */
export async function observeFrames(port: number, frames: readonly (FrameToSend | Buffer)[]): Promise<string> {
  const client = await RawClient.open({ port }, '/');
  try {
    const last: FrameToSend = { opcode: opcodes.text, payload: probe };
    // One write: what the server answers may be lost when the client writes again after the server has closed.
    client.write(
      Buffer.concat([...frames, last].map((frame) => (Buffer.isBuffer(frame) ? frame : encodeFrame(frame)))),
    );
    return await describeAnswers(port, client);
  } finally {
    client.destroy();
  }
}

/** Reads until the probe comes back or the connection to the server on this port is over. */
export async function describeAnswers(port: number, client: RawClient): Promise<string> {
  const counts: [string, number][] = [];
  const note = (what: string): void => {
    const latest = counts.at(-1);
    if (latest?.[0] === what) latest[1] += 1;
    else counts.push([what, 1]);
  };
  for (;;) {
    const frame = await orSilence(port, (millis) => client.frame(millis));
    if (frame === 'silence' || frame === null) {
      note(frame ?? 'end');
      break;
    }
    if (frame.opcode === opcodes.close) {
      note(`close ${frame.payload.length < 2 ? 'without a code' : frame.payload.readUInt16BE(0)}`);
      break;
    }
    if (frame.payload.toString() === probe) break;
    note(frame.opcode === opcodes.pong ? 'pong' : 'echo');
  }
  const text = counts.map(([what, count]) => (count === 1 ? what : `${count} ${what}s`)).join(', ');
  return text === '' ? 'ignored' : text;
}

/** A case about frames on an open connection. */
export function frameCase(
  name: string,
  what: string,
  section: string,
  asks: string,
  frames: readonly (FrameToSend | Buffer)[],
): ConformanceCase {
  return { name, what, section: `RFC 6455, ${section}`, asks, observe: (port) => observeFrames(port, frames) };
}

/** A text frame. */
export const text = (payload: string | Buffer, fin = true): FrameToSend => ({ opcode: opcodes.text, payload, fin });

/** A continuation frame. */
export const more = (payload: string | Buffer, fin = true): FrameToSend => ({
  opcode: opcodes.continuation,
  payload,
  fin,
});
