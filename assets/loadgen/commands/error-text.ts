import { WorkloadError } from '../workload/workload-error.ts';
import { EnvironmentError, exitCodeOf, exitCodes, UsageError } from './exit-codes.ts';

const lineMost = 1000;

/** What helps where an error does not say it itself. */
const hints: Readonly<Record<number, string>> = {
  [exitCodes.usage]: 'npm run loadgen -- --help names every option',
  [exitCodes.environment]: 'check that this machine has it and that this user may use it',
  [exitCodes.failed]: 'see what the server and the load generator printed before that',
  [exitCodes.defect]: 'report this as a defect of the load generator, with the command line',
};

/**
 * An error as two lines: what failed, and what helps. On a host of the lab, whose commands' words go into a sentence about the whole
 * run, as one that begins with the host's name.
 */
export function errorText(message: string, hint: string | undefined, exitCode: number): string {
  const host = process.env['C1M_HOST'];
  if (host !== undefined) return `${host}: ${message}${hint === undefined ? '' : `; ${hint}`}\n`;
  return `error: ${message}\n  fix: ${hint ?? hints[exitCode] ?? hints[exitCodes.failed]}\n`;
}

/** What a thrown error is in words, and the exit code for it. */
export function describeThrown(error: unknown): { readonly text: string; readonly exitCode: number } {
  const exitCode = error instanceof WorkloadError ? exitCodes.usage : exitCodeOf(error);
  const isHinted = error instanceof WorkloadError || error instanceof UsageError || error instanceof EnvironmentError;
  return { text: errorText(inOneLine(error, exitCode), isHinted ? error.hint : undefined, exitCode), exitCode };
}

/** An error's message that a terminal cannot be confused by; a defect keeps its place. */
function inOneLine(error: unknown, exitCode: number): string {
  const isDefect = exitCode === exitCodes.defect;
  const text = error instanceof Error ? ((isDefect ? error.stack : undefined) ?? error.message) : String(error);
  const line = text.replaceAll(/\p{Cc}+/gu, (characters) => (isDefect ? ' ' : JSON.stringify(characters).slice(1, -1)));
  return line.length <= lineMost ? line : `${line.slice(0, lineMost)}…`;
}
