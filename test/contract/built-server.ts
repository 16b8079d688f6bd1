import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readServer, type ServerDescription } from '../../lib/config/servers.ts';

const root = join(import.meta.dirname, '../..');
const toolchain = join(root, 'assets/host/programs/toolchain.ts');

/** A server that can be started: its source folder, what it says of itself, and where it was built. */
export interface BuiltServer {
  readonly source: string;
  readonly build: string;
  readonly description: ServerDescription;
}

/** The folder of a server given by name (of assets/servers) or by path. */
export function serverFolder(nameOrPath: string): string {
  return resolve(nameOrPath.includes('/') ? nameOrPath : join(root, 'assets/servers', nameOrPath));
}

/** Which toolchain this server lacks here, as one line, or null when none (what else may be wrong, building tells). */
export function missingToolchain(source: string): string | null {
  const result = spawnSync('node', [toolchain, 'missing', join(source, 'server.json')], { encoding: 'utf8' });
  return result.status === 3 ? result.stdout.trim() : null;
}

/** A build that ended with the contract's exit code 3: a toolchain is missing, which the message says. */
export class BuildSkipped extends Error {
  override readonly name = 'BuildSkipped';
}

/** The built server, or as one line why it cannot be built here for want of a toolchain. Throws as {@link buildServer} else. */
export function buildUnlessSkipped(source: string): BuiltServer | string {
  const missing = missingToolchain(source);
  if (missing !== null) return missing;
  try {
    return buildServer(source);
  } catch (error) {
    if (error instanceof BuildSkipped) return error.message;
    throw error;
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
