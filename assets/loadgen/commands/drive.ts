import { requestControl } from '../supervisor/control-socket.ts';
import { exitCodes } from './exit-codes.ts';
import { Options } from './options.ts';

export const driveUsage = 'drive --socket PATH --broadcasts K --interval-seconds S --echo-rate R --echo-seconds S';

/** Runs the workload on held connections; prints what it came to as a line of JSON. */
export async function drive(args: readonly string[]): Promise<number> {
  const options = new Options(args, ['socket', 'broadcasts', 'interval-seconds', 'echo-rate', 'echo-seconds']);
  const result = await requestControl(options.text('socket'), {
    type: 'drive',
    broadcasts: options.integer('broadcasts', 0, 1e6),
    intervalSeconds: options.number('interval-seconds', 0.01, 86400),
    echoRate: options.number('echo-rate', 0, 1e7),
    echoSeconds: options.number('echo-seconds', 0, 86400),
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return exitCodes.done;
}
