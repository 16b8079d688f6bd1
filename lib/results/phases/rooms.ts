import * as v from 'valibot';
import type { PhaseRaw } from '../../../assets/loadgen/phases/rooms.ts';
import type { PhaseKindName } from '../../../assets/loadgen/workload/phase-kinds.ts';
import { broadcastPhaseSchema, broadcastRawSchema, broadcastRoom } from './broadcast.ts';
import { churnRawSchema, churnResultSchema, churnRoom } from './churn.ts';
import { echoRawSchema, echoResultSchema, echoRoom } from './echo.ts';
import { heartbeatRawSchema, heartbeatResultSchema, heartbeatRoom } from './heartbeat.ts';
import { restartRawSchema, restartResultSchema, restartRoom } from './restart.ts';
import { stormRawSchema, stormResultSchema, stormRoom } from './storm.ts';
import { idleRawSchema, idleResultSchema, idleRoom } from './idle.ts';
import type { ResultRoom } from './phase-room.ts';

/** How each kind of phase is read, merged and compared. */
const rooms = {
  echo: { raw: echoRawSchema, result: echoResultSchema, room: echoRoom },
  broadcast: { raw: broadcastRawSchema, result: broadcastPhaseSchema, room: broadcastRoom },
  heartbeat: { raw: heartbeatRawSchema, result: heartbeatResultSchema, room: heartbeatRoom },
  churn: { raw: churnRawSchema, result: churnResultSchema, room: churnRoom },
  idle: { raw: idleRawSchema, result: idleResultSchema, room: idleRoom },
  restart: { raw: restartRawSchema, result: restartResultSchema, room: restartRoom },
  storm: { raw: stormRawSchema, result: stormResultSchema, room: stormRoom },
} as const satisfies Readonly<Record<PhaseKindName, unknown>>;

/** A phase of one kind in a result. */
export type PhaseResultOf<Kind extends PhaseKindName> = v.InferOutput<(typeof rooms)[Kind]['result']>;

/** A phase in a result. */
export type PhaseResult = { [Kind in PhaseKindName]: PhaseResultOf<Kind> }[PhaseKindName];

const all = Object.values(rooms);

/** The schema of a phase in a raw file. */
export const phaseRawSchema = v.variant(
  'kind',
  all.map(({ raw }) => raw) as unknown as [typeof echoRawSchema],
) as unknown as v.GenericSchema<unknown, PhaseRaw>;

/** The schema of a phase in a result. */
export const phaseResultSchema = v.variant(
  'kind',
  all.map(({ result }) => result) as unknown as [typeof echoResultSchema],
) as unknown as v.GenericSchema<PhaseResult, PhaseResult>;

/** Every phase's schema in a result, by the name of its definition in the JSON Schema. */
export const phaseDefinitions = Object.fromEntries(
  Object.entries(rooms).map(([kind, { result }]) => [`${kind}Phase`, result]),
) as Readonly<Record<string, v.GenericSchema>>;

/** A kind's room, for phases of that kind only. */
export function resultRoom(kind: PhaseKindName): ResultRoom<PhaseKindName, object, PhaseResult> {
  return rooms[kind].room as unknown as ResultRoom<PhaseKindName, object, PhaseResult>;
}
