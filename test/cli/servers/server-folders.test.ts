import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { copyServer } from '../../../lib/cli/servers/copy-server.ts';
import { chooseServers, knownServers, serversFolder } from '../../../lib/cli/servers/server-folders.ts';

const known = knownServers();
const chosen = (items: readonly string[], workingFolder: string): readonly (readonly [string, string | null])[] =>
  chooseServers(known, items, workingFolder).map(({ description, outsideFolder }) => [description.name, outsideFolder]);

describe('servers chosen on a command line', () => {
  test('are names and folders mixed, in that order, folders relative to where the user is', async (context) => {
    const parent = mkdtempSync(join(tmpdir(), 'c1m chosen-'));
    context.after(() => rmSync(parent, { recursive: true }));
    const folder = await copyServer('mine', parent);
    const expected = [
      ['mine', folder],
      ['node', null],
    ];
    for (const item of ['./mine', './mine/', `../${parent.split('/').at(-1)}/mine`, folder]) {
      assert.deepEqual(chosen([item, 'node'], parent), expected, item);
    }
    assert.deepEqual(chosen(['.'], folder), [['mine', folder]]);
  });

  test("take the folder of a lab's own server for its name", () => {
    assert.deepEqual(chosen(['./node'], serversFolder), [['node', null]]);
  });

  test('are all that the lab has when none is named', () => {
    const names = chooseServers(known, undefined, '/').map(({ description }) => description.name);
    assert.deepEqual(
      names,
      known.map(({ description }) => description.name),
    );
  });
});
