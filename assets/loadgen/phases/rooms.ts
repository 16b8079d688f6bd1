import type { Phase, PhaseKindName } from '../workload/phase-kinds.ts';
import { Broadcast } from './broadcast.ts';
import { Churn } from './churn.ts';
import { Echo } from './echo.ts';
import { Idle } from './idle.ts';
import { Heartbeat } from './heartbeat.ts';
import { Restart } from './restart.ts';
import { Storm } from './storm.ts';
import type { PhaseContext, PhaseRun } from './phase-run.ts';

/** What each kind of phase does in a load process. */
const rooms = {
  echo: Echo,
  broadcast: Broadcast,
  heartbeat: Heartbeat,
  churn: Churn,
  storm: Storm,
  idle: Idle,
  restart: Restart,
} as const satisfies Record<PhaseKindName, new (phase: never, context: PhaseContext) => PhaseRun<object>>;

/** Makes a phase's room. */
export function openRoom(phase: Phase, context: PhaseContext): PhaseRun<object> {
  const Room = rooms[phase.kind] as new (phase: Phase, context: PhaseContext) => PhaseRun<object>;
  return new Room(phase, context);
}

/** What every phase has in its raw part. Microseconds of the host's monotonic clock. */
interface PhaseRawCommon {
  /** Which phase of the workload it is, from 0. */
  readonly place: number;
  /** When its first work was due. */
  readonly beganMicros: number;
  /** When its last work was due, or the last that belongs to it came; null while it has not ended. */
  readonly endedMicros: number | null;
  /** The longest iteration of the event loop and the greatest scheduling delay meanwhile. */
  readonly maxTurnMicros: number;
  readonly maxLatenessMicros: number;
  /** Pieces of work begun more than 25 ms late, where the kernel told when what came came: nothing else makes a latency the generator's. */
  readonly lateWork?: number | undefined;
}

/** The raw part of a phase of one kind. */
export type PhaseRawOf<Kind extends PhaseKindName> = { readonly kind: Kind } & PhaseRawCommon &
  ReturnType<InstanceType<(typeof rooms)[Kind]>['raw']>;

/** The raw part of a phase. */
export type PhaseRaw = { [Kind in PhaseKindName]: PhaseRawOf<Kind> }[PhaseKindName];
