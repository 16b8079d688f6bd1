import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startWith } from '../integration/lab-process.ts';

const projectFolder = join(import.meta.dirname, '../..');
const requirements = join(import.meta.dirname, 'requirements.txt');

/** Python with the emulator installed, or why there is none here. */
export type Python = { readonly program: string } | { readonly missing: string };

/**
 * A virtual environment under .cache with the pinned emulator, made when it is missing, by one process at a time: test files run
 * beside each other. Throws when pip fails for another reason than a registry that cannot be reached.
 */
export function emulatorPython(): Python {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const cache = join(projectFolder, '.cache');
  const folder = join(cache, `moto-${hash}`);
  mkdirSync(cache, { recursive: true });
  const made = spawnSync('flock', [`${folder}.lock`, 'sh', '-c', makeEnvironment, 'sh', folder, requirements], {
    encoding: 'utf8',
  });
  if (made.status === 0) return { program: join(folder, 'bin', 'python') };
  if (made.status === noVenv) return { missing: 'python3 with venv and pip is not installed' };
  if (/connection|timed? ?out|name resolution|proxy|ssl/i.test(made.stderr)) {
    return { missing: "Python's package registry cannot be reached" };
  }
  throw new Error(`pip install --requirement ${requirements} failed:\n${made.stderr}`);
}

const noVenv = 3;

/** Shell text; $1 is the environment's folder, $2 the list of packages. A folder without the file `complete` is begun again. */
const makeEnvironment = `
  if [ -e "$1/complete" ]; then exit 0; fi
  rm -rf "$1"
  python3 -m venv "$1" || exit ${noVenv}
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check --retries 2 --requirement "$2" || exit 1
  : > "$1/complete"
`;

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
export function emulatedAws(endpoint: string, home: string): NodeJS.ProcessEnv {
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
    // The CDK takes seconds to compile, and to validate what other tests validate.
    CDK_VALIDATION: 'false',
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
  };
}

/** Runs the real CDK command line against the emulator, to its end; it synthesizes into `cdk.out` in the folder. */
export async function runCdk(endpoint: string, folder: string, ...words: readonly string[]): Promise<string> {
  const output = ['--no-notices', '--output', join(folder, 'cdk.out')];
  const run = startWith(emulatedAws(endpoint, folder), 'cdk', ...words, ...output);
  const { code } = await run.ended;
  const printed = run.stdout() + run.stderr();
  assert.equal(code, 0, `cdk ${words.join(' ')}\n${printed}`);
  return printed;
}

/** Where the emulated lab is. */
export const region = 'us-east-1';
