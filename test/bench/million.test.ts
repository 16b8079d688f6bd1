import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const program = join(import.meta.dirname, '../../lib/bench/scale/million.ts');

test('bench:million says what --tls does, and in two lines what is wrong with a flag', () => {
  const { stdout, status } = spawnSync(process.execPath, [program, '--help'], { encoding: 'utf8' });
  assert.equal(status, 0);
  assert.match(stdout, /--connections N .*1\.2M, the default, or 300k, the default with --tls\n {2}--tls .*TLS/);
  const wrong = spawnSync(process.execPath, [program, '--tls', '--connections', 'many'], { encoding: 'utf8' });
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /^error: --connections: .*'many'.*\n {2}fix: .*\n$/);
});
