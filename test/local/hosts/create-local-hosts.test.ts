import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hostEnvFile } from '../../../lib/config/host/host-env-file.ts';
import { articleLab } from '../../../lib/config/lab.ts';
import { tuningFile } from '../../../lib/config/host/tuning.ts';
import type { LocalHost } from '../../../lib/local/hosts/local-host.ts';
import { assetsFolder, connectAll, makeTestHosts, namespacesForbidden, runOn, type TestHosts } from './test-hosts.ts';
import { until } from '../../until.ts';

const lab = { ...articleLab, load: { ...articleLab.load, secondaryAddresses: 20 } };
const skip = namespacesForbidden();

describe('local hosts', { skip }, () => {
  let hosts: TestHosts;
  let server: LocalHost;
  let load: LocalHost;
  before(async () => {
    hosts = await makeTestHosts(lab);
    server = hosts.host('server');
    load = hosts.host('load-1');
  });
  after(async () => hosts.remove());

  test('are the hosts of the lab, with their addresses', async () => {
    assert.deepEqual(
      hosts.hosts.map((host) => host.name),
      ['server', 'load-1', 'load-2'],
    );
    const { stdout } = await runOn(load, "ip -4 -o address show dev eth0 | grep -oE 'inet [^ ]+'; hostname");
    const addresses = [load.address, ...load.secondaryAddresses].map((address) => `inet ${address}/20`);
    assert.deepEqual(stdout.trim().split('\n'), [...addresses, 'load-1']);
  });

  test('reach the server from each of 21 addresses, and the server reaches each of them', async () => {
    for (const name of ['load-1', 'load-2']) {
      const host = hosts.host(name);
      const addresses = [host.address, ...host.secondaryAddresses];
      assert.equal(addresses.length, 21);
      assert.deepEqual(
        await connectAll(host, server),
        addresses.map((address) => `${server.address} saw ${address}`).sort(),
      );
      assert.deepEqual(
        await connectAll(server, host),
        addresses.map((address) => `${address} saw ${server.address}`).sort(),
      );
    }
  });

  test("have no way out of the load network, and the operator's network for management", async () => {
    const outside = createServer((socket) => socket.end('outside'));
    await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
    const script = 'exec 3<>"/dev/tcp/127.0.0.1/$PORT" && cat <&3';
    const env = { PORT: String((outside.address() as AddressInfo).port) };
    const fromLoad = await runOn(load, script, { env });
    const fromManagement = await runOn(load, script, { env, network: 'management' });
    outside.close();
    assert.match(fromLoad.stderr, /Connection refused/);
    assert.equal(fromManagement.stdout, 'outside');
    assert.equal((await runOn(load, 'ip route show default')).stdout, '');
  });

  test('have the layout that the host commands count on', async () => {
    assert.equal(await readFile(load.path('/opt/c1mlab/host.env'), 'utf8'), hostEnvFile(lab, load));
    assert.equal(await readFile(load.path('/opt/c1mlab/tuning.conf'), 'utf8'), tuningFile(lab, load));
    assert.match(
      await readFile(load.path('/opt/c1mlab/backend.env'), 'utf8'),
      /^C1M_RESULTS="file:\/\/\/opt\/c1mlab\/results"$/m,
    );
    const { stdout } = await runOn(
      load,
      'cd /opt/c1mlab && ls && command -v systemd-run systemctl node && node --version',
    );
    assert.deepEqual(stdout.trim().split('\n'), [
      'assets',
      'backend.env',
      'bin',
      'build',
      'host.env',
      'results',
      'run',
      'runs',
      'tmp',
      'tuning.conf',
      ...['systemd-run', 'systemctl', 'node'].map((program) => `/opt/c1mlab/bin/${program}`),
      process.version,
    ]);
  });

  test('fail to write to the assets, which are the repository’s own', async () => {
    assert.deepEqual(await readdir(load.path('/opt/c1mlab/assets')), await readdir(assetsFolder));
    const { code, stderr } = await runOn(load, 'touch /opt/c1mlab/assets/new');
    assert.equal(code, 1);
    assert.match(stderr, /Read-only file system/);
  });

  test('share the build and results folders with the operator, and nothing else they write', async () => {
    await runOn(
      load,
      'for place in build results runs tmp; do echo kept >/opt/c1mlab/$place/note; done; echo kept >/tmp/note',
    );
    assert.equal(await readFile(path.join(hosts.buildFolder, 'note'), 'utf8'), 'kept\n');
    assert.equal(await readFile(path.join(hosts.resultsFolder, 'note'), 'utf8'), 'kept\n');
    assert.equal((await runOn(server, 'cat /opt/c1mlab/runs/note /tmp/note')).code, 1);
    assert.deepEqual(
      (await readdir('/tmp')).filter((entry) => entry === 'note'),
      [],
    );
  });

  test('still see what else is in /opt', async () => {
    const operators = (await readdir('/opt')).filter((entry) => entry !== 'c1mlab');
    const { stdout } = await runOn(load, 'ls -A /opt');
    assert.deepEqual(stdout.trim().split('\n').sort(), [...operators, 'c1mlab'].sort());
  });

  test('run commands without HOME, with their own programs first on the PATH', async () => {
    const { stdout } = await runOn(load, 'echo "${HOME-none} ${PATH%%:*} $GREETING $PWD"', {
      env: { GREETING: 'a "b" $c' },
      cwd: '/opt/c1mlab/tmp',
    });
    assert.equal(stdout, 'none /opt/c1mlab/bin a "b" $c /opt/c1mlab/tmp\n');
  });

  test('tell how a command ended', async () => {
    const ends = ['exit 0', 'exit 7', 'kill -KILL $$', 'exec /no/such/program'];
    const outcomes = await Promise.all(ends.map(async (script) => runOn(load, script)));
    assert.deepEqual(
      outcomes.map(({ code, signal }) => code ?? signal),
      [0, 7, 'SIGKILL', 127],
    );
    assert.equal((await load.spawn(['/no/such/program']).closed).code, 127);
    assert.equal((await load.spawn(['true'], { cwd: '/no/such/folder' }).closed).code, 126);
  });

  test('a command is the leader of its process group, and a signal reaches the whole group', async () => {
    const command = load.spawn(['bash', '-c', 'sleep 1000 & echo "$(ps -o pgid= -p $$) $$"; exit 3']);
    const line = await new Promise<string>((resolve) => {
      command.stdout.once('data', (text: Buffer) => resolve(text.toString()));
    });
    const [group, leader] = line.trim().split(/\s+/);
    assert.equal(group, leader);
    assert.equal((await command.exited).code, 3);
    // The leader has gone; what it left holds standard output.
    command.kill('SIGKILL');
    assert.equal((await command.closed).code, 3);
  });

  test('a command that is told to end before it has begun ends', async () => {
    const command = load.spawn(['sleep', '1000']);
    command.kill();
    assert.equal((await command.closed).signal, 'SIGTERM');
  });

  test('take the network settings that the tuning sets', async () => {
    const { stdout, stderr } = await runOn(
      server,
      'echo 65535 >/proc/sys/net/core/somaxconn; echo "4096 87380 4161536" >/proc/sys/net/ipv4/tcp_rmem; cat /proc/sys/net/core/somaxconn',
    );
    assert.equal(stdout, '65535\n', stderr);
    assert.notEqual((await runOn(load, 'cat /proc/sys/net/core/somaxconn')).stdout, '65535\n');
  });

  test('their first process takes care of orphans', async () => {
    await runOn(load, '(sleep 0 &); (sleep 0.1 &)');
    await until('no zombie on the host', async () => {
      const { stdout } = await runOn(load, 'cat /proc/[0-9]*/stat 2>/dev/null');
      return !stdout
        .split('\n')
        .some((line) => / [Z] /.test(line.slice(line.lastIndexOf(')'))) || line.includes('(sleep)'));
    });
  });

  test('their first process is not ended by signals from the host', async () => {
    await runOn(load, 'kill -TERM 1; kill -INT 1; kill -HUP 1; kill -KILL 1');
    assert.equal((await runOn(load, 'echo here')).stdout, 'here\n');
    assert.equal(load.isAlive(), true);
  });
});
