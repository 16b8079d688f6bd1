import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LabError } from '../config/lab-error.ts';
import { readServer, type ServerDescription } from '../config/servers.ts';

const root = join(import.meta.dirname, '../..');
/** Characters of a build's output that are kept. */
const outputMost = 65_536;
const toolchain = join(root, 'assets/host/programs/toolchain.ts');

/** A server that can be started: its source folder, what it says of itself, and where it was built. */
export interface BuiltServer {
  readonly source: string;
  readonly build: string;
  readonly description: ServerDescription;
}

/** Which toolchain this server lacks here, as one line, or null when none (building finds out what else is wrong). */
export function missingToolchain(source: string): string | null {
  const result = spawnSync('node', [toolchain, 'missing', join(source, 'server.json')], { encoding: 'utf8' });
  return result.status === 3 ? result.stdout.trim() : null;
}

/** A build that ended with the contract's exit code 3: a toolchain is missing, which the message says. */
export class BuildSkipped extends Error {
  override readonly name = 'BuildSkipped';
}

/** The built server. Throws LabError `environment` when it cannot be built here. */
export async function buildOrThrow(source: string): Promise<BuiltServer> {
  const toolchains = 'sh bin/install-toolchains.sh installs what is available (docs/servers.md, Toolchains)';
  const missing = missingToolchain(source);
  if (missing !== null) throw new LabError('environment', missing, toolchains);
  try {
    return await buildServer(source);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof BuildSkipped ? toolchains : `fix ${join(source, 'build')}; its output is above`;
    throw new LabError('environment', message, hint, { cause: error });
  }
}

/**
 * Builds a server under .cache/servers, unless what is there was made from the same files. Throws {@link BuildSkipped} when
 * a toolchain is missing, and an error with the end of the build's output when it fails.
 */
export async function buildServer(source: string): Promise<BuiltServer> {
  const { description } = readServer(source);
  const build = join(root, '.cache/servers', description.name);
  const home = join(root, '.cache/home');
  const stamp = `${build}.stamp`;
  const digest = sourceDigest(source);
  if (readIfThere(stamp) !== digest) {
    rmSync(stamp, { force: true });
    rmSync(build, { recursive: true, force: true });
    mkdirSync(build, { recursive: true });
    mkdirSync(home, { recursive: true });
    // The rest is passed on: proxies and certificates of package registries are set there.
    const { code, output } = await runBuild(source, { ...process.env, HOME: home, C1M_BUILD: build });
    if (code !== 0) {
      if (code === 3) throw new BuildSkipped(`${description.name}: ${output.split('\n').at(-1) ?? ''}`);
      throw new Error(`${description.name}: build failed:\n${output.split('\n').slice(-30).join('\n')}`);
    }
    writeFileSync(stamp, digest);
  }
  return { source, build, description };
}

/** Runs a server's build, which ends with this process; its exit code (null: a signal, or it could not be started), and the end of its output. */
async function runBuild(
  source: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: number | null; readonly output: string }> {
  // In a process group of its own: what a build starts ends with it.
  const child = spawn(join(source, 'build'), {
    cwd: source,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  process.once('exit', kill);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-outputMost)));
  }
  try {
    return await new Promise((resolve) => {
      child.once('error', (error) => resolve({ code: null, output: String(error) }));
      child.once('close', (code) => resolve({ code, output: output.trim() }));
    });
  } finally {
    process.off('exit', kill);
  }
}

/** A digest of every file of the folder, and of the scripts beside it that several servers share. */
function sourceDigest(source: string): string {
  const hash = createHash('sha256');
  hash.update(source);
  const shared = readdirSync(dirname(source))
    .filter((name) => name.endsWith('.sh'))
    .map((name) => join(dirname(source), name));
  const own = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.split('/').includes('node_modules'))
    .map((name) => join(source, name));
  for (const file of [...own, ...shared].sort()) {
    const status = statSync(file);
    if (status.isFile()) hash.update(`\0${basename(file)}\0${status.mode}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
