import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import type { ReferenceDid } from '../../assets/calibration/did.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const micros = v.array(v.pipe(v.number(), v.minValue(0)));

const didSchema = v.object({
  event: v.literal('did'),
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
}) satisfies v.GenericSchema<ReferenceDid>;

/**
 * What a reference server did in all, from the lines that it printed: the last totals, and all lists one after the other. Lines of other
 * kinds, and one that is cut short, are left out; null when there is none of its own.
 */
export function sumOfDid(output: string): ReferenceDid | null {
  const lines = output.split('\n').flatMap((line) => {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), didSchema), line);
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

/** Reads what the reference server of a measurement did; null when its output is missing or says nothing. */
export async function readDid(measurementFolder: string): Promise<ReferenceDid | null> {
  const output = await readFile(`${measurementFolder}/server/server-1.out`, 'utf8').catch(() => '');
  return sumOfDid(output);
}
