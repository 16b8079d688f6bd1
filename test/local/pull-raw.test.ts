import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { RawPull } from '../../lib/local/pull-raw.ts';
import { withFolder } from '../integration/lab-process.ts';

describe('raw files that are copied as they come', () => {
  test('grow with their originals, are replaced whole, come again when they were removed, and stay when the host is gone', async () => {
    await withFolder(async (folder) => {
      const [host, copy] = [join(folder, 'host'), join(folder, 'copy')];
      mkdirSync(host);
      writeFileSync(join(host, 'samples.jsonl'), 'one\n');
      writeFileSync(join(host, 'status.json'), 'first');
      writeFileSync(join(host, 'status.json.new'), 'half');
      const raw = new RawPull();
      await raw.pull(host, copy);
      assert.deepEqual(readdirSync(copy).sort(), ['samples.jsonl', 'status.json']);

      appendFileSync(join(host, 'samples.jsonl'), 'two\n');
      renameSync(join(host, 'status.json.new'), join(host, 'status.json'));
      await Promise.all([raw.pull(host, copy), raw.pull(host, copy)]);
      assert.equal(readFileSync(join(copy, 'samples.jsonl'), 'utf8'), 'one\ntwo\n');
      assert.equal(readFileSync(join(copy, 'status.json'), 'utf8'), 'half');

      rmSync(copy, { recursive: true });
      appendFileSync(join(host, 'samples.jsonl'), 'three\n');
      await raw.pull(host, copy);
      assert.equal(readFileSync(join(copy, 'samples.jsonl'), 'utf8'), 'one\ntwo\nthree\n');
      assert.equal(readFileSync(join(copy, 'status.json'), 'utf8'), 'half');

      rmSync(host, { recursive: true });
      await raw.pull(host, copy);
      assert.deepEqual(readdirSync(copy).sort(), ['samples.jsonl', 'status.json']);
    });
  });

  // Node's own copyFile waits for the missing bytes for ever.
  test('are copied as far as they go when they have become shorter meanwhile', { timeout: 10_000 }, async () => {
    await withFolder(async (folder) => {
      // The kernel says 4096 bytes of each, and gives fewer.
      await new RawPull().pull('/sys/class/net/lo/statistics', folder);
      assert.match(readFileSync(join(folder, 'rx_bytes'), 'utf8'), /^\d+\n$/);
    });
  });
});
