import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { serversFolder } from '../../lib/cli/servers/server-folders.ts';
import { until } from '../until.ts';

const program = join(import.meta.dirname, '../../bin/c1m.ts');
const folder = mkdtempSync(join(tmpdir(), 'c1mlab-verify-'));
after(() => rmSync(folder, { recursive: true }));

function verify(...words: readonly string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'verify', ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, error: stderr };
}

/** A server folder whose `build` is this script. */
function makeServer(name: string, build: string): void {
  const made = join(folder, name);
  cpSync(join(serversFolder, 'node'), made, { recursive: true });
  const description: object = JSON.parse(readFileSync(join(made, 'server.json'), 'utf8')) as object;
  writeFileSync(join(made, 'server.json'), JSON.stringify({ ...description, name, title: name }));
  writeFileSync(join(made, 'build'), `#!/bin/sh\n${build}\n`);
}

describe('c1m verify', () => {
  test('fails in two lines with exit code 2 on what it does not take', () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['node', '--cases', 'ping'], /^error: .*--cases.*\n {2}fix: .*--help/],
      [['node', '--case'], /^error: .*--case.*\n {2}fix: /],
      [['node', '--case', 'pong'], /^error: there is no case 'pong'\n {2}fix: choose from .*\bping\b/],
      [[], /^error: .*server.*\n {2}fix: /],
      [['nodee'], /^error: there is no server 'nodee'\n {2}fix: choose from .*\bnode\b/],
      [['./nothing'], /^error: .*nothing.*\n {2}fix: docs\/servers\.md/],
      [['.'], /^error: .*server\.json.*\n {2}fix: docs\/servers\.md/],
    ];
    for (const [words, expected] of wrong) {
      const { code, error } = verify(...words);
      assert.match(error, expected);
      assert.equal(error.split('\n').length, 3, error);
      assert.equal(code, 2);
    }
  });

  test('names only the ways in which the chosen cases are checked', () => {
    const { code, out, error } = verify('node', '--case', 'ping');
    assert.equal(code, 0, error);
    assert.match(out, /✔ ping[^]*^over TLS$[^]*✔ ping/m);
    assert.doesNotMatch(out, /^compressed$/m);
  });

  test('leaves no server behind when it is killed', async () => {
    makeServer('lasting', 'true');
    const file = join(folder, 'pid');
    writeFileSync(
      join(folder, 'lasting/start'),
      `#!/bin/sh\necho $$ >'${file}.new'\nmv '${file}.new' '${file}'\nexec sleep 1000\n`,
    );
    const command = spawn(process.execPath, [program, 'verify', './lasting', '--case', 'ping'], { cwd: folder });
    await until('the server to start', () => existsSync(file));
    const status = `/proc/${readFileSync(file, 'utf8').trim()}/status`;
    // Where nothing takes up orphans, one that has ended stays as a zombie.
    const runs = (): boolean => existsSync(status) && !/^State:\s+Z/m.test(readFileSync(status, 'utf8'));
    assert.ok(runs());
    command.kill('SIGKILL');
    await until('the server to end', () => !runs());
  });

  test('fails with exit code 3 for a server that cannot be built, and shows what its build printed', () => {
    makeServer('unbuildable', 'echo "no such header"; exit 7');
    makeServer('toolless', 'echo "it needs a compiler"; exit 3');
    const { code, error } = verify('./unbuildable', './toolless', '--case', 'ping');
    assert.equal(code, 3);
    assert.match(error, /^error: unbuildable: build failed: .*no such header\n {2}fix: fix .*unbuildable\/build/);
    assert.match(error, /\nerror: toolless: it needs a compiler\n {2}fix: sh bin\/install-toolchains\.sh/);
  });
});
