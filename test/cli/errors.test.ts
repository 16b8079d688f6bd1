import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { withFolder } from '../integration/lab-process.ts';
import { runFiles, writeFiles } from '../results/synthetic-run.ts';

const program = join(import.meta.dirname, '../../bin/c1m.ts');

/** What `c1m` says of these words, once it is seen to be two lines without a stack, and its exit code. */
function refusal(code: number, ...words: readonly string[]): string {
  const { status, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, code, stderr);
  const lines = stderr.trimEnd().split('\n').slice(-2);
  assert.match(lines[0] ?? '', /^error: /, stderr);
  assert.match(lines[1] ?? '', /^ {2}fix: ./, stderr);
  assert.doesNotMatch(stderr, /\n\s+at |error in the lab itself/);
  return lines.join('\n');
}

describe('what a user can cause is two true lines', () => {
  test('a value with control characters shows them as escapes, and a long one is cut', () => {
    assert.match(refusal(2, 'run', '--local', '--servers', 'a\u001b[31mb\u0001c'), /'a\\x1b\[31mb\\x01c'/);
    const text = refusal(2, 'run', '--local', '--servers', 'x'.repeat(100_000));
    assert.match(text, /… \(100002 characters\)/);
    assert.ok(text.length < 2000, `${text.length}`);
  });

  test('a flag without its value is named', () => {
    assert.match(refusal(2, 'run', '--local', '--servers='), /--servers has no value/);
  });

  test('a URL with a fragment is refused for that', () => {
    assert.match(refusal(2, 'run', '--url', 'ws://127.0.0.1:1/#f'), /ends with a fragment/);
  });

  test('a device, a named pipe and a folder are no files', async () => {
    assert.match(refusal(2, 'cost', '--lab', '/dev/zero'), /\/dev\/zero is a device/);
    await withFolder(async (folder) => {
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      assert.match(refusal(2, 'cost', '--lab', pipe), /pipe is a named pipe/);
      assert.match(refusal(2, 'cost', '--lab', folder), /is a folder/);
    });
  });

  test('a server’s start that is a link to itself is named', async () => {
    await withFolder(async (folder) => {
      const server = join(folder, 'node-two');
      cpSync(join(import.meta.dirname, '../../assets/servers/node'), server, { recursive: true });
      execFileSync('sed', ['-i', 's/"name": "node"/"name": "node-two"/', join(server, 'server.json')]);
      rmSync(join(server, 'start'));
      symlinkSync('start', join(server, 'start'));
      assert.match(refusal(2, 'run', '--local', '--servers', server), /start: cannot be used \(ELOOP/);
    });
  });

  test('a folder where the result should be, and a measurement.json that is a pipe, are named', async () => {
    await withFolder(async (folder) => {
      await writeFiles(folder, runFiles({ servers: ['node'] }));
      const record = join(folder, 'raw/node/measurement.json');
      rmSync(record);
      execFileSync('mkfifo', [record]);
      const reported = spawnSync(process.execPath, [program, 'report', folder], { encoding: 'utf8', timeout: 60_000 });
      assert.equal(reported.status, 4, reported.stderr);
      assert.match(reported.stdout.replaceAll(/\s+/g, ' '), /measurement\.json is a named pipe/);
      rmSync(join(folder, 'result.json'));
      mkdirSync(join(folder, 'result.json'));
      assert.match(refusal(3, 'report', folder), /EISDIR.*\n {2}fix: a folder stands where a file should be/);
    });
  });
});
