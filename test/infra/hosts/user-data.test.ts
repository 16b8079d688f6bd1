import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { hostEnvFile } from '../../../lib/config/host/host-env-file.ts';
import { hostsOf, type Host } from '../../../lib/config/hosts.ts';
import { articleLab } from '../../../lib/config/lab.ts';
import { labOf } from '../../../lib/config/presets.ts';
import { tuningFile } from '../../../lib/config/host/tuning.ts';
import { maxUserDataBytes, backendEnvFile, userDataScript } from '../../../lib/infra/hosts/user-data.ts';
import { synthesize } from '../synthesized/synthesize.ts';

const props = {
  region: 'us-east-1',
  readinessUrl:
    'https://cloudformation-waitcondition-us-east-1.s3.amazonaws.com/arn?AWSAccessKeyId=AKIA&Signature=a%2Bb',
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
function runUserData(
  context: TestContext,
  host: Host,
  prepareHost: string,
  given: { readonly bootLog?: string; readonly shutdown?: string; readonly before?: readonly string[] } = {},
) {
  const { bootLog = '', shutdown = 'true', before = [] } = given;
  const folder = mkdtempSync(join(tmpdir(), 'c1mlab-user-data-'));
  context.after(() => {
    spawnSync('chmod', ['-R', 'u+w', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  const [bin, root, calls] = [join(folder, 'bin'), join(folder, 'root'), join(folder, 'calls')];
  mkdirSync(bin);
  const log = join(folder, 'cloud-init-output.log');
  writeFileSync(log, bootLog);
  program(bin, 'shutdown', `echo "shutdown $*" >>'${calls}'; ${shutdown}`);
  program(bin, 'aws', `echo "aws $*" >>'${calls}'; touch "\${@: -1}"`);
  program(bin, 'cfn-signal', `echo "cfn-signal $*" >>'${calls}'`);
  program(
    bin,
    'unzip',
    `folder="\${@: -1}/user-data"; mkdir -p "$folder"
printf '#!/bin/bash\\n%s\\n' ${JSON.stringify(prepareHost)} >"$folder/prepare-host"; chmod +x "$folder/prepare-host"`,
  );
  for (const path of before) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
  const script = userDataScript(articleLab, host, props)
    .replaceAll('/opt/c1mlab', root)
    .replaceAll('/opt/aws/bin/cfn-signal', 'cfn-signal')
    .replaceAll('/var/log/cloud-init-output.log', log);
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
      assert.ok(texts[index]?.includes(`cat >/opt/c1mlab/host.env <<'END'\n${hostEnvFile(articleLab, host)}END\n`));
      assert.ok(texts[index]?.includes(`cat >/opt/c1mlab/tuning.conf <<'END'\n${tuningFile(articleLab, host)}END\n`));
      assert.match(texts[index] ?? '', /--reason "\$reason" '<token>'/);
    }
  });

  test('writes the facts of each host exactly as the local lab does, and signals success', (context) => {
    for (const host of hosts) {
      const { root, status, stderr, calls } = runUserData(context, host, 'exit 0');
      assert.equal(status, 0, stderr);
      assert.equal(readFileSync(join(root, 'host.env'), 'utf8'), hostEnvFile(articleLab, host));
      assert.equal(readFileSync(join(root, 'tuning.conf'), 'utf8'), tuningFile(articleLab, host));
      assert.equal(readFileSync(join(root, 'backend.env'), 'utf8'), backendEnvFile(articleLab, props.resultsUri));
      assert.equal(
        calls.at(-1),
        `cfn-signal --exit-code 0 --id ${host.name} --reason ${host.name} is ready ${props.readinessUrl}`,
      );
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

  test('fails with the exit code of what failed on the host, and signals it with the last lines of the boot log', (context) => {
    const [server] = hosts;
    assert.ok(server !== undefined);
    const bootLog = `${Array.from({ length: 400 }, (_, n) => `line ${n}`).join('\n')}\nno "nodejs24" \\ $(reboot) \u001b[31m€\n`;
    const { status, calls } = runUserData(context, server, 'exit 7', { bootLog });
    assert.equal(status, 7);
    const signal = calls.at(-1) ?? '';
    assert.match(
      signal,
      /^cfn-signal --exit-code 7 --id server --reason server: exit code 7: line 389\|.*\|line 399\|no "nodejs24" \\ \$\(reboot\) \[31m https:\/\/\S+$/,
    );
    assert.ok(signal.length < 2048);
  });

  test('bounds what it tells of the boot log, and signals without one', (context) => {
    const [server] = hosts;
    assert.ok(server !== undefined);
    const long = runUserData(context, server, 'exit 7', { bootLog: '"'.repeat(100_000) }).calls.at(-1) ?? '';
    // CloudFormation takes 4096 bytes, and a quote is two in JSON.
    assert.ok(Buffer.byteLength(JSON.stringify(long)) < 4096, `${long.length} characters`);
    assert.match(long, /exit code 7: "+ https:/);
    assert.match(runUserData(context, server, 'exit 7').calls.at(-1) ?? '', /exit code 7:  https:/);
  });

  test('signals whatever fails first', (context) => {
    const [server] = hosts;
    assert.ok(server !== undefined);
    const { status, calls } = runUserData(context, server, 'exit 0', { shutdown: 'exit 4' });
    assert.equal(status, 4);
    assert.match(calls[1] ?? '', /^cfn-signal --exit-code 4 /);
  });

  test('keeps the builds of an image that was made of a host, and nothing else of it', (context) => {
    const [server] = hosts;
    assert.ok(server !== undefined);
    const before = ['build/loadgen/main.ts', 'assets/old', 'run/measurement', 'runs/0/facts.json'];
    const { root, status, stderr } = runUserData(context, server, 'exit 0', { before });
    assert.equal(status, 0, stderr);
    assert.deepEqual(
      before.filter((path) => existsSync(join(root, path))),
      ['build/loadgen/main.ts'],
    );
  });

  test('fits into what EC2 takes, for the host with the most addresses', () => {
    const lab = labOf({ preset: 'modern', load: { hosts: 50, secondaryAddresses: 49 } }, 'test');
    for (const host of hostsOf(lab)) {
      assert.ok(Buffer.byteLength(userDataScript(lab, host, props)) < maxUserDataBytes / 2);
    }
  });
});
