import { requestControl } from '../supervisor/control-socket.ts';
import { exitCodes } from './exit-codes.ts';
import { Options } from './options.ts';

export const collectUsage = 'collect --socket PATH';

/** Makes the load processes write their raw files; prints the files' names as a line of JSON. */
export async function collect(args: readonly string[]): Promise<number> {
  const options = new Options(args, ['socket']);
  const files = await requestControl(options.text('socket'), { type: 'collect' });
  process.stdout.write(`${JSON.stringify(files)}\n`);
  return exitCodes.done;
}
