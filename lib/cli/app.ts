import {
  ArgumentScannerError,
  buildApplication,
  buildRouteMap,
  ExitCode,
  formatMessageForArgumentScannerError,
  run,
  text_en,
} from '@stricli/core';
import { exitCodes, inOneLine, LabError } from '../config/lab-error.ts';
import { asSystemError } from '../config/system/system-error.ts';
import { calibrateCommand } from './commands/calibrate.ts';
import { checkCommand } from './commands/check.ts';
import { compareCommand } from './commands/compare.ts';
import { costCommand } from './commands/cost.ts';
import { attachCommand } from './commands/deployed/attach.ts';
import { cancelCommand } from './commands/deployed/cancel.ts';
import { emptyCommand } from './commands/deployed/empty.ts';
import { fetchCommand } from './commands/deployed/fetch.ts';
import { downCommand } from './commands/deployed/down.ts';
import { statusCommand } from './commands/deployed/status.ts';
import { upCommand } from './commands/deployed/up.ts';
import { leftoversCommand } from './commands/leftovers.ts';
import { newServerCommand } from './commands/new-server.ts';
import { planCommand } from './commands/plan.ts';
import { policyCommand } from './commands/policy.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { serversCommand } from './commands/servers.ts';
import { verifyCommand } from './commands/verify.ts';
import type { LabContext } from './context.ts';

const routes = buildRouteMap({
  routes: {
    run: runCommand,
    report: reportCommand,
    compare: compareCommand,
    calibrate: calibrateCommand,
    servers: serversCommand,
    newServer: newServerCommand,
    verify: verifyCommand,
    cost: costCommand,
    check: checkCommand,
    up: upCommand,
    status: statusCommand,
    attach: attachCommand,
    cancel: cancelCommand,
    fetch: fetchCommand,
    empty: emptyCommand,
    down: downCommand,
    leftovers: leftoversCommand,
    plan: planCommand,
    policy: policyCommand,
  },
  docs: {
    brief: 'Measures what a million WebSocket connections cost',
    fullDescription:
      'Benchmarks WebSocket servers on the hosts of a lab: on AWS after `cdk deploy C1mLab`, or on this machine with --local.',
  },
});

/** An error as one that the user can do something about; null for the lab's own fault. */
function asLabError(error: unknown): LabError | null {
  return error instanceof LabError ? error : asSystemError(error);
}

/** A known error is two lines: what was wrong, and what to do. An unknown one is the lab's own fault and shows its stack. */
export function describeError(error: unknown): string {
  const known = asLabError(error);
  if (known !== null) return known.twoLines;
  return `error in the lab itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

/** The exit code of a command that ends with an error. */
export function exitCodeOfError(error: unknown): number {
  return exitCodes[asLabError(error)?.code ?? 'internal'];
}

/** What is wrong with a word of the command line: the flag, what is wanted, and the value received. */
function describeWord(error: unknown): string {
  if (!(error instanceof ArgumentScannerError)) return String(error);
  return formatMessageForArgumentScannerError(error, {
    // Of all arguments only flags are parsed into something.
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: flag, exception }) =>
      `--${flag}: ${exception instanceof Error ? exception.message : String(exception)}`,
    EnumValidationError: ({ externalFlagName: flag, input, values }) =>
      `--${flag} must be one of ${values.join(', ')}, got '${input}'`,
  });
}

const application = buildApplication(routes, {
  name: 'c1m',
  scanner: { caseStyle: 'allow-kebab-for-camel' },
  documentation: { caseStyle: 'convert-camel-to-kebab', useAliasInUsageLine: false },
  localization: {
    loadText: () => ({
      ...text_en,
      exceptionWhileRunningCommand: describeError,
      exceptionWhileParsingArguments: (error) =>
        `error: ${inOneLine(describeWord(error))}\n  fix: see --help for what it takes`,
      noCommandRegisteredForInput: (args) =>
        `error: ${inOneLine(text_en.noCommandRegisteredForInput(args))}\n  fix: see c1m --help for the commands there are`,
    }),
  },
  determineExitCode: exitCodeOfError,
});

/** Runs one command line; the exit code is left in `context.process.exitCode`. */
export async function runCommandLine(words: readonly string[], context: LabContext): Promise<void> {
  const empty = words.find((word) => /^--[\w-]+=$/.test(word));
  if (empty !== undefined) {
    // The parser takes it for a word too many.
    const flag = empty.slice(0, -1);
    const error = new LabError('usage', `${flag} has no value`, `give one (${flag} VALUE), or remove ${flag}`);
    context.process.stderr.write(`${error.twoLines}\n`);
    context.process.exitCode = exitCodes.usage;
    return;
  }
  await run(application, words, context);
  const { exitCode } = context.process;
  if (exitCode === ExitCode.InvalidArgument || exitCode === ExitCode.UnknownCommand) {
    context.process.exitCode = exitCodes.usage;
  } else if (typeof exitCode === 'number' && exitCode < 0) {
    context.process.exitCode = exitCodes.internal;
  }
}
