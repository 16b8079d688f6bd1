import { BroadcastLog } from '../phases/broadcast-log.ts';
import type { PushLog } from '../measure/push-log.ts';
import type { PhaseContext, PhaseRun, PhaseTimes } from '../phases/phase-run.ts';
import { openRoom, type PhaseRaw } from '../phases/rooms.ts';
import { broadcastRanges } from '../plan/broadcast-turns.ts';
import type { LoadPlan } from '../plan/share.ts';
import type { FailureCause } from '../raw.ts';
import type { PhaseOrder, PhaseReport } from '../supervisor/messages.ts';
import type { Phase, Workload } from '../workload/phase-kinds.ts';

/** What phases work with, whichever it is. */
export type DrivingContext = Omit<PhaseContext, 'place' | 'broadcasts' | 'firstSeq' | 'keepsPorts'> & {
  readonly pushes: PushLog;
  /** This process' part of what is due at a rate. */
  readonly part: Pick<PhaseTimes, 'share' | 'before'>;
};

/** A phase that has begun. */
interface Begun {
  readonly place: number;
  readonly phase: Phase;
  readonly run: PhaseRun<object>;
  readonly beganMicros: number;
  endedMicros: number | null;
  /** How the loop kept up in it. */
  keptUp: Pick<PhaseRaw, 'maxTurnMicros' | 'maxLatenessMicros' | 'lateWork'>;
  /** What it measured, once that cannot become more. */
  raw: PhaseRaw | null;
}

/**
 * Whether the server's side may still know the ports of clients that come back: of half-open connections, or, while nothing listens, of
 * ended ones. It then answers with an ACK, and they would wait a second to try again.
 */
function needsOtherPorts(phase: Phase): boolean {
  return phase.kind === 'restart' || (phase.kind === 'storm' && phase.by === 'silence');
}

/** The phases of the workload in a load process, one after the other. */
export class Driving {
  readonly #context: DrivingContext;
  readonly #broadcasts: BroadcastLog;
  readonly #begun: Begun[] = [];
  #workload: Workload = [];
  // Kept when it has ended, until the next begins: what it measured may still be reported.
  #current: Begun | null = null;
  // Its room for as long as it runs; a field, as a getter that is private costs a call into V8's runtime.
  #running: PhaseRun<object> | null = null;
  #isOverReported = true;
  // Not once the kernel has chosen some: they may be ports of the plan.
  #keepsPorts = true;

  constructor(plan: LoadPlan, context: DrivingContext) {
    this.#context = context;
    this.#broadcasts = new BroadcastLog(context.connections, plan.hosts, plan.hostIndex);
  }

  /** These are the phases to come. */
  prepare(workload: Workload): void {
    this.#workload = workload;
    this.#broadcasts.know(broadcastRanges(workload).filter((range) => range !== null));
  }

  /** Begins a phase. */
  begin({ place, beginMicros, endsMicros }: PhaseOrder): void {
    const phase = this.#workload[place]!;
    if (needsOtherPorts(phase)) this.#keepsPorts = false;
    const run = openRoom(phase, {
      ...this.#context,
      place,
      keepsPorts: this.#keepsPorts,
      broadcasts: this.#broadcasts,
      firstSeq: broadcastRanges(this.#workload)[place]?.firstSeq ?? 0,
    });
    this.#current = {
      place,
      phase,
      run,
      beganMicros: Math.round(beginMicros),
      endedMicros: null,
      keptUp: { maxTurnMicros: 0, maxLatenessMicros: 0 },
      raw: null,
    };
    this.#running = run;
    this.#context.connections.asksArrivals = run.isToldArrivals !== undefined;
    this.#begun.push(this.#current);
    this.#context.meter.begin(beginMicros);
    this.#isOverReported = false;
    run.start({ beginMicros, endsMicros, ...this.#context.part });
  }

  /** Ends the phase that runs; null: it is cut short. */
  end(endedMicros: number | null): void {
    if (this.#current === null || this.#running === null) return;
    this.#readMeter(this.#current);
    this.#context.meter.driving = false;
    this.#running = null;
    if (endedMicros !== null) this.#current.endedMicros = Math.round(endedMicros);
  }

  #readMeter(begun: Begun): void {
    const { phaseMost, lateWork } = this.#context.meter;
    begun.keptUp = begun.run.isToldArrivals === true ? { ...phaseMost, lateWork } : phaseMost;
  }

  opened(fd: number, connection: number): void {
    this.#broadcasts.opened(fd);
    this.#running?.returns?.opened(connection, this.#context.connections.now);
  }

  connectFailed(connection: number, cause: FailureCause, retryAfterSeconds: number): void {
    this.#running?.returns?.failed(connection, cause, retryAfterSeconds, this.#context.connections.now);
  }

  left(fd: number): void {
    this.#running?.left?.(fd, this.#context.connections.now);
  }

  lost(fd: number, cause: FailureCause): void {
    this.#running?.lost?.(fd, cause, this.#context.connections.now);
  }

  /** Whether connections are to be lost now. */
  get expectsLoss(): boolean {
    return this.#running?.expectsLoss === true;
  }

  message(fd: number, bytes: Uint8Array, start: number, end: number, tail: number): void {
    const { now } = this.#context.connections;
    if (this.#broadcasts.take(fd, bytes, start, end, tail, now, this.#context.open())) return;
    if (this.#running?.message?.(fd, bytes, start, end, tail, now) === true) return;
    this.#context.pushes.take(bytes, start, end, tail, now);
  }

  pong(fd: number, bytes: Uint8Array, start: number, end: number): void {
    this.#running?.pong?.(fd, bytes, start, end, this.#context.connections.now);
  }

  /** Does what is due; when it wants to be called again. */
  readonly run = (now: number): number => this.#running?.run(now) ?? Infinity;

  /** How long arrivals may be left to gather: between phases as in a broadcast, for another host may be ahead. */
  gatherMicros(now: number, hadArrivals: boolean): number {
    const running = this.#running;
    if (running === null) return this.#broadcasts.gatherMicros(now, hadArrivals);
    return running.gatherMicros?.(now, hadArrivals) ?? 0;
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
    return this.#broadcasts.strays(this.#context.open());
  }

  /** What was measured in each phase that began. */
  raw(): readonly PhaseRaw[] {
    if (this.#current !== null && this.#running !== null) this.#readMeter(this.#current);
    return this.#begun.map((begun) => {
      // Broadcasts may still come when their phase is over.
      if (begun.run === this.#running || begun.phase.kind === 'broadcast') return rawOf(begun);
      return (begun.raw ??= rawOf(begun));
    });
  }
}

function rawOf({ phase, run, place, beganMicros, endedMicros, keptUp }: Begun): PhaseRaw {
  return { kind: phase.kind, place, beganMicros, endedMicros, ...keptUp, ...run.raw() } as PhaseRaw;
}
