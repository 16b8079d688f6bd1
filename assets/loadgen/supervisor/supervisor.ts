import { join } from 'node:path';
import { monotonicMicros } from '../kernel/clock.ts';
import { describeCauses } from '../measure/failure-causes.ts';
import { broadcastTurns } from '../plan/broadcast-turns.ts';
import type { LoadCounts, LoadProcessRaw, LoadStatus } from '../raw.ts';
import type { LoadOptions } from './load-options.ts';
import { LoadProcesses, type Load } from './load-processes.ts';
import type { DriveOrder } from './messages.ts';
import { startPublisher, type Publisher } from './publisher-process.ts';
import { until } from './until.ts';
import type { WorkerProcess } from './worker-process.ts';

const stopMillis = 8000;
const silenceMicros = 10e6;
/**
 * From when the last broadcast was due: a server that delivers ever so slowly is waited for as long as one takes that delivers
 * 5 000 messages a second to this host, a quarter of what the slowest of the lab's own does on two processors.
 */
const longestWaitMicros = (messages: number): number => 60e6 + (messages / 5000) * 1e6;
/** From the order to drive to the first work: every process has it by then. */
const leadMicros = 300_000;

/** The workload: broadcasts of the whole lab, and echoes a second over the whole lab. */
export interface Workload {
  readonly broadcasts: number;
  readonly intervalSeconds: number;
  readonly echoRate: number;
  readonly echoSeconds: number;
}

/** What a drive came to. */
export interface DriveOutcome {
  readonly published: number;
  /** First arrivals that open members of this host did not get. */
  readonly pending: number;
  readonly echoesSent: number;
  readonly echoesReceived: number;
}

/** The processes of one host: starts them, sums what they tell, drives them, and lets them write their raw files. */
export class Supervisor {
  readonly #options: LoadOptions;
  readonly #loads: LoadProcesses;
  #publisher: Publisher | null = null;
  #stopping = false;
  #driving = false;
  #drivenBroadcasts = false;
  #lastRate = { unixMillis: Date.now(), established: 0, perSecond: 0 };

  /** Checks the plan and starts the load processes; throws when the plan cannot be. */
  constructor(options: LoadOptions) {
    this.#options = options;
    this.#loads = new LoadProcesses(options);
  }

  /** The sum of all load processes. */
  counts(): LoadCounts {
    return this.#loads.counts();
  }

  /** Whether every connection is open or given up. */
  get rampEnded(): boolean {
    return this.#loads.rampEnded;
  }

  /** Of the load processes, in order, and the publisher's once it publishes; undefined for one that could not be started. */
  get processIds(): readonly (number | undefined)[] {
    return this.#processes().map(({ pid }) => pid);
  }

  /** Why this host's load has failed; null while it has not. */
  get failure(): string | null {
    if (this.#loads.failure !== null || this.#stopping || this.#publisher === null) return this.#loads.failure;
    // That the server does not take broadcasts is the server's failure: its members are still held.
    return this.#publisher.hasEnded ? this.#publisher.failure : null;
  }

  status(): LoadStatus {
    const counts = this.counts();
    const reason = this.failure ?? this.#shortfall(counts);
    return {
      unixMillis: Date.now(),
      phase: this.#phase(),
      ...(reason === null ? {} : { reason }),
      counts,
      connectionsPerSecond: this.#rate(counts.established),
      processes: this.#loads.all.length,
      broadcastsPublished: this.#publisher?.published ?? 0,
      broadcastMessagesReceived: this.#loads.sum((report) => report.broadcastMessagesReceived),
      echoesReceived: this.#loads.sum((report) => report.echoesReceived),
    };
  }

  #phase(): LoadStatus['phase'] {
    if (this.failure !== null) return 'failed';
    if (this.#driving) return 'driving';
    if (this.rampEnded) return 'holding';
    return this.#loads.started ? 'ramping' : 'starting';
  }

  #shortfall(counts: LoadCounts): string | null {
    if (!this.rampEnded || counts.abandoned === 0) return null;
    return (
      `${counts.established} of ${counts.wanted} connections were opened, ${counts.abandoned} given up ` +
      `(failed attempts: ${describeCauses(counts.connectFailures)})`
    );
  }

  #rate(established: number): number {
    const last = this.#lastRate;
    const unixMillis = Date.now();
    if (unixMillis - last.unixMillis >= 900) {
      const perSecond = ((established - last.established) * 1000) / (unixMillis - last.unixMillis);
      this.#lastRate = { unixMillis, established, perSecond: Math.round(perSecond) };
    }
    return this.#lastRate.perSecond;
  }

  /** Runs the workload; resolves when it is over, rejects when it could not be run or `signal` ended it. */
  async drive(workload: Workload, signal?: AbortSignal): Promise<DriveOutcome> {
    if (this.failure !== null) throw new Error(this.failure);
    if (!this.rampEnded) throw new Error('the ramp has not ended: there is nothing to drive yet');
    if (this.#driving) throw new Error('a workload is being driven already');
    if (workload.broadcasts > 0 && this.#drivenBroadcasts) {
      throw new Error(
        'broadcasts have been driven on these connections already, and would be counted twice: hold anew',
      );
    }
    this.#driving = true;
    try {
      return await this.#drive(workload, signal);
    } finally {
      this.#driving = false;
      for (const process of this.#processes()) process.send({ type: 'driven' });
    }
  }

  async #drive(workload: Workload, signal: AbortSignal | undefined): Promise<DriveOutcome> {
    const { plan } = this.#options;
    const isOwner = plan.hostIndex < Math.min(plan.hosts, workload.broadcasts);
    const publisher = isOwner ? await this.#openPublisher() : null;
    this.#drivenBroadcasts ||= workload.broadcasts > 0;

    const now = monotonicMicros();
    const unixMicros = Date.now() * 1000;
    const { broadcasts, intervalSeconds } = workload;
    // The echoes first: one that is due while a broadcast goes out would wait behind it.
    const echoMicros = workload.echoRate > 0 ? workload.echoSeconds * 1e6 : 0;
    const turns =
      broadcasts > 0
        ? broadcastTurns(broadcasts, intervalSeconds, plan.hosts, plan.hostIndex, unixMicros + leadMicros + echoMicros)
        : { owners: 1, seqs: [], firstUnixMicros: 0, stepMicros: 0 };
    const firstMicros = now + turns.firstUnixMicros - unixMicros;
    for (const load of this.#loads.all) {
      load.process.send({
        type: 'drive',
        broadcasts,
        owners: turns.owners,
        hostIndex: plan.hostIndex,
        echo: this.#echoOf(load, workload, now + leadMicros),
      });
      // What it told before is not about this workload.
      if (load.report !== null) load.report = { ...load.report, echoDone: false, broadcastsPending: broadcasts };
    }
    if (publisher !== null) {
      publisher.process.send({
        type: 'publish',
        seqs: turns.seqs,
        firstMicros,
        stepMicros: turns.stepMicros,
      });
    }
    const lastDueMicros =
      turns.seqs.length === 0
        ? now + leadMicros + echoMicros + broadcasts * intervalSeconds * 1e6
        : firstMicros + (turns.seqs.length - 1) * turns.stepMicros;
    // Other hosts may be a turn behind before their broadcasts count as missing.
    const patienceMicros = silenceMicros + (plan.hosts > 1 ? turns.stepMicros : 0);
    const overMicros = lastDueMicros + longestWaitMicros(broadcasts * this.counts().open);
    await until(
      () =>
        signal?.aborted === true ||
        monotonicMicros() > overMicros ||
        this.#isOver(publisher, turns.seqs.length, lastDueMicros, patienceMicros),
    );
    if (signal?.aborted === true) throw new Error('the workload was ended before it was over: drive is gone');
    if (publisher !== null && publisher.failure !== null) throw new Error(publisher.failure);
    if (this.failure !== null) throw new Error(this.failure);
    if (this.#stopping) throw new Error('the load generator was stopped before the workload was over');
    return {
      published: publisher?.published ?? 0,
      pending: this.#loads.sum((report) => report.broadcastsPending),
      echoesSent: this.#loads.sum((report) => report.echoesSent),
      echoesReceived: this.#loads.sum((report) => report.echoesReceived),
    };
  }

  #echoOf(load: Load, { echoRate, echoSeconds }: Workload, beginMicros: number): DriveOrder['echo'] {
    const perSecond = (echoRate * load.count) / this.#options.plan.connections;
    const count = Math.round(perSecond * echoSeconds);
    return count > 0 ? { beginMicros, perSecond, count } : null;
  }

  #isOver(publisher: Publisher | null, own: number, lastDueMicros: number, patienceMicros: number): boolean {
    if (this.failure !== null || this.#stopping) return true;
    if (publisher !== null && publisher.failure !== null) return true;
    if (!this.#loads.echoDone) return false;
    if (publisher !== null && publisher.published < own) return false;
    if (this.#loads.sum((report) => report.broadcastsPending) === 0) return true;
    return monotonicMicros() - Math.max(this.#loads.lastArrivalMicros, lastDueMicros) > patienceMicros;
  }

  async #openPublisher(): Promise<Publisher> {
    const publisher = startPublisher(this.#options);
    this.#publisher = publisher;
    await until(() => publisher.ready || publisher.failure !== null || this.#stopping);
    if (publisher.failure !== null) throw new Error(publisher.failure);
    return publisher;
  }

  #processes(): readonly WorkerProcess[] {
    const loads = this.#loads.all.map(({ process }) => process);
    return this.#publisher === null ? loads : [...loads, this.#publisher.process];
  }

  /**
   * Makes every process that answers write its raw file into a folder; the files. Rejects when one could not be written, once
   * the others have been.
   */
  async collect(folder: string): Promise<readonly string[]> {
    const files = this.#processes().map((_, index) => join(folder, `loadgen-${index}.json`));
    const answers = await Promise.all(this.#processes().map(async (process, index) => process.collect(files[index]!)));
    const error = answers.find((answer) => answer !== null && answer.error !== null)?.error;
    if (error !== undefined) throw new Error(`a raw file cannot be written: ${error}`);
    return files.filter((_, index) => answers[index] !== null);
  }

  /** What every process that answers has measured, without a file. */
  async collectRaws(): Promise<readonly LoadProcessRaw[]> {
    const answers = await Promise.all(this.#processes().map(async (process) => process.collect(null)));
    return answers.map((answer) => answer?.raw ?? null).filter((raw) => raw !== null);
  }

  /** Ends all processes; those that are silent, or not gone after 8 s, are killed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#loads.expectEnd();
    const processes = this.#processes();
    for (const process of processes) {
      if (process.silent) process.kill();
      else process.send({ type: 'stop' });
    }
    const timer = setTimeout(() => {
      for (const process of processes) process.kill();
    }, stopMillis);
    await Promise.all(processes.map(async ({ ended }) => ended));
    clearTimeout(timer);
  }
}
