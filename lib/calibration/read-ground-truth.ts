import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import type { GroundTruth } from '../../assets/calibration/ground-truth/ground-truth.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const micros = v.array(v.pipe(v.number(), v.minValue(0)));

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
  touchedBytes: count,
  echoesReceived: count,
  echoesDropped: count,
  echoDelaysMicros: micros,
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
  return {
    ...last,
    echoDelaysMicros: lines.flatMap((line) => line.echoDelaysMicros),
    lateMicros: lines.flatMap((line) => line.lateMicros),
    stalls: lines.flatMap((line) => line.stalls),
    answeredSinceStallMicros: lines.flatMap((line) => line.answeredSinceStallMicros),
    broadcasts: lines.flatMap((line) => line.broadcasts).sort((a, b) => a.seq - b.seq),
  };
}

/** Reads what the reference server of a measurement truth; null when its output is missing or says nothing. */
export async function readGroundTruth(measurementFolder: string): Promise<GroundTruth | null> {
  const output = await readFile(`${measurementFolder}/server/server-1.out`, 'utf8').catch(() => '');
  return sumOfGroundTruth(output);
}
