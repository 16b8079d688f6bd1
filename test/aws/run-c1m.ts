import { runCommandLine } from '../../lib/cli/app.ts';
import type { LabContext } from '../../lib/cli/context.ts';
import type { FakeAws } from './fake-aws.ts';

/** What a command line printed, and how it ended. */
export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line of c1m in this process against a fake AWS, at noon of 2026-11-22. */
export async function runC1m(
  words: readonly string[],
  aws: FakeAws,
  workingFolder = '/',
  more: Partial<LabContext> = {},
): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  const process = {
    stdout: { write: (text: string) => void (stdout += text) },
    stderr: { write: (text: string) => void (stderr += text) },
    exitCode: undefined as number | string | null | undefined,
  };
  await runCommandLine(words, {
    process,
    workingFolder,
    interactive: false,
    columns: 120,
    interrupted: new AbortController().signal,
    now: () => new Date('2026-11-22T12:00:00Z'),
    random: () => 0.5,
    aws: aws.access,
    ...more,
  });
  return { exitCode: Number(process.exitCode ?? 0), stdout, stderr };
}
