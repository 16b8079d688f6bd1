import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeKeys } from '../../assets/loadgen/websocket/keys.ts';

const worker = join(import.meta.dirname, '../../assets/loadgen/worker/worker.ts');

test('a load process handles an order that came in the same write as its first one', { timeout: 30_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'c1mlab-orders-'));
  const file = join(folder, 'loadgen-0.json');
  const start = {
    type: 'publisher',
    host: 'load-1',
    process: 0,
    // Without a port it never touches the network, which is enough here.
    target: { address: '127.0.0.1', ports: [], path: '/publish' },
    source: '127.0.0.1',
    keys: makeKeys(),
  };
  const orders = [start, { type: 'collect', file }, { type: 'stop' }];
  const child = spawn(process.execPath, ['--no-warnings', worker], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    let reports = '';
    child.stdout.on('data', (chunk: Buffer) => (reports += chunk.toString()));
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.stdin.write(orders.map((order) => `${JSON.stringify(order)}\n`).join(''));
    assert.equal(await ended, 0);
    assert.match(reports, /"type":"collected"/);
    assert.ok(existsSync(file));
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});
