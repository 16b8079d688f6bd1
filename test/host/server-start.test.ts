import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { flagsOf, layerEnvironment, parseListening } from '../../assets/host/programs/server-start.ts';
import { isAtLeast, versionIn } from '../../assets/host/programs/toolchain.ts';
import { serverUnitPrefix } from '../../assets/host/raw.ts';

describe('a server that starts', () => {
  test('listens once its line is whole', () => {
    const line = '{"event":"listening","port":8088,"server":"node","version":"8.23.0"}';
    assert.deepEqual(parseListening(`warming up\n${line}\n`), { version: '8.23.0' });
    assert.equal(parseListening(line.slice(0, -4)), null);
    assert.equal(parseListening('{"event":"stopped","port":8088}\n'), null);
  });

  test('gets the flags of its memory preset', () => {
    const flags = ['-Xmx1g', '-Xss256k'];
    const server = { name: 'x', memoryPresets: { modern: { flags, tlsFlags: ['-Xmx2g'] }, small: { flags } } };
    assert.equal(flagsOf(server, 'modern', false), '-Xmx1g -Xss256k');
    assert.equal(flagsOf(server, 'modern', true), '-Xmx1g -Xss256k -Xmx2g');
    assert.equal(flagsOf(server, 'small', true), '-Xmx1g -Xss256k');
    assert.throws(() => flagsOf(server, 'tiny', false), /no memory preset 'tiny'; it has modern, small/);
  });

  test('is told of the layers that it says it can, and never started with another', (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'c1m-layers-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const none = { isSecure: false, deflates: false };
    const server = { name: 'x', tls: true, deflate: true };
    assert.deepEqual(layerEnvironment(server, folder, none), {});
    const { C1M_TLS_CERT, C1M_TLS_KEY, ...rest } = layerEnvironment(server, folder, { isSecure: true, deflates: true });
    assert.deepEqual(
      [dirname(C1M_TLS_CERT ?? ''), dirname(C1M_TLS_KEY ?? ''), rest],
      [folder, folder, { C1M_DEFLATE: '1' }],
    );
    assert.throws(() => layerEnvironment({ name: 'x' }, folder, { ...none, isSecure: true }), /not say tls: true/);
    assert.throws(() => layerEnvironment({ name: 'x' }, folder, { ...none, deflates: true }), /not say deflate: true/);
  });
});

describe('a toolchain', () => {
  test('tells its version in whatever it prints', () => {
    assert.deepEqual(versionIn('go version go1.26.8 linux/amd64'), [1, 26, 8]);
    assert.deepEqual(versionIn('openjdk 25 2025-09-16'), [25]);
    assert.deepEqual(versionIn('v24.21.0'), [24, 21, 0]);
    assert.deepEqual(versionIn('\u001b[1mApache Maven 3.8.7\u001b[m\nMaven home: /usr/share/maven'), [3, 8, 7]);
  });

  test('is compared number by number', () => {
    assert.ok(isAtLeast([1, 26, 8], [1, 24]));
    assert.ok(isAtLeast([2], [1, 99]));
    assert.ok(!isAtLeast([1, 9], [1, 10]));
    assert.ok(isAtLeast([17, 0, 1], [17]));
  });
});

test('the host commands name the units of servers as TypeScript does', () => {
  const common = readFileSync(join(import.meta.dirname, '../../assets/host/common.sh'), 'utf8');
  assert.equal(/^export C1M_SERVER_UNITS=(.*)$/m.exec(common)?.[1], serverUnitPrefix);
});
