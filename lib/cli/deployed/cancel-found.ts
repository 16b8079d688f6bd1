import { cancelAndCollect } from '../../run/detached/cancel.ts';
import type { FoundMeasurement } from '../../run/detached/find-started.ts';
import { concludeMeasurement } from '../../run/measure.ts';
import { readOutcome } from '../../run/outcome.ts';
import type { LabBackend } from '../../run/lab-backend.ts';
import type { LabContext } from '../context.ts';
import { publishResult } from '../run/publish-result.ts';

/** Cancels a running measurement, fetches what it has measured, and reports; gives the exit code of the result. */
export async function cancelFound(backend: LabBackend, found: FoundMeasurement, context: LabContext): Promise<number> {
  const { runFolder, folder, record } = found;
  context.process.stderr.write(`cancelling ${record.executionId} (${record.server}): collecting what there is\n`);
  const execution = await cancelAndCollect(backend, record.executionId, context.interrupted);
  await concludeMeasurement(backend, record, folder, await readOutcome(backend, execution));
  return publishResult(context, runFolder);
}
