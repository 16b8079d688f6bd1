import { monotonicMicros } from '../kernel/clock.ts';
import type { PhaseSpan } from '../phases/phase-run.ts';
import { broadcastRanges, broadcastTurns } from '../plan/broadcast-turns.ts';
import type { LoadPlan } from '../plan/share.ts';
import type { PhaseStatus } from '../raw.ts';
import {
  dueSeconds,
  silenceSeconds,
  tailSeconds,
  waitSeconds,
  type Phase,
  type Workload,
} from '../workload/phase-kinds.ts';
import type { LoadProcesses } from './load-processes.ts';
import type { Publisher } from './publisher-process.ts';
import { until } from './until.ts';

/** From the order to begin a phase to its first work: every process has it by then. */
const leadMicros = 300_000;

/**
 * From when the last broadcast was due: a server that delivers ever so slowly is waited for as long as one takes that delivers
 * 5 000 messages a second to this host, a quarter of what the slowest of the lab's own does on two processors.
 */
const broadcastWaitMicros = (messages: number): number => 60e6 + (messages / 5000) * 1e6;

/** Within this time every process has reported what it has lost. */
const settleMicros = 2_000_000;

/** What one phase came to on this host. */
export interface PhaseOutcome {
  readonly kind: string;
  /** What was still expected when it was over. */
  readonly pending: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** When a phase is due on this host, and what this host publishes in it. */
interface PhaseSchedule extends PhaseSpan {
  readonly publish: {
    readonly seqs: readonly number[];
    readonly firstMicros: number;
    readonly stepMicros: number;
    readonly bytes: number;
  } | null;
  /** How long nothing may come before what is still expected counts as missing. */
  readonly patienceMicros: number;
  /** How long after the end what is still expected counts as missing, however it trickles in. */
  readonly longestWaitMicros: number;
}

/** The phases of a workload on one host, one after the other. Hosts do not wait for each other. */
export class WorkloadDrive {
  readonly #workload: Workload;
  readonly #plan: LoadPlan;
  readonly #loads: LoadProcesses;
  #publisher: Publisher | null = null;
  #shouldStop: () => boolean = () => false;
  #place = -1;
  #next = 0;

  constructor(workload: Workload, plan: LoadPlan, loads: LoadProcesses) {
    this.#workload = workload;
    this.#plan = plan;
    this.#loads = loads;
  }

  /**
   * Runs the phases, `onPhase` after each; resolves when the last is over, when it has to stop, or when the server is to be restarted:
   * then another call goes on, once it has been. `publisher` is null on a host that publishes nothing; the drive ends early when that
   * fails, or when `shouldStop`.
   */
  async run(
    publisher: Publisher | null,
    onPhase: () => Promise<void>,
    shouldStop: () => boolean,
  ): Promise<readonly PhaseOutcome[]> {
    this.#publisher = publisher;
    this.#shouldStop = shouldStop;
    if (this.#next === 0) this.#loads.send({ type: 'drive', workload: this.#workload });
    const outcomes: PhaseOutcome[] = [];
    while (this.#next < this.#workload.length && !this.#hasToStop()) {
      const phase = this.#workload[this.#next]!;
      if (phase.kind === 'restart' && this.#place < this.#next) {
        this.#begin(this.#next, this.#scheduleOf(this.#next, phase));
        await onPhase();
        break;
      }
      outcomes.push(await this.#runPhase(this.#next, phase));
      this.#next += 1;
      await onPhase();
    }
    return outcomes;
  }

  /** Whether the server is to be restarted now, or has been. */
  get isAtRestart(): boolean {
    return this.#workload[this.#next]?.kind === 'restart' && this.#place === this.#next;
  }

  /** The phases that are still to come. */
  get rest(): Workload {
    return this.#workload.slice(this.#next);
  }

  async #runPhase(place: number, phase: Phase): Promise<PhaseOutcome> {
    const schedule = this.#scheduleOf(place, phase);
    if (phase.kind !== 'restart') this.#begin(place, schedule);
    await until(() => this.#hasToStop() || this.#isOver(place, schedule));
    const pending = this.#loads.sumDriving(place, ({ waiting }) => waiting);
    const endedMicros = this.#hasToStop()
      ? null
      : Math.max(phase.kind === 'restart' ? 0 : schedule.endsMicros, this.#loads.lastActivityMicros(place));
    this.#loads.send({ type: 'phaseEnd', endedMicros });
    this.#publisher?.process.send({ type: 'phaseEnd', endedMicros });
    return { kind: phase.kind, pending, counts: this.#countsOf(place) };
  }

  #begin(place: number, schedule: PhaseSchedule): void {
    const { beginMicros, endsMicros, publish } = schedule;
    this.#place = place;
    this.#loads.send({ type: 'phase', place, beginMicros, endsMicros });
    if (publish !== null && publish.seqs.length > 0)
      this.#publisher?.process.send({ type: 'publish', place, ...publish });
  }

  #hasToStop(): boolean {
    return this.#shouldStop() || (this.#publisher !== null && this.#publisher.failure !== null);
  }

  #scheduleOf(place: number, phase: Phase): PhaseSchedule {
    const beginMicros = monotonicMicros() + leadMicros;
    if (phase.kind === 'storm' || phase.kind === 'restart') {
      // All is due at once; then clients may be silent for as long as they back off.
      const longestWaitMicros = waitSeconds(phase) * 1e6;
      return {
        beginMicros,
        // That connections are lost is heard with the next report.
        endsMicros: beginMicros + (phase.kind === 'restart' ? settleMicros : 0),
        publish: null,
        patienceMicros: longestWaitMicros,
        longestWaitMicros,
      };
    }
    if (phase.kind !== 'broadcast') {
      return {
        beginMicros,
        endsMicros: beginMicros + dueSeconds(phase) * 1e6,
        publish: null,
        patienceMicros: silenceSeconds * 1e6,
        // One that waits for nothing is over, too, only when every process has said so.
        longestWaitMicros: Math.max(waitSeconds(phase), tailSeconds) * 1e6,
      };
    }
    const { hosts, hostIndex } = this.#plan;
    const unixToMonotonic = monotonicMicros() - Date.now() * 1000;
    const firstSeq = broadcastRanges(this.#workload)[place]?.firstSeq ?? 0;
    const turns = broadcastTurns(phase, firstSeq, hosts, hostIndex, beginMicros - unixToMonotonic);
    return {
      beginMicros: turns.beginUnixMicros + unixToMonotonic,
      endsMicros: turns.endsUnixMicros + unixToMonotonic,
      publish: {
        seqs: turns.seqs,
        firstMicros: turns.firstUnixMicros + unixToMonotonic,
        stepMicros: turns.stepMicros,
        bytes: phase.bytes,
      },
      // Other hosts may be a turn behind before their broadcasts count as missing.
      patienceMicros: silenceSeconds * 1e6 + (hosts > 1 ? turns.stepMicros : 0),
      longestWaitMicros: broadcastWaitMicros(phase.times * this.#loads.counts().open),
    };
  }

  #isOver(place: number, { endsMicros, publish, patienceMicros, longestWaitMicros }: PhaseSchedule): boolean {
    const now = monotonicMicros();
    if (now < endsMicros) return false;
    if (now > endsMicros + longestWaitMicros) return true;
    if (publish !== null && publish.seqs.length > this.#published(place).count) return false;
    if (!this.#loads.everyDriving(place, ({ sentAll }) => sentAll)) return false;
    const owed = this.#published(place).unanswered;
    if (this.#loads.sumDriving(place, ({ waiting }) => waiting) + owed <= 0) return true;
    return now - Math.max(this.#loads.lastActivityMicros(place), endsMicros) > patienceMicros;
  }

  /** What this host's publisher has come to in a phase. */
  #published(place: number): Pick<Publisher['published'], 'count' | 'unanswered'> {
    const published = this.#publisher?.published;
    return published?.place === place ? published : { count: 0, unanswered: 0 };
  }

  #countsOf(place: number): Readonly<Record<string, number>> {
    const counts = this.#loads.countsDriving(place);
    return this.#workload[place]?.kind === 'broadcast'
      ? { published: this.#published(place).count, ...counts }
      : counts;
  }

  /** The phase that runs, or ran last; null before the first. */
  status(): PhaseStatus | null {
    const place = this.#place;
    const phase = this.#workload[place];
    if (phase === undefined) return null;
    return { place, of: this.#workload.length, kind: phase.kind, counts: this.#countsOf(place) };
  }
}
