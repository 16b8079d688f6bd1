import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setInJson } from '../../lib/config/set-in-json.ts';

const path = ['network', 'availabilityZone'];
const set = (text: string): string => setInJson(text, path, 'us-east-1a');

describe('a setting written into a JSON file', () => {
  test('replaces the value that is there and nothing else', () => {
    assert.equal(
      set('{\r\n\t"a" : [1, {"network": 2}],\r\n\t"network":{"port":1, "availabilityZone" : "x\\"}y"}\r\n}'),
      '{\r\n\t"a" : [1, {"network": 2}],\r\n\t"network":{"port":1, "availabilityZone" : "us-east-1a"}\r\n}',
    );
  });

  test('is added like the members that are there', () => {
    assert.equal(set('{}'), '{ "network": { "availabilityZone": "us-east-1a" } }');
    assert.equal(
      set('{\n  "network": {\n    "port": 8088\n  }\n}\n'),
      '{\n  "network": {\n    "port": 8088,\n    "availabilityZone": "us-east-1a"\n  }\n}\n',
    );
    assert.equal(set('{ "owner": "me" }'), '{ "owner": "me", "network": { "availabilityZone": "us-east-1a" } }');
  });

  test('takes the last of several members with one name, as JSON does', () => {
    const text = set('{"network":{"availabilityZone":"a"},"network":{"availabilityZone":"b"}}');
    assert.equal(text, '{"network":{"availabilityZone":"a"},"network":{"availabilityZone":"us-east-1a"}}');
  });

  test('finds names that are written with escapes', () => {
    assert.equal(
      set('{"n\\u0065twork":{"availabilityZone":"a"}}'),
      '{"n\\u0065twork":{"availabilityZone":"us-east-1a"}}',
    );
  });

  test('fails for what is no JSON, and where something on the way is no object', () => {
    for (const bad of ['', '{', '{"a":1,}', '[]', '{"network":[]}', '{"network":null}'])
      assert.throws(() => set(bad), bad);
  });
});
