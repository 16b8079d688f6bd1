import type { Connections } from '../connections/connections.ts';
import type { LoopMeter } from '../measure/loop-meter.ts';
import { BroadcastLog } from '../phases/broadcast-log.ts';
import type { PhaseRun } from '../phases/phase-run.ts';
import { openRoom, type PhaseRaw } from '../phases/rooms.ts';
import { broadcastRanges } from '../plan/broadcast-turns.ts';
import type { LoadPlan } from '../plan/share.ts';
import type { FailureCause } from '../raw.ts';
import type { PhaseOrder, PhaseReport } from '../supervisor/messages.ts';
import type { Phase, Workload } from '../workload/phase-kinds.ts';

/** A phase that has begun. */
interface Begun {
  readonly place: number;
  readonly phase: Phase;
  readonly run: PhaseRun<object>;
  readonly beganMicros: number;
  endedMicros: number | null;
  maxTurnMicros: number;
  maxLatenessMicros: number;
}

/** The phases of the workload in a load process, one after the other. */
export class Driving {
  readonly #connections: Connections;
  readonly #meter: LoopMeter;
  readonly #open: () => number;
  readonly #broadcasts: BroadcastLog;
  readonly #begun: Begun[] = [];
  #workload: Workload = [];
  // Kept when it has ended, until the next begins: what it measured may still be reported.
  #current: Begun | null = null;
  #isOverReported = true;

  constructor(connections: Connections, meter: LoopMeter, plan: LoadPlan, open: () => number) {
    this.#connections = connections;
    this.#meter = meter;
    this.#open = open;
    this.#broadcasts = new BroadcastLog(connections, plan.hosts, plan.hostIndex);
  }

  /** These are the phases to come. */
  prepare(workload: Workload): void {
    this.#workload = workload;
    this.#broadcasts.know(broadcastRanges(workload).filter((range) => range !== null));
  }

  /** Begins a phase. */
  begin({ place, ...times }: PhaseOrder): void {
    const phase = this.#workload[place]!;
    const run = openRoom(phase, {
      place,
      connections: this.#connections,
      meter: this.#meter,
      broadcasts: this.#broadcasts,
      firstSeq: broadcastRanges(this.#workload)[place]?.firstSeq ?? 0,
      open: this.#open,
    });
    this.#current = {
      place,
      phase,
      run,
      beganMicros: Math.round(times.beginMicros),
      endedMicros: null,
      maxTurnMicros: 0,
      maxLatenessMicros: 0,
    };
    this.#begun.push(this.#current);
    this.#meter.begin();
    this.#isOverReported = false;
    run.start(times);
  }

  /** Ends the phase that runs. */
  end(endedMicros: number): void {
    if (this.#current === null || this.#current.endedMicros !== null) return;
    this.#readMeter(this.#current);
    this.#meter.driving = false;
    this.#current.endedMicros = Math.round(endedMicros);
  }

  #readMeter(begun: Begun): void {
    begun.maxTurnMicros = Math.round(this.#meter.maxTurn);
    begun.maxLatenessMicros = Math.round(this.#meter.maxLateness);
  }

  opened(fd: number): void {
    this.#broadcasts.opened(fd);
    this.#running?.opened?.(fd);
  }

  lost(fd: number, cause: FailureCause): void {
    this.#running?.lost?.(fd, cause);
  }

  message(fd: number, bytes: Uint8Array, start: number, end: number, tail: number): void {
    const { now } = this.#connections;
    if (this.#broadcasts.take(fd, bytes, start, end, tail, now, this.#open())) return;
    this.#running?.message(fd, bytes, start, end, tail, now);
  }

  pong(fd: number, bytes: Uint8Array, start: number, end: number): void {
    this.#running?.pong?.(fd, bytes, start, end, this.#connections.now);
  }

  get #running(): PhaseRun<object> | null {
    return this.#current === null || this.#current.endedMicros !== null ? null : this.#current.run;
  }

  /** Does what is due; when it wants to be called again. */
  readonly run = (now: number): number => this.#running?.run(now) ?? Infinity;

  /** How long arrivals may be left to gather: between phases as in a broadcast, for another host may be ahead. */
  gatherMicros(now: number): number {
    return (this.#running ?? this.#broadcasts).gatherMicros(now);
  }

  /** Whether the phase that runs has just come to its end here, which the supervisor waits for. */
  isOverSuddenly(now: number): boolean {
    const run = this.#running;
    if (run === null || this.#isOverReported || !run.sentAll(now) || run.waiting() > 0) return false;
    this.#isOverReported = true;
    return true;
  }

  /** How far the phase is that runs, or ran last. */
  report(now: number): PhaseReport | null {
    if (this.#current === null) return null;
    const { place, run } = this.#current;
    return {
      place,
      sentAll: run.sentAll(now),
      waiting: run.waiting(),
      lastActivityMicros: run.lastActivityMicros,
      counts: run.counts(),
    };
  }

  /** Broadcast messages that have arrived, in any phase or none. */
  get broadcastMessages(): number {
    return this.#broadcasts.messagesReceived;
  }

  /** Broadcasts that came though no phase of the workload has them. */
  strays(): ReturnType<BroadcastLog['strays']> {
    return this.#broadcasts.strays(this.#open());
  }

  /** What was measured in each phase that began. */
  raw(): readonly PhaseRaw[] {
    if (this.#current?.endedMicros === null) this.#readMeter(this.#current);
    return this.#begun.map(
      ({ phase, run, place, beganMicros, endedMicros, maxTurnMicros, maxLatenessMicros }) =>
        ({
          kind: phase.kind,
          place,
          beganMicros,
          endedMicros,
          maxTurnMicros,
          maxLatenessMicros,
          ...run.raw(),
        }) as PhaseRaw,
    );
  }
}
