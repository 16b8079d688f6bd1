import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gitCommit } from '../../lib/run/git-commit.ts';

test('a commit is marked when files of the lab differ from it, and not for pages of docs', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'c1m-commit-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const git = (...words: string[]): string => execFileSync('git', words, { cwd: folder, encoding: 'utf8' }).trim();
  const change = (file: string): void => writeFileSync(join(folder, file), `${file} ${Math.random()}\n`);
  git('init', '--quiet');
  for (const name of ['lib', 'docs']) mkdirSync(join(folder, name));
  for (const file of ['lib/one', 'docs/page']) change(file);
  git('add', '--all');
  git('-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '--message', 'first');
  const commit = git('rev-parse', 'HEAD');
  const inside = join(folder, 'lib');
  assert.equal(gitCommit(inside), commit);
  for (const file of ['docs/page', 'docs/new']) change(file);
  assert.equal(gitCommit(inside), commit);
  change('lib/one');
  assert.equal(gitCommit(inside), `${commit}-dirty`);
});
