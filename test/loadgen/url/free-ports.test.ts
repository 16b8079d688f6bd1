import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { freePorts, portFinder } from '../../../assets/loadgen/commands/url/free-ports.ts';

const range = { first: 32_768, last: 60_999 };

describe('local ports that nobody asked for', () => {
  test('are a block that others leave free', () => {
    const { first, last } = freePorts(range, 10, (port) => port >= 45_000);
    assert.ok(first >= 45_000 && last <= range.last, `${first} to ${last}`);
    assert.equal(last - first, 1023);
  });

  test('are some block where none is free, and all there are where more are needed', () => {
    const { first, last } = freePorts(range, 1000, () => false);
    assert.ok(first >= range.first && last <= range.last && last - first === 1999, `${first} to ${last}`);
    assert.deepEqual(
      freePorts(range, 20_000, () => true),
      range,
    );
  });

  for (const address of ['127.0.0.1', '::1']) {
    test(`are not those that a socket of ${address} has`, async () => {
      const server = createServer().listen(0, address);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const isFree = portFinder({ address, ports: [9], path: '/' }, ['0.0.0.0']);
      assert.equal(isFree(port), false);
      server.close();
      await once(server, 'close');
      assert.equal(isFree(port), true);
    });
  }
});
