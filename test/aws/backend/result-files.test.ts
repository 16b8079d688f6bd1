import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import {
  checkBucketOfLab,
  deleteResults,
  downloadResults,
  listResults,
  resultsPlace,
} from '../../../lib/aws/backend/result-files.ts';
import { articleLab } from '../../../lib/config/lab.ts';
import { bucketName } from './fake-account.ts';
import { startIdleAccount } from './idle-account.ts';

const place = { bucket: bucketName, prefix: 'runs/one' };

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'c1mlab-results-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

describe('raw files in the results bucket', () => {
  test('are downloaded over several pages, keeping their paths, and those of other runs are not', async (t) => {
    const { clients, objects } = await startIdleAccount(t, articleLab);
    for (const name of ['server/facts.json', 'server/a/b.txt', 'load-1/samples.jsonl', 'load-2/x', 'load-2/y']) {
      objects.set(`runs/one/${name}`, `this is ${name}`);
    }
    objects.set('runs/one-more/server/facts.json', 'of another run');
    const folder = temporaryFolder(t);
    await downloadResults(clients, place, folder);
    assert.deepEqual(filesBelow(folder), [
      'load-1/samples.jsonl',
      'load-2/x',
      'load-2/y',
      'server/a/b.txt',
      'server/facts.json',
    ]);
    assert.equal(readFileSync(join(folder, 'server/a/b.txt'), 'utf8'), 'this is server/a/b.txt');
  });

  test('never lead out of the folder, nor beside the folders of the hosts', async (t) => {
    const { clients, objects } = await startIdleAccount(t, articleLab);
    for (const key of ['../x', 'server/../../x', 'measurement.json', 'server/', '/etc/x', 'server/./x', 'a\\..\\b/x']) {
      objects.set(`runs/one/${key}`, 'evil');
    }
    objects.set('runs/one/server/good', 'good');
    const folder = temporaryFolder(t);
    await downloadResults(clients, place, join(folder, 'in'));
    assert.deepEqual(filesBelow(folder), ['in/server/good']);
  });

  test('are deleted to the last one', async (t) => {
    const { clients, objects } = await startIdleAccount(t, articleLab);
    for (let n = 0; n < 7; n++) objects.set(`runs/${n}/server/x`, 'x');
    const files = await listResults(clients, { bucket: bucketName, prefix: '' });
    assert.equal(files.length, 7);
    await deleteResults(clients, bucketName, files);
    assert.equal(objects.size, 0);
  });

  test('fails for a bucket that is not there, and for one of another lab', async (t) => {
    const { clients } = await startIdleAccount(t, articleLab);
    await assert.rejects(
      listResults(clients, { bucket: 'no-such-bucket', prefix: '' }),
      /no-such-bucket does not exist/,
    );
    await checkBucketOfLab(clients, bucketName, 'C1mLab');
    await assert.rejects(checkBucketOfLab(clients, bucketName, 'Other'), /is not the results bucket of the lab Other/);
  });
});

test('a results URI is a bucket and a prefix', () => {
  assert.deepEqual(resultsPlace('s3://a-bucket/runs'), { bucket: 'a-bucket', prefix: 'runs' });
});
