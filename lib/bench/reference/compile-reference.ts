import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Whether this machine has a C compiler. */
export function hasCompiler(): boolean {
  return spawnSync('cc', ['--version']).status === 0;
}

/** Compiles a program of this folder into another one; the path of what was made. Throws with what the compiler said. */
export function compileReference(name: 'reference-client' | 'reference-server', folder: string): string {
  const source = join(import.meta.dirname, `${name}.c`);
  const program = join(folder, name);
  const { status, stderr } = spawnSync('cc', ['-O2', '-o', program, source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc could not compile ${source}: ${stderr}`);
  return program;
}
