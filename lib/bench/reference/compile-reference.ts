import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Whether this machine has a C compiler. */
export function hasCompiler(): boolean {
  return spawnSync('cc', ['--version']).status === 0;
}

/** The version of the OpenSSL that programs in C can be linked with here; null where there are no headers of one. */
export function openSslVersion(): string | null {
  const { stdout, status } = spawnSync('pkg-config', ['--modversion', 'openssl'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/** Where a program in C has its TLS from: it has none, it is linked with the system's OpenSSL, or it finds that of the Node that loads it. */
export type ReferenceTls = 'none' | 'system' | 'node';

const tlsFlags: Readonly<Record<ReferenceTls, readonly string[]>> = {
  none: [],
  system: ['-DTLS', '-lssl', '-lcrypto'],
  node: ['-DTLS', '-shared', '-fPIC'],
};

/**
 * Compiles a program of this folder into another one; the path of what was made, with TLS from Node a library. Throws with what the
 * compiler said.
 */
export function compileReference(
  name: 'reference-client' | 'reference-server',
  folder: string,
  tls: ReferenceTls = 'none',
): string {
  const source = join(import.meta.dirname, `${name}.c`);
  const program = join(folder, `${name}-${tls}`);
  const flags = tlsFlags[tls];
  const { status, stderr } = spawnSync('cc', ['-O2', '-o', program, source, ...flags], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc could not compile ${source}: ${stderr}`);
  return program;
}
