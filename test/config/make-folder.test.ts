import assert from 'node:assert/strict';
import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeFolder } from '../../lib/config/system/make-folder.ts';
import { startProgram, withFolder } from '../integration/lab-process.ts';

describe('a folder is made', () => {
  test('with those above it, by several at once, and may be there already', async () => {
    await withFolder(async (folder) => {
      const leaves = ['one', 'two', 'two', 'three'].map((name) => join(folder, 'above', 'between', name));
      await Promise.all(leaves.map(makeFolder));
      await makeFolder(leaves[0]!);
      assert.ok(leaves.every((leaf) => statSync(leaf).isDirectory()));
    });
  });

  // Node's own recursive mkdir goes round for ever in these.
  test('or refused: below a file, a link to nowhere, and a process that has ended', { timeout: 10_000 }, async () => {
    await withFolder(async (folder) => {
      writeFileSync(join(folder, 'file'), '');
      symlinkSync('/no/such/disk', join(folder, 'link'));
      const { child, ended } = startProgram('true');
      await ended;
      await assert.rejects(makeFolder(join(folder, 'file/a')), { code: 'ENOTDIR' });
      await assert.rejects(makeFolder(join(folder, 'link/a')), { code: 'ENOENT' });
      await assert.rejects(makeFolder(`/proc/${child.pid}/root/opt/a`), { code: 'ENOENT' });
    });
  });
});
