import { parseArgs, type ParseArgsConfig } from 'node:util';
import { exitCodes, LabError } from '../config/lab-error.ts';
import { endSignals } from './lab-command.ts';

type Options = NonNullable<ParseArgsConfig['options']>;
/** What the words given came to, by the name of the flag. */
export type Flags<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowNegative: true }>>['values'];

/**
 * Runs a benchmark with the flags of the command line, and ends the process with its exit code. `--help` prints `usage`; a flag that
 * is not known, and whatever else throws LabError, is told in two lines.
 */
export async function runBenchmarkCommand<O extends Options>(
  usage: string,
  options: O,
  main: (flags: Flags<O>) => Promise<number>,
): Promise<void> {
  if (process.argv.slice(2).includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  // A signal alone would end no session of a peer's, and remove no temporary folder.
  for (const signal of endSignals) process.on(signal, () => endUnlessWaitedFor(signal));
  try {
    process.exitCode = await main(flagsOf(options));
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    process.stderr.write(`${error.twoLines}\n`);
    process.exitCode = exitCodes[error.code];
  }
}

/** Ends the process, and with it what it has started; not while somebody else hears the signal and waits for a run. */
function endUnlessWaitedFor(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) === 1) process.exit(exitCodes.interrupted);
}

function flagsOf<O extends Options>(options: O): Flags<O> {
  try {
    return parseArgs({ options, allowNegative: true }).values;
  } catch (error) {
    throw usageError((error as Error).message.split('. ')[0] ?? '', error);
  }
}

/** Reads the value of a flag; what `parse` says against it becomes a LabError `usage`. */
export function flagValue<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    throw usageError(`--${name}: ${(error as Error).message}`, error);
  }
}

function usageError(message: string, cause: unknown): LabError {
  return new LabError('usage', message, 'see --help for the flags it takes', { cause });
}
