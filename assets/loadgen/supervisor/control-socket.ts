import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Workload } from '../workload/phase-kinds.ts';
import { eachJsonLine } from './lines.ts';

/** A request on the control socket; one a connection, answered by one line. */
export type ControlRequest =
  | { readonly type: 'drive'; readonly workload: Workload; readonly part: 'first' | 'rest' }
  | { readonly type: 'collect' };

/** A line to the client: every second that the work is under way, and then its outcome. */
type ControlAnswer =
  | { readonly ok: 'underWay' }
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: string };

const lookMillis = 1000;
/** Looks of the client without a line after which the load generator counts as silent. */
const silentLooks = 10;

/**
 * Listens on a Unix socket (replacing one that nobody listens on any more) and answers requests; the signal is aborted when the
 * client is gone before its answer.
 */
export async function serveControl(
  path: string,
  answer: (request: ControlRequest, gone: AbortSignal) => Promise<unknown>,
): Promise<Server> {
  if (await isServed(path))
    throw new Error(`another load generator holds connections and listens on ${path}: stop it first`);
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    const gone = new AbortController();
    // A client that has gone needs no answer.
    socket.on('error', () => undefined).on('close', () => gone.abort());
    eachJsonLine(socket, (request) => void reply(socket, answer(request as ControlRequest, gone.signal)));
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

async function reply(socket: Socket, work: Promise<unknown>): Promise<void> {
  const send = (answer: ControlAnswer): void => {
    if (socket.writable && socket.writableLength === 0) socket.write(`${JSON.stringify(answer)}\n`);
  };
  const timer = setInterval(() => send({ ok: 'underWay' }), lookMillis);
  let answer: ControlAnswer;
  try {
    answer = { ok: true, result: await work };
  } catch (error) {
    answer = { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
  clearInterval(timer);
  if (socket.writable) socket.end(`${JSON.stringify(answer)}\n`);
}

async function isServed(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Sends a request and waits for the answer's result; rejects with the answer's error, or when nothing has come for 10 s. */
export async function requestControl(path: string, request: ControlRequest): Promise<unknown> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw new Error(`no load generator listens on ${path} (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
  // Counted in looks, not by the clock: a client that was stopped itself must not take that for the other's silence.
  let looks = 0;
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await new Promise<Exclude<ControlAnswer, { ok: 'underWay' }>>((resolve, reject) => {
      timer = setInterval(() => {
        looks += 1;
        if (looks < silentLooks) return;
        reject(new Error(`the load generator on ${path} has been silent for ${silentLooks} s: it is stopped or hangs`));
      }, lookMillis);
      eachJsonLine(socket, (message) => {
        looks = 0;
        const line = message as ControlAnswer;
        if (line.ok !== 'underWay') resolve(line);
      });
      const gone = (): void => reject(new Error(`the load generator on ${path} went away before it had answered`));
      socket.on('error', gone).on('close', gone);
      socket.write(`${JSON.stringify(request)}\n`);
    });
    if (!answer.ok) throw new Error(answer.error);
    return answer.result;
  } finally {
    clearInterval(timer);
    socket.destroy();
  }
}
