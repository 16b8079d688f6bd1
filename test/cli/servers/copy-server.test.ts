import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { copyServer } from '../../../lib/cli/servers/copy-server.ts';
import { serversFolder } from '../../../lib/cli/servers/server-folders.ts';
import { LabError } from '../../../lib/config/lab-error.ts';
import { readServer } from '../../../lib/config/servers.ts';

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'c1m new server-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function fails(copying: Promise<string>, problem: RegExp): Promise<void> {
  await assert.rejects(copying, (error) => {
    assert.ok(error instanceof LabError);
    assert.equal(error.code, 'usage');
    assert.match(error.message, problem);
    return true;
  });
}

describe('a new server', () => {
  test('is a folder that keeps the contract of a server folder under its own name', async (context) => {
    const folder = await copyServer('my-echo', temporaryFolder(context));
    const { description } = readServer(folder);
    assert.deepEqual([description.name, description.title], ['my-echo', 'my-echo']);
    assert.match(readFileSync(join(folder, 'README.md'), 'utf8'), /^# my-echo\n/);
    for (const name of ['build', 'start', 'server.js', 'package-lock.json']) {
      assert.equal(readFileSync(join(folder, name), 'utf8'), readFileSync(join(serversFolder, 'node', name), 'utf8'));
    }
    assert.ok(!readdirSync(folder).includes('node_modules'));
  });

  test('fails where something of that name is, and leaves it as it is', async (context) => {
    const parent = temporaryFolder(context);
    mkdirSync(join(parent, 'taken'));
    writeFileSync(join(parent, 'file'), 'mine');
    await fails(copyServer('taken', parent), /taken already exists/);
    await fails(copyServer('file', parent), /file already exists/);
    assert.deepEqual(readdirSync(join(parent, 'taken')), []);
    assert.ok(statSync(join(parent, 'file')).isFile());
  });

  test("fails for a name that is none, and for a lab server's", async (context) => {
    const parent = temporaryFolder(context);
    for (const name of ['', 'Echo', '9p', 'a/b', '..', 'with space', 'x'.repeat(41)]) {
      await fails(copyServer(name, parent), /cannot be a server's name/);
    }
    await fails(copyServer('node', parent), /the lab has a server 'node'/);
    assert.deepEqual(readdirSync(parent), []);
  });

  test('fails in a folder that is not there', async (context) => {
    const parent = join(temporaryFolder(context), 'nowhere');
    await fails(copyServer('my-echo', parent), /there is no folder .*nowhere/);
    assert.ok(!existsSync(parent));
  });
});
