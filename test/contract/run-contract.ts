import type { BuiltServer } from './built-server.ts';
import type { CaseContext, ContractCase } from './contract-case.ts';
import { until } from './deadline.ts';
import { RawClient } from './raw-client.ts';
import { ServerProcess, startServer } from './server-process.ts';

/** What became of a case. A deviation is `known` when the server's server.json lists it, `stale` when it lists it wrongly. */
export interface CaseOutcome {
  readonly result: 'passed' | 'failed' | 'known deviation' | 'stale deviation';
  /** What was wrong; empty when passed. */
  readonly detail: string;
  readonly millis: number;
}

/** Runs cases against one server, one after the other. One process serves them all, and is replaced when it has died. */
export class ContractRun {
  readonly #server: BuiltServer;
  #process: ServerProcess | null = null;

  constructor(server: BuiltServer) {
    this.#server = server;
  }

  async run(contractCase: ContractCase): Promise<CaseOutcome> {
    const began = performance.now();
    const failure = await this.#failure(contractCase);
    const millis = Math.round(performance.now() - began);
    const known = this.#server.description.knownDeviations.find((deviation) => deviation.case === contractCase.name);
    if (known === undefined) {
      return failure === null
        ? { result: 'passed', detail: '', millis }
        : { result: 'failed', detail: failure, millis };
    }
    return failure === null
      ? { result: 'stale deviation', detail: 'passes now: take it out of knownDeviations', millis }
      : { result: 'known deviation', detail: `${known.why} (${failure})`, millis };
  }

  /** Stops the server. */
  async close(): Promise<void> {
    const running = this.#process;
    this.#process = null;
    await running?.kill();
  }

  async #failure(contractCase: ContractCase): Promise<string | null> {
    const clients: { destroy(): void }[] = [];
    const processes: ServerProcess[] = [];
    const track = <T extends { destroy(): void }>(client: T): T => {
      clients.push(client);
      return client;
    };
    try {
      const running = await this.#running();
      const context: CaseContext = {
        server: this.#server,
        process: running,
        track,
        open: async (path = '/') => track(await RawClient.open(running.port, path)),
        tcp: async () => track(await RawClient.tcp(running.port)),
        start: async (options) => {
          const started = await startServer(this.#server, options);
          processes.push(started);
          return started;
        },
        launch: (port, options) => {
          const launched = new ServerProcess(this.#server, port, options);
          processes.push(launched);
          return launched;
        },
      };
      await contractCase.run(context);
      if (running.hasEnded) throw new Error('the server ended');
      return null;
    } catch (error) {
      const died =
        this.#process?.hasEnded === true ? `; the server had ended: ${JSON.stringify(await this.#process.end)}` : '';
      return `${(error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim()}${died}`;
    } finally {
      for (const client of clients) client.destroy();
      await Promise.all(processes.map((process) => process.kill()));
    }
  }

  /** The shared process, started when there is none, without the members of the case before. */
  async #running(): Promise<ServerProcess> {
    if (this.#process !== null && !this.#process.hasEnded && !(await isEmptied(this.#process))) {
      await this.close();
    }
    if (this.#process === null || this.#process.hasEnded) this.#process = await startServer(this.#server);
    return this.#process;
  }
}

/** Waits until the server knows no member any more; false when that does not come to pass. */
async function isEmptied(running: ServerProcess): Promise<boolean> {
  try {
    const publisher = await RawClient.open(running.port, '/publish');
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
