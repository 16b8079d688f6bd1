import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';

const projectFolder = join(import.meta.dirname, '../..');

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'c1mlab-cdk-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The environment of somebody without an AWS account: no credentials, and no metadata service to ask for them. */
function environment(home: string): NodeJS.ProcessEnv {
  return {
    PATH: `${join(projectFolder, 'node_modules/.bin')}:${process.env['PATH']}`,
    HOME: home,
    AWS_EC2_METADATA_DISABLED: 'true',
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
  };
}

describe('cdk synth C1mLab', () => {
  function synth(folder: string, ...options: readonly string[]) {
    return spawnSync('cdk', ['synth', 'C1mLab', '--quiet', '--no-notices', '--output', folder, ...options], {
      cwd: projectFolder,
      env: environment(folder),
      encoding: 'utf8',
    });
  }

  test('gives one stack, without credentials, and without a warning where a zone is given', (context) => {
    const folder = temporaryFolder(context);
    const { stderr, status } = synth(folder, '--strict', '-c', 'zone=us-east-1a');
    assert.deepEqual([stderr.trim(), status], ['', 0]);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.template.json')),
      ['C1mLab.template.json'],
    );
  });

  test('warns, and does not fail, where no zone is given: the first one may not offer the types', (context) => {
    const { stderr, status } = synth(temporaryFolder(context));
    assert.equal(status, 0, stderr);
    assert.match(
      stderr,
      /'network\.availabilityZone' is not given: .* may not offer c3\.4xlarge or c3\.2xlarge; c1m check --lab FILE --write /,
    );
    assert.equal(stderr.match(/warning/gi)?.length, 1, stderr);
  });
});

describe('the CDK app', () => {
  /** Runs the app as the CDK command line does. */
  function synthesize(context: TestContext, cdkContext: Readonly<Record<string, unknown>>) {
    const output = temporaryFolder(context);
    const { stderr, status } = spawnSync('node', [join(projectFolder, 'bin/lab.ts')], {
      env: { ...environment(output), CDK_OUTDIR: output, CDK_CONTEXT_JSON: JSON.stringify(cdkContext) },
      encoding: 'utf8',
    });
    return { stderr, status, output };
  }

  test('builds the lab of a lab file, with a zone and an owner from the context', (context) => {
    const file = join(temporaryFolder(context), 'lab.json');
    writeFileSync(file, JSON.stringify({ name: 'Mine', preset: 'modern', load: { hosts: 3 } }));
    const { status, stderr, output } = synthesize(context, { lab: file, zone: 'eu-west-1b', owner: 'me' });
    assert.equal(status, 0, stderr);
    const template = readFileSync(join(output, 'Mine.template.json'), 'utf8');
    assert.equal(template.match(/"InstanceType": "c8i\.2xlarge"/g)?.length, 3);
    assert.match(template, /"AvailabilityZone": "eu-west-1b"/);
    assert.match(template, /"Key": "c1mlab:owner",\s+"Value": "me"/);
    assert.match(template, /"Name": "Mine-Benchmark"/);
  });

  const unfitLab = join(mkdtempSync(join(tmpdir(), 'c1mlab-unfit-')), 'lab.json');
  writeFileSync(unfitLab, JSON.stringify({ load: { secondaryAddresses: 15 } }));
  after(() => rmSync(dirname(unfitLab), { recursive: true, force: true }));
  for (const [name, cdkContext, message] of [
    [
      'a lab file that is not there',
      { lab: '/no/such/lab.json' },
      /^error: the lab file '\/no\/such\/lab.json' cannot be read: ENOENT.*\n {2}fix: give the path of a JSON file, .*\n$/,
    ],
    [
      'a preset that there is not',
      { preset: 'huge' },
      /^error: the command line: 'preset' must be one of article, modern, modern-graviton, got "huge"\n {2}fix: Name one of them.*\n$/,
    ],
    [
      'a zone with shell characters',
      { zone: '$(reboot)' },
      /^error: the command line: 'network.availabilityZone' must be the name of an availability zone, such as us-east-1a, got "\$\(reboot\)"\n {2}fix: .*\n$/,
    ],
    [
      'a lab whose hosts its type does not take',
      { lab: unfitLab },
      /^error: C1mLab: 'load\.secondaryAddresses' must be 0 to 14 on c3\.2xlarge, got 15; .*\n {2}fix: correct the lab file; .*\n$/,
    ],
    [
      'an owner that is no text',
      { owner: 7 },
      /^error: context 'owner' must be text, got 7\n {2}fix: Give it as -c owner=value.\n$/,
    ],
  ] as const) {
    test(`fails for ${name} in two lines, what and what to do`, (context) => {
      const { status, stderr } = synthesize(context, cdkContext);
      assert.equal(status, 2);
      assert.match(stderr, message);
    });
  }
});
