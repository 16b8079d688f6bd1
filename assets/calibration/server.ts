import { createServer, type Server, type Socket } from 'node:net';
import type { Behaviour } from './behaviour.ts';
import { Answers } from './conduct/answers.ts';
import { Members, type Departure, type Member } from './conduct/members.ts';
import { Memory } from './conduct/memory.ts';
import { Publishing } from './conduct/publishing.ts';
import { Returns } from './conduct/returns.ts';
import { resetsSent } from './ground-truth/kernel-counts.ts';
import { Ledger } from './ground-truth/ledger.ts';
import { monotonicMicros } from './time/clock.ts';
import { Timetable } from './time/timetable.ts';
import { acceptance, frameOf, opcodes, readRequest, takeFrames } from './web-socket.ts';

/** Requests from this one on may get into trouble: the first few show that a run begins like any other. */
const firstTroubled = 5;

/** Where the reference server listens. */
export interface ListenOptions {
  readonly port: number;
  readonly host: string;
  readonly backlog: number;
}

/** The reference server: a server of the lab's contract with declared faults, which keeps a ledger of what it really truth. */
export class ReferenceServer {
  readonly #behaviour: Behaviour;
  readonly #options: ListenOptions;
  readonly #ledger = new Ledger();
  readonly #timetable = new Timetable((due, micros) => this.#ledger.late(due, micros));
  readonly #answers: Answers;
  readonly #returns: Returns;
  readonly #members: Members;
  readonly #publishing: Publishing;
  readonly #sockets = new Set<Socket>();
  #listener: Server;
  #requests = 0;

  constructor(behaviour: Behaviour, options: ListenOptions) {
    this.#behaviour = behaviour;
    this.#options = options;
    const [ledger, timetable, memory] = [this.#ledger, this.#timetable, new Memory()];
    this.#answers = new Answers(behaviour, ledger, timetable);
    this.#returns = new Returns(behaviour, ledger, timetable, memory, options.port);
    this.#members = new Members(behaviour, ledger, timetable, memory, (address) => this.#returns.cut(address));
    this.#publishing = new Publishing(behaviour, this.#members, ledger, timetable);
    this.#listener = this.#newListener();
  }

  /** Listens; rejects when it cannot. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen(this.#options, resolve);
    });
  }

  /** Says goodbye (1001) to everyone, stops listening, and resolves when all have gone (at most 5 s). */
  async stop(): Promise<void> {
    this.#ledger.close();
    this.#listener.close();
    for (const socket of this.#sockets) socket.end(frameOf(opcodes.close, Uint8Array.of(1001 >> 8, 1001 & 0xff)));
    const deadline = monotonicMicros() + 5e6;
    while (this.#sockets.size > 0 && monotonicMicros() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const socket of this.#sockets) socket.destroy();
  }

  #newListener(): Server {
    return createServer({ noDelay: true, allowHalfOpen: false }, (socket) => this.#connected(socket));
  }

  #connected(socket: Socket): void {
    const connectedMicros = monotonicMicros();
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    let waiting: Buffer = Buffer.alloc(0);
    const onRequest = (bytes: Buffer): void => {
      waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes]);
      const request = readRequest(waiting);
      if (request === null) return;
      socket.off('data', onRequest);
      this.#requested(socket, request.path, request.key, waiting.subarray(request.end), connectedMicros);
    };
    socket.on('data', onRequest);
  }

  #requested(socket: Socket, path: string, key: string, rest: Buffer, connectedMicros: number): void {
    if ((path !== '/' && path !== '/publish') || key === '') {
      socket.end(
        `HTTP/1.1 ${key === '' ? '400 Bad Request' : '404 Not Found'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    if (path === '/publish') {
      this.#accept(socket, key, rest, {
        message: (opcode, payload) => {
          if (opcode !== opcodes.text) return;
          this.#publishing.publish(payload, (answer) => send(socket, opcodes.text, Buffer.from(answer)));
        },
      });
      return;
    }
    const departure = this.#members.departureOf(socket);
    if (departure !== null) {
      this.#returns.ask(socket, departure, connectedMicros, () => this.#acceptMember(socket, key, rest, departure));
      return;
    }
    this.#requests += 1;
    if (!this.#troubled(socket, this.#requests - firstTroubled)) this.#acceptMember(socket, key, rest, null);
  }

  #acceptMember(socket: Socket, key: string, rest: Buffer, departure: Departure | null): void {
    const member: Member = { send: (frame) => void socket.write(frame) };
    this.#accept(socket, key, rest, {
      message: (opcode, payload) => this.#answers.echo(() => send(socket, opcode, payload)),
      goodbye: (answer) => {
        this.#returns.goodbye();
        this.#members.saidGoodbye(member, socket, answer);
      },
    });
    this.#members.came(member, socket, departure);
  }

  /** Gives the n-th request its trouble, if there is one for it. */
  #troubled(socket: Socket, n: number): boolean {
    const { silent, reject, reset, refuseMicros } = this.#behaviour;
    const { totals } = this.#ledger;
    if (n < 0) return false;
    if (n < silent) {
      totals.silent += 1;
    } else if (n < silent + reject) {
      totals.rejected += 1;
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    } else if (n < silent + reject + reset) {
      totals.reset += 1;
      socket.resetAndDestroy();
    } else {
      if (n === silent + reject + reset && refuseMicros > 0) this.#refuse(refuseMicros);
      return false;
    }
    this.#ledger.changed();
    return true;
  }

  /** Stops listening for a while. Only the kernel knows whom it refuses then, and counts the resets that it sends for it. */
  #refuse(micros: number): void {
    const before = resetsSent();
    this.#listener.close();
    // Connections that were waiting to be accepted are reset by that, which is not the same as refused.
    const closed = resetsSent();
    this.#ledger.totals.reset += closed - before;
    this.#timetable.at(monotonicMicros() + micros, () => {
      this.#listener = this.#newListener();
      this.#listener.listen(this.#options, () => {
        this.#ledger.totals.refused += resetsSent() - closed;
        this.#ledger.changed();
      });
    });
  }

  #accept(
    socket: Socket,
    key: string,
    rest: Buffer,
    use: {
      readonly message: (opcode: number, payload: Buffer) => void;
      readonly goodbye?: (answer: () => void) => void;
    },
  ): void {
    socket.write(acceptance(key));
    let waiting: Buffer = rest;
    const onFrame = (opcode: number, payload: Buffer): void => {
      if (opcode === opcodes.close) {
        const answer = (): void => void socket.end(frameOf(opcodes.close, payload.subarray(0, 2)));
        if (use.goodbye === undefined) answer();
        else use.goodbye(answer);
      } else if (opcode === opcodes.ping) this.#answers.ping(() => send(socket, opcodes.pong, payload));
      else if (opcode !== opcodes.pong) use.message(opcode, payload);
    };
    const take = (): void => {
      try {
        waiting = Buffer.from(takeFrames(waiting, onFrame));
      } catch {
        socket.end(frameOf(opcodes.close, Uint8Array.of(1002 >> 8, 1002 & 0xff)));
      }
    };
    socket.on('data', (bytes: Buffer) => {
      waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes]);
      take();
    });
    if (waiting.length > 0) take();
  }
}

function send(socket: Socket, opcode: number, payload: Uint8Array): void {
  if (socket.writable) socket.write(frameOf(opcode, payload));
}
