import { requestControl } from '../supervisor/control-socket.ts';
import { plannedSeconds } from '../workload/phase-kinds.ts';
import { parseWorkload } from '../workload/workload.ts';
import { exitCodes } from './exit-codes.ts';
import { Options } from './options.ts';

export const driveUsage = 'drive --socket PATH --workload NAME|TEXT [--timeout-seconds S] [--life-seconds S]';

/** Drive's time-out beside what the workload takes, seconds: for what the agent does before and after. */
const spareSeconds = 600;

/**
 * Runs a workload on held connections; prints what it came to as a line of JSON. One that may take longer than the caller waits
 * (`--timeout-seconds`), or than the host has left to live (`--life-seconds`), is refused before it begins.
 */
export async function drive(args: readonly string[]): Promise<number> {
  const options = new Options(args, ['socket', 'workload', 'timeout-seconds', 'life-seconds']);
  const workload = parseWorkload(options.text('workload'));
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
  const result = await requestControl(options.text('socket'), { type: 'drive', workload });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return exitCodes.done;
}
