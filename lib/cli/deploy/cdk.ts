import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { LabError } from '../../config/lab-error.ts';
import type { LabContext } from '../context.ts';
import type { LabFlags } from '../flags/lab-flags.ts';

/** Where cdk.json lies, which names the CDK app: the project, or the package's `dist`, which is laid out alike. */
const appFolder = join(import.meta.dirname, '../../..');

/** How long the CDK command line may take to end when it is interrupted, in milliseconds. */
const endMillis = 10_000;

/** How a lab is told to the CDK app: the same flags, as its context. */
export function cdkContext({ lab, preset }: LabFlags, zone: string | undefined, workingFolder: string): string[] {
  const values = { lab: lab === undefined ? undefined : resolve(workingFolder, lab), preset, zone };
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : ['-c', `${key}=${value}`]));
}

/**
 * Runs the CDK command line in a region, prints the command and what it prints, and waits for its end. An interruption is passed on
 * to it once. Throws LabError `environment` when it is not installed, or fails.
 */
export async function runCdk(words: readonly string[], region: string, context: LabContext): Promise<void> {
  const program = context.cdkProgram ?? findCdk();
  const all = [...words, '--output', join(context.workingFolder, 'cdk.out'), '--no-notices'];
  const { stdout, stderr } = context.process;
  stderr.write(`$ cdk ${all.map(quoted).join(' ')}\n`);
  const child = spawn(process.execPath, [program, ...all], {
    cwd: appFolder,
    env: { ...process.env, AWS_REGION: region, AWS_DEFAULT_REGION: region, CDK_DISABLE_CLI_TELEMETRY: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: Ctrl-C reaches it through here, and not a second time from the terminal.
    detached: true,
  });
  const end = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It has ended by itself.
    }
  };
  const kill = (): void => end('SIGKILL');
  let deadline: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    end('SIGINT');
    deadline = setTimeout(kill, endMillis);
  };
  process.once('exit', kill);
  context.interrupted.addEventListener('abort', interrupt, { once: true });
  try {
    child.stdout.on('data', (chunk: Buffer) => stdout.write(chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => stderr.write(chunk.toString()));
    const code = await new Promise<number | null>((settle, fail) => child.once('error', fail).once('close', settle));
    if (code !== 0 && !context.interrupted.aborted) {
      throw new LabError(
        'environment',
        `cdk ${words[0] ?? ''} ended with exit code ${code ?? 'none'}`,
        'see its output above; then repeat the command, which continues where this stopped, or remove everything with c1m down --yes',
      );
    }
  } finally {
    clearTimeout(deadline);
    context.interrupted.removeEventListener('abort', interrupt);
    process.removeListener('exit', kill);
  }
}

/** The program of the package aws-cdk, which comes with a clone, and which a project that depends on this package installs beside it. */
function findCdk(): string {
  try {
    return createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
  } catch (error) {
    throw new LabError(
      'environment',
      'the CDK command line (the npm package aws-cdk) is not installed',
      'install it beside this package: npm install --save-dev aws-cdk',
      { cause: error },
    );
  }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
