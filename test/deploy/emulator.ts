import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const projectFolder = join(import.meta.dirname, '../..');
const requirements = join(import.meta.dirname, 'requirements.txt');

/** Python with the emulator installed, or why there is none here. */
export type Python = { readonly program: string } | { readonly missing: string };

/**
 * A virtual environment under .cache with the pinned emulator, made when it is missing. Throws when pip fails for another reason
 * than a registry that cannot be reached.
 */
export function emulatorPython(): Python {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(projectFolder, '.cache', `moto-${hash}`);
  const program = join(folder, 'bin', 'python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return { program };
  rmSync(folder, { recursive: true, force: true });
  const made = spawnSync('python3', ['-m', 'venv', folder], { encoding: 'utf8' });
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    return { missing: 'python3 with venv and pip is not installed' };
  }
  const options = ['--quiet', '--disable-pip-version-check', '--retries', '2', '--requirement', requirements];
  const installed = spawnSync(program, ['-m', 'pip', 'install', ...options], { encoding: 'utf8' });
  if (installed.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    if (/connection|timed? ?out|name resolution|proxy|ssl/i.test(installed.stderr)) {
      return { missing: "Python's package registry cannot be reached" };
    }
    throw new Error(`pip install --requirement ${requirements} failed:\n${installed.stderr}`);
  }
  writeFileSync(complete, '');
  return { program };
}

/** A running emulator of AWS. */
export interface Emulator {
  /** `http://localhost:PORT`; by address, moto would take the template's bucket for another. */
  readonly endpoint: string;
  /** Ends the emulator and waits for its end. */
  readonly stop: () => Promise<void>;
}

/** Starts the emulator on a free port; what it logs goes to `logFile`. It cannot outlive this process: it ends with the pipe between them. */
export async function startEmulator(program: string, logFile: string): Promise<Emulator> {
  const child = spawn(program, [join(import.meta.dirname, 'emulator.py')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1' },
  });
  child.stderr.pipe(createWriteStream(logFile));
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const port = await Promise.race([
    once(lines, 'line').then(([line]) => Number(line)),
    ended.then(() => {
      throw new Error(`the emulator did not start:\n${readFileSync(logFile, 'utf8')}`);
    }),
  ]);
  return {
    endpoint: `http://localhost:${port}`,
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/**
 * The environment for a program that must see the emulator for AWS, and nothing else of AWS: no profile, no credentials but false
 * ones, no metadata service. Throws when the endpoint is not on this machine.
 */
export function emulatedAws(endpoint: string, home: string): Record<string, string> {
  if (new URL(endpoint).hostname !== 'localhost') throw new Error(`the endpoint must be on localhost, got ${endpoint}`);
  return {
    PATH: `${join(projectFolder, 'node_modules/.bin')}:${process.env['PATH']}`,
    HOME: home,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(home, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'no-credentials'),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  };
}

/** Where the emulated lab is. */
export const region = 'us-east-1';
