import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { articleLab } from '../../lib/config/lab.ts';
import type { LocalHost } from '../../lib/local/hosts/local-host.ts';
import { startLocalLab, type LocalLab } from '../../lib/local/local-backend.ts';
import { namespacesForbidden, runOn } from '../local/hosts/test-hosts.ts';
import { until } from '../until.ts';

/** Stands for the aws command: copies to a folder of the host, unless it is told to fail. */
const awsCommand = `#!/usr/bin/env bash
[ "$1 $2 $3 $4" = 's3 cp --recursive --only-show-errors' ] || { echo "unexpected: $*" >&2; exit 2; }
echo call >>/opt/c1mlab/tmp/aws-calls
[ ! -e /opt/c1mlab/tmp/aws-fails ] || exit 1
mkdir -p "/opt/c1mlab/tmp/\${6#s3://}" && cp -r "$5/." "/opt/c1mlab/tmp/\${6#s3://}"
`;

/** Stands for the instance metadata: there is a notice when a file says so. */
const curlCommand = `#!/usr/bin/env bash
case "\${!#}" in
*/api/token) echo token ;;
*/spot/instance-action) [ -e /opt/c1mlab/tmp/notice ] || exit 22 ;;
*) exit 2 ;;
esac
`;

/** The uploader waits longer where the machine is busy. */

const forbidden = namespacesForbidden();

describe('a host whose results lie in a bucket', { skip: forbidden }, () => {
  let lab: LocalLab;
  let host: LocalHost;
  const bucket = (name: string): string => host.path(`/opt/c1mlab/tmp/a-bucket/runs/one/server/${name}`);
  const own = (name: string): string => host.path(`/opt/c1mlab/runs/one/${name}`);
  const hostCommand = (name: string) =>
    runOn(host, `exec /opt/c1mlab/assets/host/${name}`, { env: { SSM_Run: 'one' } });

  before(async () => {
    lab = await startLocalLab(articleLab);
    const [server] = lab.hosts;
    assert.ok(server !== undefined);
    host = server;
    for (const [name, text] of Object.entries({ aws: awsCommand, curl: curlCommand })) {
      writeFileSync(host.path(`/opt/c1mlab/bin/${name}`), text);
      chmodSync(host.path(`/opt/c1mlab/bin/${name}`), 0o755);
    }
    const facts = 'C1M_RESULTS="s3://a-bucket/runs"\nC1M_PACKAGES=""\nC1M_UPLOAD_SECONDS="1"\n';
    writeFileSync(host.path('/opt/c1mlab/backend.env'), facts);
  });
  after(() => lab.close());

  test('uploads raw files from Prepare on, as they appear and as they grow', async () => {
    const prepared = await hostCommand('prepare');
    assert.equal(prepared.code, 0, prepared.stderr);
    await until('the first samples are uploaded', () => existsSync(bucket('samples.jsonl')));
    writeFileSync(own('late.txt'), 'one\n');
    await until('a new file is uploaded', () => existsSync(bucket('late.txt')));
    appendFileSync(own('late.txt'), 'two\n');
    await until('its growth is uploaded', () => readFileSync(bucket('late.txt'), 'utf8') === 'one\ntwo\n');
  });

  test('tries again after an upload that failed', async () => {
    const calls = (): number => readFileSync(host.path('/opt/c1mlab/tmp/aws-calls'), 'utf8').split('\n').length;
    writeFileSync(host.path('/opt/c1mlab/tmp/aws-fails'), '');
    writeFileSync(own('kept.txt'), 'kept');
    const earlier = calls();
    await until('two uploads have failed', () => calls() >= earlier + 2);
    assert.ok(!existsSync(bucket('kept.txt')));
    rmSync(host.path('/opt/c1mlab/tmp/aws-fails'));
    await until('the file is uploaded after all', () => existsSync(bucket('kept.txt')));
  });

  test('has everything in the bucket after Collect, and uploads nothing after Stop', async () => {
    writeFileSync(own('last.txt'), 'last');
    writeFileSync(own('status.json.new'), 'about to replace another, and gone by then');
    const collected = await hostCommand('collect');
    assert.equal(collected.code, 0, collected.stderr);
    assert.equal(readFileSync(bucket('last.txt'), 'utf8'), 'last');
    assert.ok(!existsSync(bucket('status.json.new')));
    assert.ok(existsSync(bucket('units.txt')));
    assert.match(readFileSync(bucket('units.txt'), 'utf8'), /^c1m-upload /m);
    const stopped = await hostCommand('stop');
    assert.equal(stopped.code, 0, stopped.stderr);
    const { stdout } = await runOn(host, "systemctl list-units --all --plain --no-legend 'c1m-*'");
    assert.equal(stdout, '');
  });

  test('says at Collect that the sampler is stopped, and has everything in the bucket all the same', async () => {
    const prepared = await hostCommand('prepare');
    assert.equal(prepared.code, 0, prepared.stderr);
    await runOn(host, 'systemctl kill --signal=STOP c1m-sample');
    rmSync(bucket('units.txt'));
    const collected = await hostCommand('collect');
    assert.notEqual(collected.code, 0);
    assert.match(collected.stderr, /server: the sampler is stopped; the other raw files are uploaded/);
    assert.ok(existsSync(bucket('units.txt')));
    const stopped = await hostCommand('stop');
    assert.equal(stopped.code, 0, stopped.stderr);
  });

  test('collects at once when EC2 is about to take the host back', async () => {
    const prepared = await hostCommand('prepare');
    assert.equal(prepared.code, 0, prepared.stderr);
    rmSync(bucket('units.txt'));
    writeFileSync(host.path('/opt/c1mlab/tmp/notice'), '');
    await until('the host has collected', () => existsSync(bucket('units.txt')));
    await until('the uploader has ended', async () => {
      const { stdout } = await runOn(host, 'systemctl is-active c1m-upload');
      return stdout.trim() !== 'active';
    });
    assert.equal((await hostCommand('stop')).code, 0);
  });
});
