import { join } from 'node:path';
import { describeCauses } from '../measure/failure-causes.ts';
import type { LoadCounts, LoadProcessRaw, LoadStatus } from '../raw.ts';
import { phasesOfKind, type Workload } from '../workload/phase-kinds.ts';
import type { LoadOptions } from './load-options.ts';
import { LoadProcesses } from './load-processes.ts';
import type { Collected } from './messages.ts';
import { startPublisher, type Publisher } from './publisher-process.ts';
import { until } from './until.ts';
import type { WorkerProcess } from './worker-process.ts';
import { WorkloadDrive, type PhaseOutcome } from './workload-drive.ts';

const stopMillis = 8000;
/** The processes of one host: starts them, sums what they tell, drives them, and lets them write their raw files. */
export class Supervisor {
  readonly #options: LoadOptions;
  readonly #loads: LoadProcesses;
  #publisher: Publisher | null = null;
  // Publishers of before a restart; what they measured is in their files.
  readonly #retired: WorkerProcess[] = [];
  #stopping = false;
  #driving = false;
  #drive: WorkloadDrive | null = null;
  #driveFailure: string | undefined;
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
      broadcastMessages: this.#loads.sum(({ broadcastMessages }) => broadcastMessages),
      driving: this.#drive?.status() ?? null,
      driveFailure: this.#driveFailure,
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

  /**
   * Runs the workload; resolves when it is over, rejects when it could not be run or `signal` ended it. Once only: what is counted is
   * counted once. After each phase `onPhase` is called and waited for. Where the server is to be restarted it resolves, too, and the
   * part `rest` goes on once it has been; of any other workload there is no rest.
   */
  async drive(
    workload: Workload,
    signal?: AbortSignal,
    onPhase: () => Promise<void> = async () => undefined,
    part: 'first' | 'rest' = 'first',
  ): Promise<readonly PhaseOutcome[]> {
    if (this.#stopping) throw new Error('the load generator is ending');
    if (this.failure !== null) throw new Error(this.failure);
    if (!this.rampEnded) throw new Error('the ramp has not ended: there is nothing to drive yet');
    if (this.#driving) throw new Error('a workload is being driven already');
    if (this.#drive !== null && !this.#drive.isAtRestart) {
      if (part === 'rest') return [];
      throw new Error('a workload has been driven on these connections already: hold new ones for another');
    }
    this.#driving = true;
    try {
      const { plan } = this.#options;
      const shouldStop = (): boolean => this.failure !== null || this.#stopping || signal?.aborted === true;
      const drive = (this.#drive ??= new WorkloadDrive(workload, plan, this.#loads));
      if (drive.isAtRestart) this.#retirePublisher();
      const publishes = phasesOfKind(drive.rest, 'broadcast').some(
        ({ times }) => plan.hostIndex < Math.min(plan.hosts, times),
      );
      const publisher = publishes ? await this.#openPublisher() : null;
      const outcomes = await drive.run(publisher, onPhase, shouldStop);
      if (signal?.aborted === true)
        throw new Error('the command that drives the workload was ended before it was over');
      if (publisher !== null && publisher.failure !== null) throw new Error(publisher.failure);
      if (this.failure !== null) throw new Error(this.failure);
      if (this.#stopping) throw new Error('the load generator was stopped before the workload was over');
      return outcomes;
    } catch (error) {
      this.#driveFailure = (error as Error).message;
      throw error;
    } finally {
      this.#driving = false;
    }
  }

  /** The publisher's connections went with the server that was restarted: another process publishes from now on. */
  #retirePublisher(): void {
    if (this.#publisher === null) return;
    this.#publisher.process.send({ type: 'stop' });
    this.#retired.push(this.#publisher.process);
    this.#publisher = null;
  }

  async #openPublisher(): Promise<Publisher> {
    const publisher = startPublisher(this.#options, this.#processes().length);
    this.#publisher = publisher;
    await until(() => publisher.ready || publisher.failure !== null || this.#stopping);
    if (publisher.failure !== null) throw new Error(publisher.failure);
    return publisher;
  }

  #processes(): readonly WorkerProcess[] {
    const loads = this.#loads.all.map(({ process }) => process);
    return [...loads, ...this.#retired, ...(this.#publisher === null ? [] : [this.#publisher.process])];
  }

  /**
   * Makes every process that answers write its raw file into a folder; the files. Rejects when one could not be written, once
   * the others have been. In turn, no process waits for a processor until all the others have written.
   */
  async collect(folder: string, how: 'together' | 'inTurn' = 'together'): Promise<readonly string[]> {
    const files = this.#processes().map((_, index) => join(folder, `loadgen-${index}.json`));
    const answers: (Collected | null)[] = [];
    const write = async (process: WorkerProcess, index: number): Promise<void> => {
      answers[index] = await process.collect(files[index]!);
    };
    if (how === 'together') await Promise.all(this.#processes().map(write));
    else for (const [index, process] of this.#processes().entries()) await write(process, index);
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
