#!/usr/bin/env node
/** The load generator's command line: standalone with --url, or hold, drive and collect. */
import { describeThrown, errorText } from './commands/error-text.ts';
import { exitCodes, UsageError } from './commands/exit-codes.ts';

const lastMillis = 2000;

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  // Each loads what it needs only: drive and collect are started often.
  hold: async (args) => (await import('./commands/hold.ts')).hold(args),
  drive: async (args) => (await import('./commands/drive.ts')).drive(args),
  collect: async (args) => (await import('./commands/collect.ts')).collect(args),
  standalone: async (args) => (await import('./commands/standalone.ts')).standalone(args),
};

/** Runs a command line; the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const [first = '', ...rest] = args;
  if (first === '--help' || first === '-h' || first === '') {
    process.stdout.write((await import('./commands/usage.ts')).usage());
    return first === '' ? exitCodes.usage : exitCodes.done;
  }
  const command = first.startsWith('-') ? 'standalone' : first;
  try {
    const run = commands[command];
    if (run === undefined) {
      throw new UsageError(`'${first}' is no command`, {
        hint: 'give --url, or one of the commands hold, drive and collect',
      });
    }
    return await run(command === 'standalone' && first.startsWith('-') ? args : rest);
  } catch (error) {
    const { text, exitCode } = describeThrown(error);
    process.stderr.write(text);
    return exitCode;
  }
}

// Whoever read the output may be gone (a closed pipe or terminal): that ends nothing. A full disk is told.
let outputFailed = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'EIO' || outputFailed) return;
    outputFailed = true;
    process.exitCode = exitCodes.environment;
    const text = `the output cannot be written (${error.code})`;
    process.stderr.write(errorText(text, 'free space, or send it elsewhere', exitCodes.environment));
  });
}

const exitCode = await main(process.argv.slice(2));
process.exitCode = outputFailed ? exitCodes.environment : exitCode;
// By itself, when all output has left; whatever should still be open does not keep it.
setTimeout(() => process.exit(), lastMillis).unref();
