import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { emptyLists, type GroundTruth, type ListsTruth } from '../../assets/calibration/ground-truth/ground-truth.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const micros = v.array(v.pipe(v.number(), v.minValue(0)));
const returns = v.object({ returned: count, rejected: count, reset: count });

const groundTruthSchema = v.object({
  event: v.literal('groundTruth'),
  members: count,
  rejected: count,
  reset: count,
  silent: count,
  refused: count,
  membersReset: count,
  membersClosed: count,
  membersEnded: count,
  open: count,
  touchedBytes: count,
  leakedBytes: count,
  echoesReceived: count,
  echoesDropped: count,
  pingsReceived: count,
  pingsDropped: count,
  goodbyes: count,
  cut: count,
  afterGoodbye: returns,
  afterCut: returns,
  queuedWhileStill: count,
  idleBytes: count,
  idleMicros: count,
  echoDelaysMicros: micros,
  pongDelaysMicros: micros,
  closeDelaysMicros: micros,
  returnDelaysMicros: micros,
  awayMicros: micros,
  lateMicros: micros,
  stalls: v.array(v.tuple([v.number(), v.number()])),
  answeredSinceStallMicros: micros,
  broadcasts: v.array(v.object({ seq: count, members: count, lost: count, duplicated: count, delaysMicros: micros })),
}) satisfies v.GenericSchema<GroundTruth>;

/**
 * What a reference server did in all, from the lines that it printed: the last totals, and all lists one after the other. Lines of other
 * kinds, and one that is cut short, are left out; null when there is none of its own.
 */
export function sumOfGroundTruth(output: string): GroundTruth | null {
  const lines = output.split('\n').flatMap((line) => {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), groundTruthSchema), line);
    return parsed.success ? [parsed.output] : [];
  });
  const last = lines.at(-1);
  if (last === undefined) return null;
  const names = Object.keys(emptyLists()) as (keyof ListsTruth)[];
  const lists = Object.fromEntries(names.map((name) => [name, lines.flatMap((line): unknown[] => line[name])]));
  return { ...last, ...(lists as unknown as ListsTruth) };
}

/** What the reference server of a measurement did before the workload's restart, or all of it; and what it did since then. */
export interface ServerTruth {
  readonly truth: GroundTruth | null;
  /** Null without a restart. */
  readonly restarted: GroundTruth | null;
}

/** Reads what the reference server of a measurement did; null where its output is missing or says nothing. */
export async function readGroundTruth(measurementFolder: string): Promise<ServerTruth> {
  const read = (name: string): Promise<string> =>
    readFile(`${measurementFolder}/server/${name}.out`, 'utf8').catch(() => '');
  const before = sumOfGroundTruth(await read('server-1-before-restart'));
  const last = sumOfGroundTruth(await read('server-1'));
  return before === null ? { truth: last, restarted: null } : { truth: before, restarted: last };
}
