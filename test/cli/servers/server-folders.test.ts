import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { copyServer } from '../../../lib/cli/servers/copy-server.ts';
import { LabError } from '../../../lib/config/lab-error.ts';
import { chooseServers, defaultServers, knownServers, serversFolder } from '../../../lib/cli/servers/server-folders.ts';

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

  test('are all of the lab for `all`, and all of a language for its name in upper or lower case', () => {
    const all = known.map(({ description }) => description.name);
    assert.deepEqual(
      chosen(['all'], '/').map(([name]) => name),
      all,
    );
    const java = known.filter(({ description }) => description.language === 'Java');
    for (const word of ['java', 'JAVA']) {
      assert.deepEqual(
        chosen([word], '/').map(([name]) => name),
        java.map(({ description }) => description.name),
      );
    }
  });

  test('are each there once when a language and a name both mean it', () => {
    const names = chosen(['javascript', 'vertx', 'java', 'node'], '/').map(([name]) => name);
    assert.deepEqual([...new Set(names)], names);
    assert.ok(names.indexOf('vertx') < names.indexOf('netty'), `vertx keeps its place: ${names.join()}`);
    const everything = chosen(['netty', 'all'], '/').map(([name]) => name);
    assert.equal(everything[0], 'netty');
    assert.equal(everything.length, known.length);
  });

  test('are by name where a word is both a name and a language', () => {
    assert.deepEqual(chosen(['go'], '/'), [['go', null]]);
    assert.ok(chosen(['Go'], '/').length > 1);
  });

  test('are five when a run names none, all of which there are', () => {
    assert.deepEqual(
      chosen(defaultServers, '/').map(([name]) => name),
      ['node', 'go', 'netty', 'undertow', 'spray'],
    );
  });

  test('cannot be of a name or language that is not there: names and languages are listed', () => {
    assert.throws(
      () => chosen(['node', 'cobol'], '/'),
      (error) => {
        assert.ok(error instanceof LabError);
        assert.deepEqual([error.code, error.message], ['usage', "there is no server 'cobol'"]);
        assert.match(error.hint ?? '', /\bnetty\b.*\bJavaScript\b/);
        return true;
      },
    );
  });
});
