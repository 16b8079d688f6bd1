import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { chooseLab, writeZone } from '../../lib/config/lab-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'c1mlab-lab-file-'));
const file = join(folder, 'lab.json');
after(() => rmSync(folder, { recursive: true, force: true }));

describe('a lab that is chosen', () => {
  test("is the file's, over the preset and the owner that are given, with the zone that is given", () => {
    writeFileSync(file, '{ "owner": "me", "load": { "hosts": 3 }, "network": { "port": 9000 } }');
    const { lab, file: path } = chooseLab(
      { lab: 'lab.json', preset: 'modern', owner: 'you', zone: 'us-east-1c' },
      folder,
    );
    assert.equal(path, file);
    assert.deepEqual([lab.owner, lab.load.hosts, lab.load.instanceType], ['me', 3, 'c8i.2xlarge']);
    assert.deepEqual([lab.network.port, lab.network.availabilityZone], [9000, 'us-east-1c']);
  });
});

describe('the zone written into a lab file', () => {
  const written = (text: string): string => {
    writeFileSync(file, text);
    writeZone(file, 'us-east-1a');
    return readFileSync(file, 'utf8');
  };

  test('replaces the value that is there and nothing else', () => {
    assert.equal(
      written('{\r\n\t"load" : {"hosts": 2},\r\n\t"network":{"port":1024, "availabilityZone" : "us-east-1b"}\r\n}'),
      '{\r\n\t"load" : {"hosts": 2},\r\n\t"network":{"port":1024, "availabilityZone" : "us-east-1a"}\r\n}',
    );
  });

  test('is added like the members that are there', () => {
    assert.equal(
      written('{\n  "network": {\n    "port": 8088\n  }\n}\n'),
      '{\n  "network": {\n    "port": 8088,\n    "availabilityZone": "us-east-1a"\n  }\n}\n',
    );
    assert.deepEqual(JSON.parse(written('{}')), { network: { availabilityZone: 'us-east-1a' } });
  });

  test('is refused, and the file left as it is, where it would be without effect or the file is no lab', () => {
    const zone = '{"availabilityZone":"us-east-1b"}';
    for (const bad of [`{"network":${zone},"network":${zone}}`, '', '{', '{"name":"a",}', '[]', '{"network":[]}']) {
      writeFileSync(file, bad);
      assert.throws(() => writeZone(file, 'us-east-1a'), /the lab file .* cannot be written: /);
      assert.equal(readFileSync(file, 'utf8'), bad);
    }
  });
});
