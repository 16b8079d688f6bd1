import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Behaviour } from './behaviour.ts';
import { monotonicMicros } from './time/clock.ts';
import { Ledger } from './ground-truth/ledger.ts';
import { Members, type Member } from './conduct/members.ts';
import { Publishing } from './conduct/publishing.ts';
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
  readonly #timetable = new Timetable((micros) => this.#ledger.late(micros));
  readonly #members: Members;
  readonly #publishing: Publishing;
  readonly #sockets = new Set<Socket>();
  #listener: Server;
  #requests = 0;
  #echoes = 0;

  constructor(behaviour: Behaviour, options: ListenOptions) {
    this.#behaviour = behaviour;
    this.#options = options;
    this.#members = new Members(behaviour, this.#ledger, this.#timetable);
    this.#publishing = new Publishing(behaviour, this.#members, this.#ledger, this.#timetable);
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
    this.#listener.close();
    for (const socket of this.#sockets) socket.end(frameOf(opcodes.close, Uint8Array.of(1001 >> 8, 1001 & 0xff)));
    const deadline = monotonicMicros() + 5e6;
    while (this.#sockets.size > 0 && monotonicMicros() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const socket of this.#sockets) socket.destroy();
    this.#ledger.flush();
  }

  #newListener(): Server {
    return createServer({ noDelay: true, allowHalfOpen: false }, (socket) => this.#connected(socket));
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    let waiting: Buffer = Buffer.alloc(0);
    const onRequest = (bytes: Buffer): void => {
      waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes]);
      const request = readRequest(waiting);
      if (request === null) return;
      socket.off('data', onRequest);
      this.#requested(socket, request.path, request.key, waiting.subarray(request.end));
    };
    socket.on('data', onRequest);
  }

  #requested(socket: Socket, path: string, key: string, rest: Buffer): void {
    if ((path !== '/' && path !== '/publish') || key === '') {
      socket.end(
        `HTTP/1.1 ${key === '' ? '400 Bad Request' : '404 Not Found'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    if (path === '/publish') {
      this.#accept(socket, key, rest, (opcode, payload) => {
        if (opcode === opcodes.text)
          this.#publishing.publish(payload, (answer) => send(socket, opcodes.text, Buffer.from(answer)));
      });
      return;
    }
    this.#requests += 1;
    if (this.#troubled(socket, this.#requests - firstTroubled)) return;
    const member: Member = { send: (frame) => void socket.write(frame) };
    this.#accept(socket, key, rest, (opcode, payload) => this.#echo(socket, opcode, payload));
    this.#members.came(member, socket);
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

  #accept(socket: Socket, key: string, rest: Buffer, use: (opcode: number, payload: Buffer) => void): void {
    socket.write(acceptance(key));
    let waiting: Buffer = rest;
    const onFrame = (opcode: number, payload: Buffer): void => {
      if (opcode === opcodes.close) socket.end(frameOf(opcodes.close, payload.subarray(0, 2)));
      else if (opcode === opcodes.ping) send(socket, opcodes.pong, payload);
      else if (opcode !== opcodes.pong) use(opcode, payload);
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

  #echo(socket: Socket, opcode: number, payload: Buffer): void {
    const began = monotonicMicros();
    const { echoDelayMicros, slowOneIn, slowDelayMicros, dropOneIn, stallAtEcho, stallMicros } = this.#behaviour;
    this.#echoes += 1;
    this.#ledger.totals.echoesReceived += 1;
    if (this.#echoes === stallAtEcho) {
      // Nothing of this process runs meanwhile: what arrives waits in the kernel.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallMicros / 1000);
      this.#ledger.stalled(began, monotonicMicros());
    }
    if (dropOneIn > 0 && this.#echoes % dropOneIn === 0) {
      this.#ledger.totals.echoesDropped += 1;
      this.#ledger.changed();
      return;
    }
    const answer = (): void => {
      send(socket, opcode, payload);
      const now = monotonicMicros();
      this.#ledger.answered(now, now - began);
    };
    // An odd distance from the dropped ones, so that these are not all slow or all fast.
    const slow = slowOneIn > 0 && (this.#echoes + 3) % slowOneIn === 0;
    const delay = slow ? slowDelayMicros : echoDelayMicros;
    if (delay === 0) answer();
    else this.#timetable.at(began + delay, answer);
  }
}

function send(socket: Socket, opcode: number, payload: Uint8Array): void {
  if (socket.writable) socket.write(frameOf(opcode, payload));
}

/** TCP resets that the kernel has sent from this network namespace (Tcp OutRsts, RFC 4022 tcpOutRsts). */
function resetsSent(): number {
  const [names = '', values = ''] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'));
  return Number(values.split(' ')[names.split(' ').indexOf('OutRsts')]);
}
