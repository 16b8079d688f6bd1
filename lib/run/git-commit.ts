import { execFileSync } from 'node:child_process';

/** The commit this lab runs from, marked `-dirty` when files differ from it; null outside a clone or without git. */
export function gitCommit(): string | null {
  try {
    const git = (...words: string[]): string =>
      execFileSync('git', words, {
        cwd: import.meta.dirname,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    return `${git('rev-parse', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '-dirty'}`;
  } catch {
    return null;
  }
}
