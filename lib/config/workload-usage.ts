import { WorkloadError } from '../../assets/loadgen/workload/workload-error.ts';
import { LabError } from './lab-error.ts';

/** Reads or edits a workload; what is wrong with it is a LabError `usage`. */
export function asUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof WorkloadError) throw new LabError('usage', error.message, error.hint, { cause: error });
    throw error;
  }
}
