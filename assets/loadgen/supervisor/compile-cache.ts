import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where Node keeps the workers' programs, stripped of their types and compiled: without it every worker would load the
 * TypeScript compiler, which takes 100 ms and 30 MB each. NODE_COMPILE_CACHE when it is set, else a folder in the
 * node_modules that the load generator uses; null when there is none.
 */
export function compileCacheFolder(): string | null {
  const given = process.env['NODE_COMPILE_CACHE'];
  if (given !== undefined && given !== '') return given;
  const modules = dirname(dirname(fileURLToPath(import.meta.resolve('koffi'))));
  const folder = join(modules, '.cache', 'c1mlab-loadgen');
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch {
    return null;
  }
}
