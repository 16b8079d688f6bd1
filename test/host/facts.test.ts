import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseTuningLine, satisfies } from '../../assets/host/programs/facts.ts';

describe('a tuned value', () => {
  test('is read from a line of tuning.conf', () => {
    assert.deepEqual(parseTuningLine('atleast net.core.somaxconn = 65535'), {
      operator: 'atleast',
      key: 'net.core.somaxconn',
      wanted: '65535',
    });
    assert.deepEqual(parseTuningLine('set net.ipv4.tcp_rmem = 4096 87380 4161536')?.wanted, '4096 87380 4161536');
  });

  test('fails to be read from anything else', () => {
    for (const line of ['', '# comment', 'net.core.somaxconn=1', 'raise a = 1'])
      assert.equal(parseTuningLine(line), null);
  });

  test('set means the same numbers, however they are separated', () => {
    assert.ok(satisfies('set', '1024 65535', '1024\t65535'));
    assert.ok(!satisfies('set', '1024 65535', '32768\t60999'));
    assert.ok(!satisfies('set', '4096 87380 4161536', '4096 87380'));
  });

  test('atleast accepts what is higher, number by number, beyond 2^53 too', () => {
    assert.ok(satisfies('atleast', '2000000', '9223372036854775807'));
    assert.ok(satisfies('atleast', '100 200', '100 300'));
    assert.ok(!satisfies('atleast', '100 200', '1000 199'));
    assert.ok(!satisfies('atleast', '100', 'unlimited'));
  });
});
