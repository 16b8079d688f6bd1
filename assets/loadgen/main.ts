#!/usr/bin/env node
/** The load generator's command line: alone with --url, or hold, drive and collect. */
import { exitCodes, UsageError } from './commands/exit-codes.ts';

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  // Each loads what it needs only: drive and collect are started often.
  hold: async (args) => (await import('./commands/hold.ts')).hold(args),
  drive: async (args) => (await import('./commands/drive.ts')).drive(args),
  collect: async (args) => (await import('./commands/collect.ts')).collect(args),
  alone: async (args) => (await import('./commands/alone.ts')).alone(args),
};

/** Runs a command line; the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const [first = '', ...rest] = args;
  if (first === '--help' || first === '-h' || first === '') {
    process.stdout.write((await import('./commands/usage.ts')).usage());
    return first === '' ? exitCodes.usage : exitCodes.done;
  }
  const command = first.startsWith('-') ? 'alone' : first;
  try {
    const run = commands[command];
    if (run === undefined) {
      throw new UsageError(`'${first}' is no command: hold, drive, collect, or --url for a run without commands`);
    }
    return await run(command === 'alone' && first.startsWith('-') ? args : rest);
  } catch (error) {
    const usage = error instanceof UsageError;
    process.stderr.write(`loadgen: ${(error as Error).message}${usage ? ' (--help tells more)' : ''}\n`);
    return usage ? exitCodes.usage : exitCodes.failed;
  }
}

process.exitCode = await main(process.argv.slice(2));
