import { UsageError } from '../commands/exit-codes.ts';
import { addCauses } from '../measure/failure-causes.ts';
import { shareOf } from '../plan/share.ts';
import type { LoadCounts } from '../raw.ts';
import { makeKeys } from '../websocket/keys.ts';
import type { LoadOptions } from './load-options.ts';
import type { LoadReport, PhaseReport, WorkerOrder } from './messages.ts';
import { openFilesLimit, reservedDescriptors } from './open-files.ts';
import { startWorker, warmCompileCache, type WorkerProcess } from './worker-process.ts';

/** From so many on, one start more is cheaper than that each may have to compile. */
const manyProcesses = 4;

/** One process that holds connections. */
export interface Load {
  readonly process: WorkerProcess;
  /** Its last report. */
  report: LoadReport | null;
  /** Neither gone nor silent. */
  alive: boolean;
}

/** The processes that hold the connections of one host, and the sums of what they tell. */
export class LoadProcesses {
  readonly all: readonly Load[];
  readonly #wanted: number;
  #failure: string | null = null;
  #ending = false;

  /** Checks the plan and starts the processes; throws when the plan cannot be. */
  constructor(options: LoadOptions) {
    const { plan } = options;
    const limit = openFilesLimit() - reservedDescriptors;
    const shares = Array.from({ length: plan.processes }, (_, process) => shareOf(plan, process));
    this.#wanted = shares.reduce((total, { count }) => total + count, 0);
    const most = Math.max(...shares.map((share) => share.count));
    if (most > limit) {
      throw new UsageError(
        `a process may open ${limit + reservedDescriptors} files here, of which ${reservedDescriptors} are kept back, and is to hold ` +
          `${most} connections`,
        {
          hint: `give ${Math.ceil(shares[0]!.hostCount / limit)} load processes or more, or raise the limit (ulimit -n)`,
        },
      );
    }
    if (plan.processes >= manyProcesses) warmCompileCache();
    this.all = shares.map((_, process) => this.#start(options, process));
  }

  #start(options: LoadOptions, process: number): Load {
    const { host, plan, target, ratePerSecond, handshakeSeconds } = options;
    const load: Load = {
      process: startWorker(
        { type: 'load', host, process, plan, target, ratePerSecond, handshakeSeconds, keys: makeKeys() },
        (report) => {
          if (report.type === 'status') load.report = report;
        },
        (how) => {
          load.alive = false;
          if (!this.#ending) this.#failure ??= `load process ${process} ${how}`;
        },
      ),
      report: null,
      alive: true,
    };
    return load;
  }

  /** From now on processes are expected to end. */
  expectEnd(): void {
    this.#ending = true;
  }

  /** Which process ended before its time or fell silent; null while none has. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Whether every process has told something. */
  get started(): boolean {
    return this.all.every(({ report }) => report !== null);
  }

  /** Whether every connection is open or given up. */
  get rampEnded(): boolean {
    return this.all.every(({ report }) => report?.rampEnded === true);
  }

  /** What the processes have reported of a phase; those that have not begun it yet are left out. */
  #driving(place: number): readonly PhaseReport[] {
    return this.all.flatMap(({ report }) => (report?.driving?.place === place ? [report.driving] : []));
  }

  /** Whether something holds for a phase in every process. */
  everyDriving(place: number, holds: (report: PhaseReport) => boolean): boolean {
    const reports = this.#driving(place);
    return reports.length === this.all.length && reports.every(holds);
  }

  /** The sum of a figure of a phase. */
  sumDriving(place: number, of: (report: PhaseReport) => number): number {
    return this.#driving(place).reduce((total, report) => total + of(report), 0);
  }

  /** When something was last sent or came in a phase: microseconds of the monotonic clock, 0 before. */
  lastActivityMicros(place: number): number {
    return Math.max(0, ...this.#driving(place).map(({ lastActivityMicros }) => lastActivityMicros));
  }

  /** What has been counted in a phase, summed. */
  countsDriving(place: number): Readonly<Record<string, number>> {
    const total: Record<string, number> = {};
    for (const { counts } of this.#driving(place)) {
      for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
    }
    return total;
  }

  /** The sum of a figure over all that have told something. */
  sum(of: (report: LoadReport) => number): number {
    return this.all.reduce((total, { report }) => total + (report === null ? 0 : of(report)), 0);
  }

  /** The sum of all processes; those that have died count with the last they told, and nothing open. */
  counts(): LoadCounts {
    const known = this.all.map(({ report }) => report?.counts);
    return {
      wanted: this.#wanted,
      open: this.all.reduce((total, { alive, report }) => total + (alive ? (report?.counts.open ?? 0) : 0), 0),
      established: this.sum(({ counts }) => counts.established),
      attempts: this.sum(({ counts }) => counts.attempts),
      connectFailures: addCauses(known.map((counts) => counts?.connectFailures ?? {})),
      abandoned: this.sum(({ counts }) => counts.abandoned),
      lost: addCauses(known.map((counts) => counts?.lost ?? {})),
    };
  }

  /** Gives every process the same order. */
  send(order: WorkerOrder): void {
    for (const { process } of this.all) process.send(order);
  }
}
