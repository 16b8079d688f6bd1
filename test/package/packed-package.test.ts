import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { namespacesForbidden } from '../local/hosts/test-hosts.ts';

const projectFolder = join(import.meta.dirname, '../..');

/** Somebody's own stack beside a whole lab of a preset, as both a program and a check of the types. */
const appSource = `import { App, Stack, Tags } from 'aws-cdk-lib';
import { CfnOutput } from 'aws-cdk-lib';
import { fitOf, hostsOf, LabError, LabNetwork, LabResults, LabStack, labOf, presets } from 'c1mlab';

const app = new App({ outdir: 'cdk.out', analyticsReporting: false });
const lab = labOf({ preset: 'modern', name: 'TheirLab', load: { hosts: 3 } }, 'their app');
const stack = new LabStack(app, lab.name, { lab });
Tags.of(stack).add('team', 'theirs');
new CfnOutput(stack, 'Hosts', { value: hostsOf(lab).map((host) => host.address).join() });

const own = new Stack(app, 'TheirStack');
const results = new LabResults(own, 'Results', { keepDays: 7 });
new LabNetwork(own, 'Network', { lab });
new CfnOutput(own, 'Uri', { value: results.uri });

if (fitOf(lab).errors.length > 0 || !('modern-graviton' in presets)) throw new Error('does not fit');
try {
  labOf({ load: { hosts: 99 } }, 'their app');
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  new CfnOutput(own, 'Refusal', { value: error.message });
}
app.synth();
`;

describe('the package that npm packs, in a project of somebody else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'c1mlab-package-'));
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'c1mlab');
  let packed = '';
  after(() => rmSync(folder, { recursive: true, force: true }));

  before(() => {
    // Packed from a copy, so that the project's own folder stays as it is and nobody's edits get in between.
    const source = join(folder, 'source');
    mkdirSync(source);
    for (const name of [
      'assets',
      'bin',
      'lib',
      'package.json',
      'cdk.json',
      'README.md',
      'LICENSE',
      'tsconfig.json',
      'tsconfig.build.json',
    ]) {
      cpSync(join(projectFolder, name), join(source, name), {
        recursive: true,
        filter: (path) => !path.endsWith('/node_modules'),
      });
    }
    symlinkSync(join(projectFolder, 'node_modules'), join(source, 'node_modules'));
    execFileSync('npm', ['pack', '--loglevel=error', '--pack-destination', folder], {
      cwd: source,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    assert.ok(archive !== undefined);
    mkdirSync(installed, { recursive: true });
    packed = join(folder, archive);
    execFileSync('tar', ['-xzf', packed, '-C', installed, '--strip-components=1']);
    rmSync(source, { recursive: true });

    // What npm would install beside it, from this project's own folder: the package's dependencies and their CDK, nothing else.
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
      readonly peerDependencies: Readonly<Record<string, string>>;
    };
    for (const name of [
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.peerDependencies),
      '@types/node',
    ]) {
      mkdirSync(join(modules, name, '..'), { recursive: true });
      symlinkSync(join(projectFolder, 'node_modules', name), join(modules, name));
    }
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'theirs', private: true, type: 'module' }));
    writeFileSync(join(folder, 'app.js'), appSource);
    writeFileSync(join(folder, 'app.ts'), appSource);
    writeFileSync(join(folder, 'lab.json'), JSON.stringify({ name: 'Packed' }));
  });

  test('can be published as it is', () => {
    const { status, stderr } = spawnSync('npm', ['publish', '--dry-run', '--offline', packed], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const { private: isPrivate } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      readonly private?: boolean;
    };
    assert.equal(isPrivate, undefined);
  });

  test('holds JavaScript, types and the assets, without tests, benchmarks or installed packages', () => {
    assert.deepEqual(readdirSync(installed).sort(), ['LICENSE', 'README.md', 'dist', 'package.json']);
    assert.ok(existsSync(join(installed, 'dist/assets/servers/netty/pom.xml')));
    const files = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      files.filter((name) => /node_modules|\.test\.|^lib\/bench/.test(name)),
      [],
    );
    assert.deepEqual(
      files.filter((name) => /^(lib|bin)\/.*(?<!\.d)\.ts$/.test(name)),
      [],
    );
  });

  test('gives their app stacks and constructs to synthesize', () => {
    const { status, stderr } = spawnSync(process.execPath, ['app.js'], { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const template = (
      name: string,
    ): {
      readonly Resources: Readonly<
        Record<string, { readonly Type: string; readonly Properties?: Record<string, unknown> }>
      >;
      readonly Outputs: Record<string, { readonly Value: unknown }>;
    } => JSON.parse(readFileSync(join(folder, 'cdk.out', `${name}.template.json`), 'utf8'));
    const types = Object.values(template('TheirLab').Resources)
      .filter(({ Type }) => Type === 'AWS::EC2::Instance')
      .map(({ Properties }) => Properties?.['InstanceType']);
    assert.deepEqual(types, ['c8i.4xlarge', 'c8i.2xlarge', 'c8i.2xlarge', 'c8i.2xlarge']);
    const kinds = new Set(Object.values(template('TheirStack').Resources).map(({ Type }) => Type));
    assert.ok(kinds.has('AWS::S3::Bucket') && kinds.has('AWS::EC2::Subnet') && !kinds.has('AWS::EC2::Instance'));
    assert.match(String(template('TheirStack').Outputs['Refusal']?.Value), /'load.hosts' must be 1 to 50, got 99/);
  });

  test('gives the hosts the assets that a clone gives them', () => {
    const [assets] = readdirSync(join(folder, 'cdk.out')).filter((name) => /^asset\.[0-9a-f]{64}$/.test(name));
    assert.ok(assets !== undefined);
    for (const name of [
      'host/tune',
      'user-data/prepare-host',
      'loadgen/main.ts',
      'loadgen/package-lock.json',
      'servers/netty/build',
    ]) {
      assert.ok(existsSync(join(folder, 'cdk.out', assets, name)), name);
    }
  });

  test('has types that a strict compiler accepts, libraries included', () => {
    const { status, stdout } = spawnSync(
      join(projectFolder, 'node_modules/.bin/tsc'),
      [
        '--noEmit',
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2024',
        '--skipLibCheck',
        'false',
        '--types',
        'node',
        'app.ts',
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    assert.equal(status, 0, stdout);
  });

  test('has a CDK app that the CDK command line beside it runs, as c1m up does', () => {
    const cdk = join(modules, 'aws-cdk/bin/cdk');
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        cdk,
        'synth',
        'Packed',
        '--quiet',
        '--no-notices',
        '-c',
        `lab=${join(folder, 'lab.json')}`,
        '--output',
        'cdk.out',
      ],
      { cwd: join(installed, 'dist'), encoding: 'utf8', env: { ...process.env, HOME: folder } },
    );
    assert.equal(status, 0, stderr);
    assert.ok(existsSync(join(installed, 'dist/cdk.out/Packed.template.json')));
  });

  test('has a c1m that runs below node_modules', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(installed, 'dist/bin/c1m.js'), 'servers'], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /netty/);
  });

  /**
   * Runs its c1m as its user does, beside what this test does meanwhile. Whether the numbers of a run can be trusted (exit code 6)
   * depends on what else the machine does.
   */
  async function c1m(...argv: readonly string[]) {
    const child = spawn(process.execPath, [join(installed, 'dist/bin/c1m.js'), ...argv], { cwd: folder });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
    }
    const [code]: readonly unknown[] = await once(child, 'close');
    return { code, printed };
  }

  test('loads a URL from below node_modules, where Node takes no TypeScript', { timeout: 60_000 }, async (t) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    t.after(() => server.close());
    server.on('connection', (socket) => {
      socket.on('message', (data, binary) => socket.send(data, { binary }));
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, printed } = await c1m(
      'run',
      '--url',
      `ws://127.0.0.1:${port}/`,
      ...'--connections 20 --out of-url'.split(' '),
    );
    assert.ok(code === 0 || code === 6, printed);
    assert.match(printed, /^report: .*\/of-url\/.*report\.html$/m);
  });

  test(
    'runs a benchmark on local hosts, and keeps what it builds',
    { timeout: 240_000, skip: namespacesForbidden() },
    async () => {
      const sizes = '--connections 50 --broadcasts 2 --out of-hosts'.split(' ');
      const { code, printed } = await c1m('run', '--local', '--servers', 'node', ...sizes);
      assert.ok(code === 0 || code === 6, printed);
      assert.match(printed, /^node \(ws\) +50 /m);
      const [run = ''] = readdirSync(join(folder, 'of-hosts'));
      assert.ok(existsSync(join(folder, 'of-hosts', run, 'report.html')));
    },
  );
});
