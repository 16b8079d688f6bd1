import { execFileSync } from 'node:child_process';

/**
 * The commit this lab runs from, marked `-dirty` when files differ from it; null outside a clone or without git. Files of docs do not
 * count: no run depends on them, and a benchmark that keeps its result there must not mark the next one.
 */
export function gitCommit(folder: string = import.meta.dirname): string | null {
  try {
    const git = (...words: string[]): string =>
      execFileSync('git', words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const changed = git('status', '--porcelain', '--', ':(top)', ':(top,exclude)docs');
    return `${git('rev-parse', 'HEAD')}${changed === '' ? '' : '-dirty'}`;
  } catch {
    return null;
  }
}
