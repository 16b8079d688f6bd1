import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { eachJsonLine } from './lines.ts';

/** A request on the control socket; one a connection, answered by one line. */
export type ControlRequest =
  | {
      readonly type: 'drive';
      readonly broadcasts: number;
      readonly intervalSeconds: number;
      readonly echoRate: number;
      readonly echoSeconds: number;
    }
  | { readonly type: 'collect' };

/** The answer to a request. */
export type ControlAnswer =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: string };

/** Listens on a Unix socket (replacing one that nobody listens on any more) and answers requests. */
export async function serveControl(
  path: string,
  answer: (request: ControlRequest) => Promise<unknown>,
): Promise<Server> {
  if (await isServed(path))
    throw new Error(`another load generator holds connections and listens on ${path}: stop it first`);
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    // A client that has gone needs no answer.
    socket.on('error', () => undefined);
    eachJsonLine(socket, (request) => void reply(socket, answer(request as ControlRequest)));
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

async function reply(socket: Socket, work: Promise<unknown>): Promise<void> {
  let answer: ControlAnswer;
  try {
    answer = { ok: true, result: await work };
  } catch (error) {
    answer = { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
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

/** Sends a request and waits for the answer's result; rejects with the answer's error. */
export async function requestControl(path: string, request: ControlRequest): Promise<unknown> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw new Error(
      `no load generator listens on ${path} (${(error as NodeJS.ErrnoException).code}): start one with hold`,
      {
        cause: error,
      },
    );
  }
  const answer = await new Promise<ControlAnswer>((resolve, reject) => {
    eachJsonLine(socket, (message) => resolve(message as ControlAnswer));
    const gone = (): void => reject(new Error(`the load generator on ${path} went away before it had answered`));
    socket.on('error', gone).on('close', gone);
    socket.write(`${JSON.stringify(request)}\n`);
  });
  socket.destroy();
  if (!answer.ok) throw new Error(answer.error);
  return answer.result;
}
