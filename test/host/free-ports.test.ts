import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { firstPortInUse } from '../../assets/host/programs/free-ports.ts';

test('the first port in use is found among several, and none once it is free', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  try {
    assert.deepEqual(await firstPortInUse('127.0.0.1', port, 1), { port, reason: 'EADDRINUSE' });
  } finally {
    holder.close();
  }
  await once(holder, 'close');
  assert.equal(await firstPortInUse('127.0.0.1', port, 1), null);
});

test('fails for an address that is not this host’s', async () => {
  assert.equal((await firstPortInUse('192.0.2.1', 20_000, 1))?.reason, 'EADDRNOTAVAIL');
});
