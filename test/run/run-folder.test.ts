import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { LabError } from '../../lib/config/lab-error.ts';
import { makeRunFolder } from '../../lib/run/run-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'c1mlab-run-folder-'));
after(() => rmSync(folder, { recursive: true }));

/** Checks that the folder of a run is refused as one that cannot be written to. */
async function refuses(path: string, reason: RegExp): Promise<void> {
  await assert.rejects(makeRunFolder(path), (error) => {
    assert.ok(error instanceof LabError);
    assert.equal(error.code, 'environment');
    assert.match(error.message, /^results cannot be written to /);
    assert.match(error.message, reason);
    assert.match(error.hint, /--out/);
    return true;
  });
}

describe('the folder of a run', () => {
  test('is made with those above it, and may be there already', async () => {
    const path = join(folder, 'results/of/a-run');
    await makeRunFolder(path);
    await makeRunFolder(path);
    assert.ok(statSync(path).isDirectory());
  });

  test('fails below a file', async () => {
    writeFileSync(join(folder, 'file'), '');
    await refuses(join(folder, 'file'), /EEXIST/);
    await refuses(join(folder, 'file/a-run'), /ENOTDIR/);
  });

  // Node's recursive mkdir goes round for ever in these two.
  test('fails below a link to nowhere', { timeout: 10_000 }, async () => {
    symlinkSync('/no/such/disk', join(folder, 'link'));
    await refuses(join(folder, 'link/a-run'), /ENOENT/);
  });

  test('fails where the system takes no folder', { timeout: 10_000 }, async () => {
    await refuses('/proc/c1mlab/a-run', /ENOENT/);
  });
});
