import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { hostFacts } from '../../../lib/config/host-facts.ts';
import { hostsOf, type Host } from '../../../lib/config/hosts.ts';
import { articleLab } from '../../../lib/config/lab.ts';
import { labOf } from '../../../lib/config/presets.ts';
import { tuningFile } from '../../../lib/config/tuning.ts';
import { maxUserDataBytes, siteFacts, userDataScript } from '../../../lib/infra/hosts/user-data.ts';
import { synthesize } from '../synthesize.ts';

const props = {
  region: 'us-east-1',
  stackName: 'C1mLab',
  readinessLogicalId: 'FleetReady',
  assetsBucket: 'assets-bucket',
  assetsKey: '0123.zip',
  resultsUri: 's3://results-bucket/runs',
};

/** An executable on a PATH of the test's own, in the place of one that only an EC2 instance has. */
function program(folder: string, name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/bash\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** Runs a host's user data with its folder at a temporary place; the outside programs write down how they are called. */
function runUserData(context: TestContext, host: Host, prepareHost: string) {
  const folder = mkdtempSync(join(tmpdir(), 'c1mlab-user-data-'));
  context.after(() => {
    spawnSync('chmod', ['-R', 'u+w', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  const [bin, root, calls] = [join(folder, 'bin'), join(folder, 'root'), join(folder, 'calls')];
  mkdirSync(bin);
  program(bin, 'shutdown', `echo "shutdown $*" >>'${calls}'`);
  program(bin, 'aws', `echo "aws $*" >>'${calls}'; touch "\${@: -1}"`);
  program(bin, 'cfn-signal', `echo "cfn-signal $*" >>'${calls}'`);
  program(
    bin,
    'unzip',
    `folder="\${@: -1}/user-data"; mkdir -p "$folder"
printf '#!/bin/bash\\n%s\\n' ${JSON.stringify(prepareHost)} >"$folder/prepare-host"; chmod +x "$folder/prepare-host"`,
  );
  const script = userDataScript(articleLab, host, props)
    .replaceAll('/opt/c1mlab', root)
    .replaceAll('/opt/aws/bin/cfn-signal', 'cfn-signal');
  const result = spawnSync('bash', ['-s'], {
    input: script,
    encoding: 'utf8',
    env: { PATH: `${bin}:/usr/bin:/bin` },
  });
  return { root, status: result.status, stderr: result.stderr, calls: readFileSync(calls, 'utf8').trim().split('\n') };
}

describe('user data', () => {
  const hosts = hostsOf(articleLab);

  test('is what the template carries, the script whole', () => {
    const texts = Object.values(synthesize().template.findResources('AWS::EC2::Instance')).map((resource) => {
      const instance = resource as { Properties: { UserData: { 'Fn::Base64': { 'Fn::Join': [string, unknown[]] } } } };
      const [separator, parts] = instance.Properties.UserData['Fn::Base64']['Fn::Join'];
      return parts.map((part) => (typeof part === 'string' ? part : '<token>')).join(separator);
    });
    for (const [index, host] of hosts.entries()) {
      assert.ok(texts[index]?.includes(`cat >/opt/c1mlab/host.env <<'END'\n${hostFacts(articleLab, host)}END\n`));
      assert.ok(texts[index]?.includes(`cat >/opt/c1mlab/tuning.conf <<'END'\n${tuningFile(articleLab, host)}END\n`));
      assert.match(texts[index] ?? '', /--resource 'Fleet[0-9a-f]{8}Ready[0-9A-F]{8}'/);
    }
  });

  test('writes the facts of each host exactly as the local lab does, and signals success', (context) => {
    for (const host of hosts) {
      const { root, status, stderr, calls } = runUserData(context, host, 'exit 0');
      assert.equal(status, 0, stderr);
      assert.equal(readFileSync(join(root, 'host.env'), 'utf8'), hostFacts(articleLab, host));
      assert.equal(readFileSync(join(root, 'tuning.conf'), 'utf8'), tuningFile(articleLab, host));
      assert.equal(readFileSync(join(root, 'site.env'), 'utf8'), siteFacts(articleLab, props.resultsUri));
      assert.match(calls.at(-1) ?? '', /^cfn-signal --exit-code 0 .*--stack C1mLab --resource FleetReady$/);
    }
  });

  test('limits the life of the host before anything else', (context) => {
    const [server] = hosts;
    assert.ok(server !== undefined);
    const { calls } = runUserData(context, server, 'exit 0');
    assert.match(calls[0] ?? '', /^shutdown -h \+240 /);
    assert.match(
      calls[1] ?? '',
      /^aws s3 cp --only-show-errors --region us-east-1 s3:\/\/assets-bucket\/0123\.zip \S+\.zip$/,
    );
  });

  test('fails with the exit code of what failed on the host, and signals it', (context) => {
    const [server] = hosts;
    assert.ok(server !== undefined);
    const { status, calls } = runUserData(context, server, 'exit 7');
    assert.equal(status, 7);
    assert.match(calls.at(-1) ?? '', /^cfn-signal --exit-code 7 --reason user data of server: exit code 7/);
  });

  test('fits into what EC2 takes, for the host with the most addresses', () => {
    const lab = labOf({ preset: 'modern', load: { hosts: 50, secondaryAddresses: 49 } }, 'test');
    for (const host of hostsOf(lab)) {
      assert.ok(Buffer.byteLength(userDataScript(lab, host, props)) < maxUserDataBytes / 2);
    }
  });
});
