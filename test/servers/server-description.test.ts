import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listServers, readServer, ServerFolderError } from '../../lib/config/servers.ts';
import { schemaFile, serverJsonSchema } from './json-schema.ts';

const root = fileURLToPath(new URL('../../assets/servers', import.meta.url));

/** A copy of the node server's description in a temporary folder, changed by `change`, with both scripts. */
function folderWith(context: TestContext, change: (description: Record<string, unknown>) => void): string {
  const parent = mkdtempSync(join(tmpdir(), 'c1m-server-'));
  context.after(() => rmSync(parent, { recursive: true }));
  const folder = join(parent, 'node');
  mkdirSync(folder);
  const description: Record<string, unknown> = JSON.parse(readFileSync(join(root, 'node/server.json'), 'utf8'));
  change(description);
  writeFileSync(join(folder, 'server.json'), JSON.stringify(description));
  for (const script of ['build', 'start']) writeFileSync(join(folder, script), '#!/bin/sh\n', { mode: 0o755 });
  return folder;
}

function failsWith(folder: string, message: RegExp): void {
  assert.throws(
    () => readServer(folder),
    (error) => {
      assert.ok(error instanceof ServerFolderError);
      assert.match(error.message, message);
      return true;
    },
  );
}

describe('a server describes itself in server.json', () => {
  test('the published JSON Schema is the one the reader checks with', async () => {
    assert.equal(
      readFileSync(schemaFile, 'utf8'),
      await serverJsonSchema(),
      'run: node test/servers/json-schema.ts (writes server.schema.json anew)',
    );
  });

  test('every folder under assets/servers reads, sorted by name', () => {
    const names = listServers(root).map(({ description }) => description.name);
    assert.ok(names.includes('node'));
    assert.deepEqual(names, names.toSorted());
  });

  test('the arguments that print a version have a default', (context) => {
    const folder = folderWith(context, (description) => {
      description['requires'] = [{ command: 'node', minimumVersion: '24' }];
    });
    assert.deepEqual(readServer(folder).description.requires[0]?.versionArguments, ['--version']);
  });

  test('fails where server.json is missing, naming the file', (context) => {
    const folder = folderWith(context, () => {});
    rmSync(join(folder, 'server.json'));
    failsWith(folder, /node\/server\.json: cannot be read .*ENOENT/);
  });

  test('fails on broken JSON', (context) => {
    const folder = folderWith(context, () => {});
    writeFileSync(join(folder, 'server.json'), '{');
    failsWith(folder, /server\.json: not valid JSON/);
  });

  test("fails when the name is not the folder's", (context) => {
    const folder = folderWith(context, (description) => {
      description['name'] = 'other';
    });
    failsWith(folder, /name must be the folder's name 'node', got 'other'/);
  });

  test('fails on a missing, a wrong and an unknown field, naming each', (context) => {
    const folder = folderWith(context, (description) => {
      delete description['title'];
      description['homepage'] = 'ftp://x';
      description['colour'] = 'red';
    });
    failsWith(folder, /title: .*homepage: .*ftp:\/\/x.*colour: /s);
  });

  test('fails on a flag that holds a space, which C1M_FLAGS could not carry', (context) => {
    const folder = folderWith(context, (description) => {
      description['memoryPresets'] = { modern: { flags: ['-a b'], note: 'x' } };
    });
    failsWith(folder, /memoryPresets\.modern\.flags\.0: /);
  });

  test('fails when a script is missing or not executable', (context) => {
    const folder = folderWith(context, () => {});
    chmodSync(join(folder, 'start'), 0o644);
    failsWith(folder, /start: not executable; run chmod/);
    rmSync(join(folder, 'start'));
    failsWith(folder, /start: missing/);
  });
});

test('docs/servers.md shows the node server as it is', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/servers.md', import.meta.url)), 'utf8');
  assert.ok(page.includes(readFileSync(join(root, 'node/server.js'), 'utf8')));
});
