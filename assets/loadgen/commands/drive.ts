import { requestControl } from '../supervisor/control-socket.ts';
import { plannedSeconds, type Workload } from '../workload/phase-kinds.ts';
import { parseWorkload } from '../workload/workload.ts';
import { exitCodes, UsageError } from './exit-codes.ts';
import { Options } from './options.ts';

export const driveUsage =
  'drive --socket PATH --workload NAME|TEXT [--part first|rest] [--timeout-seconds S] [--life-seconds S]';

/** Drive's time-out beside what the workload takes, seconds: for what the agent does before and after. */
const spareSeconds = 600;

/**
 * Runs a workload on held connections, up to a restart of the server or (`--part rest`) from there on; prints what it came to as a line
 * of JSON. One that may take longer than the caller waits
 * (`--timeout-seconds`), or than the host has left to live (`--life-seconds`), is refused before it begins.
 */
export async function drive(args: readonly string[]): Promise<number> {
  const options = new Options(args, ['socket', 'workload', 'part', 'timeout-seconds', 'life-seconds']);
  const workload = parseWorkload(options.text('workload'));
  const part = options.has('part') ? options.text('part') : 'first';
  if (part !== 'first' && part !== 'rest') throw new UsageError(`--part must be first or rest, got '${part}'`);
  if (part === 'first') checkTimes(workload, options);
  const result = await requestControl(options.text('socket'), { type: 'drive', workload, part });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return exitCodes.done;
}

/** Throws when a workload may take longer than it may. */
function checkTimes(workload: Workload, options: Options): void {
  const planned = Math.ceil(plannedSeconds(workload));
  const timeoutSeconds = options.number('timeout-seconds', 0, 1e9, Infinity);
  if (planned > timeoutSeconds) {
    throw new Error(
      `the workload takes up to ${planned} seconds, and Drive may take ${timeoutSeconds}; ask for less, or for a DriveTimeoutSeconds of ${planned + spareSeconds}`,
    );
  }
  const lifeSeconds = options.number('life-seconds', -1e9, 1e9, Infinity);
  if (planned > lifeSeconds) {
    throw new Error(
      `the workload takes up to ${Math.ceil(planned / 60)} minutes, and this host ends in ${Math.floor(lifeSeconds / 60)}; ask for a shorter one, or raise lifetime.hours in the lab file and deploy again`,
    );
  }
}
