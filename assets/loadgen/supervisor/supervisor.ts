import { join } from 'node:path';
import { monotonicMicros } from '../kernel/clock.ts';
import { addCauses, describeCauses } from '../measure/failure-causes.ts';
import { broadcastTurns } from '../plan/broadcast-turns.ts';
import { shareOf, type LoadPlan } from '../plan/share.ts';
import type { LoadCounts, LoadStatus } from '../raw.ts';
import type { Target } from '../connections/target.ts';
import type { DriveOrder, LoadReport, WorkerReport } from './messages.ts';
import { makeKeys } from '../websocket/keys.ts';
import { openFilesLimit, reservedDescriptors } from './open-files.ts';
import { startWorker, warmCompileCache, type WorkerProcess } from './worker-process.ts';

const stopMillis = 8000;
/** From so many on, one start more is cheaper than that each may have to compile. */
const manyProcesses = 4;
const silenceMicros = 10e6;
/** From the order to drive to the first work: every process has it by then. */
const leadMicros = 300_000;

/** A host's part of the load, and where it goes. */
export interface LoadOptions {
  readonly host: string;
  readonly plan: LoadPlan;
  readonly target: Target;
  /** Where broadcasts are published, on the same ports. */
  readonly publishPath: string;
  readonly ratePerSecond: number | null;
  readonly handshakeSeconds: number;
}

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

interface Load {
  readonly process: WorkerProcess;
  readonly count: number;
  report: LoadReport | null;
  alive: boolean;
}

/** The processes of one host: starts them, sums what they tell, drives them, and lets them write their raw files. */
export class Supervisor {
  readonly #options: LoadOptions;
  readonly #loads: Load[] = [];
  #publisher: Publisher | null = null;
  #collected = new Map<string, () => void>();
  #stopping = false;
  #driving = false;
  #drivenBroadcasts = false;
  #published = 0;
  #reason: string | null = null;
  #lastRate = { unixMillis: Date.now(), established: 0, perSecond: 0 };

  /** Checks the plan and starts the load processes; throws when the plan cannot be. */
  constructor(options: LoadOptions) {
    this.#options = options;
    const { plan } = options;
    const limit = openFilesLimit() - reservedDescriptors;
    const shares = Array.from({ length: plan.processes }, (_, process) => shareOf(plan, process));
    const most = Math.max(...shares.map((share) => share.count));
    if (most > limit) {
      throw new Error(
        `a process may open ${limit + reservedDescriptors} files here, of which ${reservedDescriptors} are kept back, and is to hold ` +
          `${most} connections: give --processes ${Math.ceil(shares[0]!.hostCount / limit)} or more, or raise the limit (ulimit -n)`,
      );
    }
    if (plan.processes >= manyProcesses) warmCompileCache();
    for (const [process, share] of shares.entries()) this.#startLoad(process, share.count);
  }

  #startLoad(process: number, count: number): void {
    const { host, plan, target, ratePerSecond, handshakeSeconds } = this.#options;
    const load: Load = {
      process: startWorker(
        { type: 'load', host, process, plan, target, ratePerSecond, handshakeSeconds, keys: makeKeys() },
        (report) => this.#told(load, report),
      ),
      count,
      report: null,
      alive: true,
    };
    this.#loads.push(load);
    void this.#noticeEnd(process, load);
  }

  async #noticeEnd(process: number, load: Load): Promise<void> {
    const how = await load.process.ended;
    load.alive = false;
    if (!this.#stopping) this.#reason ??= `load process ${process} ${how}`;
  }

  #told(load: Load, report: WorkerReport): void {
    if (report.type === 'status') load.report = report;
    else if (report.type === 'collected') this.#collected.get(report.file)?.();
  }

  /** The sum of all processes; those that have died count with the last they told, and nothing open. */
  counts(): LoadCounts {
    const known = this.#loads.map(({ report }) => report?.counts);
    const sum = (of: (counts: LoadCounts) => number): number =>
      known.reduce((total, counts) => total + (counts === undefined ? 0 : of(counts)), 0);
    return {
      wanted: this.#loads.reduce((total, load) => total + load.count, 0),
      open: this.#loads.reduce((total, { alive, report }) => total + (alive ? (report?.counts.open ?? 0) : 0), 0),
      established: sum((counts) => counts.established),
      attempts: sum((counts) => counts.attempts),
      connectFailures: addCauses(known.map((counts) => counts?.connectFailures ?? {})),
      abandoned: sum((counts) => counts.abandoned),
      lost: addCauses(known.map((counts) => counts?.lost ?? {})),
    };
  }

  /** Whether every connection is open or given up. */
  get rampEnded(): boolean {
    return this.#loads.every(({ report }) => report?.rampEnded === true);
  }

  /** Of the load processes, in order; undefined for one that could not be started. */
  get processIds(): readonly (number | undefined)[] {
    return this.#loads.map(({ process }) => process.pid);
  }

  /** Why this host's load has failed; null while it has not. */
  get failure(): string | null {
    return this.#reason;
  }

  status(): LoadStatus {
    const counts = this.counts();
    const reason = this.#reason ?? this.#shortfall(counts);
    return {
      unixMillis: Date.now(),
      phase: this.#phase(),
      ...(reason === null ? {} : { reason }),
      counts,
      connectionsPerSecond: this.#rate(counts.established),
      processes: this.#loads.length,
      broadcastsPublished: this.#published,
      broadcastMessagesReceived: this.#sum((report) => report.broadcastMessagesReceived),
      echoesReceived: this.#sum((report) => report.echoesReceived),
    };
  }

  #phase(): LoadStatus['phase'] {
    if (this.#reason !== null) return 'failed';
    if (this.#driving) return 'driving';
    if (this.rampEnded) return 'holding';
    return this.#loads.some(({ report }) => report === null) ? 'starting' : 'ramping';
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

  #sum(of: (report: LoadReport) => number): number {
    return this.#loads.reduce((total, { report }) => total + (report === null ? 0 : of(report)), 0);
  }

  /** Runs the workload; resolves when it is over, rejects when it could not be run. */
  async drive(workload: Workload): Promise<DriveOutcome> {
    if (this.#reason !== null) throw new Error(this.#reason);
    if (!this.rampEnded) throw new Error('the ramp has not ended: there is nothing to drive yet');
    if (this.#driving) throw new Error('a workload is being driven already');
    if (workload.broadcasts > 0 && this.#drivenBroadcasts) {
      throw new Error(
        'broadcasts have been driven on these connections already, and would be counted twice: hold anew',
      );
    }
    this.#driving = true;
    try {
      return await this.#drive(workload);
    } finally {
      this.#driving = false;
      for (const { process } of this.#loads) process.send({ type: 'driven' });
    }
  }

  async #drive(workload: Workload): Promise<DriveOutcome> {
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
    for (const load of this.#loads) {
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
    const lastDueMicros = turns.seqs.length === 0 ? now : firstMicros + (turns.seqs.length - 1) * turns.stepMicros;
    // Other hosts may be a turn behind before their broadcasts count as missing.
    const patienceMicros = silenceMicros + (plan.hosts > 1 ? turns.stepMicros : 0);
    await this.#until(() => this.#isOver(publisher, turns.seqs.length, lastDueMicros, patienceMicros));
    if (publisher !== null && publisher.failure !== null) throw new Error(publisher.failure);
    if (this.#reason !== null) throw new Error(this.#reason);
    if (this.#stopping) throw new Error('the load generator was stopped before the workload was over');
    return {
      published: publisher?.published ?? 0,
      pending: this.#sum((report) => report.broadcastsPending),
      echoesSent: this.#sum((report) => report.echoesSent),
      echoesReceived: this.#sum((report) => report.echoesReceived),
    };
  }

  #echoOf(load: Load, { echoRate, echoSeconds }: Workload, beginMicros: number): DriveOrder['echo'] {
    const perSecond = (echoRate * load.count) / this.#options.plan.connections;
    const count = Math.round(perSecond * echoSeconds);
    return count > 0 ? { beginMicros, perSecond, count } : null;
  }

  #isOver(publisher: Publisher | null, own: number, lastDueMicros: number, patienceMicros: number): boolean {
    if (this.#reason !== null || this.#stopping) return true;
    if (!this.#loads.every(({ report }) => report?.echoDone === true)) return false;
    if (publisher !== null && publisher.published < own && publisher.failure === null) return false;
    if (this.#sum((report) => report.broadcastsPending) === 0) return true;
    const lastArrival = Math.max(...this.#loads.map(({ report }) => report?.lastArrivalMicros ?? 0));
    return monotonicMicros() - Math.max(lastArrival, lastDueMicros) > patienceMicros;
  }

  async #until(condition: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (!condition()) return;
        clearInterval(timer);
        resolve();
      }, 100);
    });
  }

  async #openPublisher(): Promise<Publisher> {
    const { host, plan, target, publishPath } = this.#options;
    const publisher: Publisher = {
      published: 0,
      failure: null,
      ready: false,
      process: startWorker(
        {
          type: 'publisher',
          host,
          process: plan.processes,
          target: { ...target, path: publishPath },
          source: plan.sources[0]!,
          keys: makeKeys(),
        },
        (report) => {
          if (report.type === 'ready') publisher.ready = true;
          else if (report.type === 'failed') publisher.failure ??= `publishing failed: ${report.reason}`;
          else if (report.type === 'published') this.#published = publisher.published = report.count;
          else if (report.type === 'collected') this.#collected.get(report.file)?.();
        },
      ),
    };
    this.#publisher = publisher;
    void noticeEnd(publisher);
    await this.#until(() => publisher.ready || publisher.failure !== null || this.#stopping);
    if (publisher.failure !== null) throw new Error(publisher.failure);
    return publisher;
  }

  /** Makes every process that is alive write its raw file into a folder; the files. */
  async collect(folder: string): Promise<readonly string[]> {
    const processes = this.#loads.map(({ process }) => process);
    if (this.#publisher !== null) processes.push(this.#publisher.process);
    const files = await Promise.all(
      processes.map(async (process, index) => {
        const file = join(folder, `loadgen-${index}.json`);
        const written = new Promise<boolean>((resolve) => this.#collected.set(file, () => resolve(true)));
        process.send({ type: 'collect', file });
        const wasWritten = await Promise.race([written, process.ended.then(() => false)]);
        this.#collected.delete(file);
        return wasWritten ? file : null;
      }),
    );
    return files.filter((file) => file !== null);
  }

  /** Ends all processes; those that do not go by themselves are killed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const processes = this.#loads.map(({ process }) => process);
    if (this.#publisher !== null) processes.push(this.#publisher.process);
    for (const process of processes) process.send({ type: 'stop' });
    const timer = setTimeout(() => {
      for (const process of processes) process.kill();
    }, stopMillis);
    await Promise.all(processes.map(async ({ ended }) => ended));
    clearTimeout(timer);
  }
}

async function noticeEnd(publisher: Publisher): Promise<void> {
  const how = await publisher.process.ended;
  publisher.failure ??= `the publishing process ${how}`;
}

interface Publisher {
  readonly process: WorkerProcess;
  published: number;
  ready: boolean;
  failure: string | null;
}
