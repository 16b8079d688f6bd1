import type { ServerLayers } from '../../assets/host/programs/server-start.ts';
import type { ServerDescription } from '../config/servers.ts';
import type { BuiltServer } from './built-server.ts';
import { until } from './client/deadline.ts';
import { RawClient } from './client/raw-client.ts';
import { observeAll } from './conformance/observe.ts';
import type { CaseContext, ServerPromise } from './promise.ts';
import { allPromises, deflatedPromises } from './promises/all-promises.ts';
import { ServerProcess, startServer } from './server-process.ts';

/** What became of a promise. A broken one is `declared` when server.json lists it, a kept one is `stale` when it is listed, but not as `sometimes` broken. */
export interface PromiseOutcome {
  readonly result: 'kept' | 'broken' | 'declared' | 'stale';
  /** What was wrong; empty when kept. */
  readonly detail: string;
  readonly millis: number;
}

const plain: ServerLayers = { isSecure: false, deflates: false };

/** A way in which a server is checked. */
export interface VerificationPass {
  readonly name: string;
  readonly layers: ServerLayers;
  readonly promises: readonly ServerPromise[];
}

/** Every way in which a server is checked: plain, and what its server.json says that it can do besides. */
export function passesOf({ tls, deflate }: ServerDescription): readonly VerificationPass[] {
  const passes = [
    { name: 'in plain text', layers: plain, promises: allPromises, isPossible: true },
    { name: 'over TLS', layers: { ...plain, isSecure: true }, promises: allPromises, isPossible: tls },
    { name: 'compressed', layers: { ...plain, deflates: true }, promises: deflatedPromises, isPossible: deflate },
  ];
  return passes.filter(({ isPossible }) => isPossible);
}

/** Checks one server: one process serves all cases, and is replaced when it has ended. */
export class Verification {
  readonly #server: BuiltServer;
  readonly #layers: ServerLayers;
  #process: ServerProcess | null = null;

  /** Over layers that the server can do; over none when they are left out. */
  constructor(server: BuiltServer, layers: ServerLayers = plain) {
    this.#server = server;
    this.#layers = layers;
  }

  /** Checks one promise. Cases run one after the other. */
  async check(promise: ServerPromise): Promise<PromiseOutcome> {
    const began = performance.now();
    const failure = await this.#failure(promise);
    const millis = Math.round(performance.now() - began);
    const declared = this.#server.description.knownDeviations.find((deviation) => deviation.case === promise.name);
    if (failure === null) {
      return declared === undefined || declared.sometimes === true
        ? { result: 'kept', detail: '', millis }
        : { result: 'stale', detail: 'is kept now: remove it from knownDeviations in server.json', millis };
    }
    return declared === undefined
      ? { result: 'broken', detail: failure, millis }
      : { result: 'declared', detail: `${declared.why} (${failure})`, millis };
  }

  /** What the server does in each conformance case, by name. */
  async observe(): Promise<Readonly<Record<string, string>>> {
    return observeAll((await this.#running()).port);
  }

  /** Stops the server. */
  async close(): Promise<void> {
    const running = this.#process;
    this.#process = null;
    await running?.kill();
  }

  async #failure({ check }: ServerPromise): Promise<string | null> {
    const clients: RawClient[] = [];
    const processes: ServerProcess[] = [];
    // What a case that has failed had going on must not join the next one.
    let isOver = false;
    const track = async (opening: () => Promise<RawClient>): Promise<RawClient> => {
      if (isOver) throw new Error('the case is over');
      const client = await opening();
      if (isOver) client.destroy();
      clients.push(client);
      return client;
    };
    try {
      const running = await this.#running();
      const context: CaseContext = {
        server: this.#server,
        process: running,
        open: async (path = '/') => track(async () => RawClient.open(running, path)),
        tcp: async () => track(async () => RawClient.tcp(running)),
        start: async (options) => {
          const started = await startServer(this.#server, { ...this.#layers, ...options });
          processes.push(started);
          return started;
        },
        launch: (port, options) => {
          const launched = new ServerProcess(this.#server, port, { ...this.#layers, ...options });
          processes.push(launched);
          return launched;
        },
      };
      await check(context);
      if (running.hasEnded && !running.wasStopped) throw new Error('the server ended');
      return null;
    } catch (error) {
      const died =
        this.#process?.hasEnded === true ? `; the server had ended: ${JSON.stringify(await this.#process.end)}` : '';
      return `${(error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim()}${died}`;
    } finally {
      isOver = true;
      for (const client of clients) client.destroy();
      await Promise.all(processes.map((process) => process.kill()));
    }
  }

  /** The shared process, started when there is none, without the members of the case before. */
  async #running(): Promise<ServerProcess> {
    if (this.#process !== null && !this.#process.hasEnded && !(await isEmptied(this.#process))) {
      await this.close();
    }
    if (this.#process === null || this.#process.hasEnded) this.#process = await startServer(this.#server, this.#layers);
    return this.#process;
  }
}

/** Waits until the server counts no member any more; false when it keeps counting some. */
async function isEmptied(running: ServerProcess): Promise<boolean> {
  try {
    const publisher = await RawClient.open(running, '/publish');
    try {
      await until(async () => {
        publisher.sendText('is anybody there?');
        return (await publisher.text()).startsWith('sent 0 ');
      }, 'no member is left');
    } finally {
      publisher.destroy();
    }
    return true;
  } catch {
    return false;
  }
}

/** Names in a server's knownDeviations that no promise has. */
export function unknownDeviations(description: ServerDescription): readonly string[] {
  const names = new Set(allPromises.map(({ name }) => name));
  return description.knownDeviations.map((deviation) => deviation.case).filter((name) => !names.has(name));
}
