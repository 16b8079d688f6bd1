import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LabError } from '../config/lab-error.ts';
import { readServer, type ServerDescription } from '../config/servers.ts';

const root = join(import.meta.dirname, '../..');
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
export function buildOrThrow(source: string): BuiltServer {
  const toolchains = 'sh bin/install-toolchains.sh installs what is available (docs/servers.md, Toolchains)';
  const missing = missingToolchain(source);
  if (missing !== null) throw new LabError('environment', missing, toolchains);
  try {
    return buildServer(source);
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
export function buildServer(source: string): BuiltServer {
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
    const result = spawnSync(join(source, 'build'), {
      cwd: source,
      // The rest is passed on: proxies and certificates of package registries are set there.
      env: { ...process.env, HOME: home, C1M_BUILD: build },
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    if (result.status !== 0) {
      const output = `${result.stdout}${result.stderr}${result.error ? String(result.error) : ''}`.trim();
      if (result.status === 3) throw new BuildSkipped(`${description.name}: ${output.split('\n').at(-1) ?? ''}`);
      throw new Error(`${description.name}: build failed:\n${output.split('\n').slice(-30).join('\n')}`);
    }
    writeFileSync(stamp, digest);
  }
  return { source, build, description };
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
