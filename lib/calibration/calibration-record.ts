import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { makeFolder } from '../config/system/make-folder.ts';
import { readTextFile } from '../config/system/read-file.ts';
import { count } from '../results/schema/fields.ts';
import { calibrationSchema, type Calibration } from '../results/schema/run-record.ts';
import { comparisonSchema } from './compare/comparison.ts';

/** `calibration.json`: what every run names of a calibration, and each figure that it compared. */
const calibrationRecordSchema = v.object({
  schema: v.literal(1),
  ...calibrationSchema.entries,
  comparisons: v.array(comparisonSchema),
  notes: v.pipe(v.array(v.string()), v.description('What kept the machine from its work, case by case; else empty.')),
  measurements: count('Reference servers that were measured.'),
});

/** The whole of a calibration. */
export type CalibrationRecord = v.InferOutput<typeof calibrationRecordSchema>;

/** Where the last calibration of this machine is kept. */
export const lastCalibrationFile = join(import.meta.dirname, '../../.cache/local/calibration.json');

/** Replaces `calibration.json` at `file` as a whole. */
export async function writeCalibration(file: string, record: CalibrationRecord): Promise<void> {
  await makeFolder(dirname(file));
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(record, null, 1)}\n`);
  await rename(draft, file);
}

/** The last calibration of this machine, as runs name it; null when there was none, or another version wrote it. */
export function lastCalibration(file: string = lastCalibrationFile): Calibration | null {
  if (!existsSync(file)) return null;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), calibrationSchema), readTextFile(file));
  return parsed.success ? parsed.output : null;
}
