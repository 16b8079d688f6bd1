import assert from 'node:assert/strict';
import { open, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { LabError } from '../../../lib/config/lab-error.ts';
import { articleLab } from '../../../lib/config/lab.ts';
import { createLocalHosts } from '../../../lib/local/hosts/create-local-hosts.ts';
import type { LocalHost } from '../../../lib/local/hosts/local-host.ts';
import { assetsFolder, connectAll, makeTestHosts, namespacesForbidden, runOn } from './test-hosts.ts';
import { until } from '../../until.ts';

const lab = { ...articleLab, load: { ...articleLab.load, secondaryAddresses: 20 } };
const skip = namespacesForbidden();

/** The first process of a host, as this machine sees it. */
function processIdOf(host: LocalHost): number {
  return Number(host.path('/').split('/')[2]);
}

/** What this process has open. */
async function openFiles(): Promise<readonly string[]> {
  const descriptors = await readdir('/proc/self/fd');
  return Promise.all(descriptors.map(async (fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
}

describe('the end of local hosts', { skip }, () => {
  test('takes every process and namespace along, and can be asked for twice', async (t) => {
    const hosts = await makeTestHosts(lab);
    t.after(hosts.remove);
    // Held open, as the kernel gives the number of one that is gone to another, maybe of a lab beside this one.
    const held = await Promise.all(hosts.hosts.map((host) => open(`/proc/${processIdOf(host)}/ns/net`)));
    t.after(async () => Promise.all(held.map((handle) => handle.close())));
    const namespaces = await Promise.all(held.map(({ fd }) => readlink(`/proc/self/fd/${fd}`)));
    const command = hosts.host('load-2').spawn(['sh', '-c', 'echo begun; exec sleep 1000']);
    await new Promise((resolve) => command.stdout.once('data', resolve));
    await hosts.close();
    assert.equal((await command.exited).signal, 'SIGKILL');
    await hosts.close();
    for (const entry of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const namespace = await readlink(`/proc/${entry}/ns/net`).catch(() => '');
      assert.equal(namespaces.includes(namespace), false, `process ${entry} is left`);
    }
    assert.equal(hosts.host('server').isAlive(), false);
    assert.throws(() => hosts.host('server').spawn(['true']), LabError);
  });

  test('fails commands of a host whose first process was killed, and the others go on', async (t) => {
    const hosts = await makeTestHosts(lab);
    t.after(hosts.remove);
    const lost = hosts.host('load-1');
    const command = lost.spawn(['sh', '-c', 'echo begun; exec sleep 1000']);
    await new Promise((resolve) => command.stdout.once('data', resolve));
    process.kill(processIdOf(lost), 'SIGKILL');
    assert.equal((await command.exited).signal, 'SIGKILL');
    await until('the host is known to be gone', async () => !lost.isAlive());
    assert.throws(() => lost.spawn(['true']), { code: 'runFailed', message: /load-1/ });
    assert.equal((await runOn(hosts.host('server'), 'echo here')).stdout, 'here\n');
  });

  test('keep the number of a process namespace until their lab is closed, so that nobody else is taken for one of theirs', async (t) => {
    const hosts = await makeTestHosts(lab);
    t.after(hosts.remove);
    const lost = hosts.host('load-1');
    const command = lost.spawn(['sleep', '1000']);
    const number = await readlink(`/proc/${processIdOf(lost)}/ns/pid_for_children`);
    process.kill(processIdOf(lost), 'SIGKILL');
    await command.closed;
    await until('the host is known to be gone', async () => !lost.isAlive());
    assert.ok(
      (await openFiles()).includes(number),
      'the kernel gives the number of one that nobody has open to another',
    );
    await hosts.close();
    assert.ok(!(await openFiles()).includes(number));
  });

  test('of one lab leaves another with the same addresses alone', async (t) => {
    const [one, other] = await Promise.all([makeTestHosts(lab), makeTestHosts(lab)]);
    t.after(one.remove);
    t.after(other.remove);
    await one.remove();
    assert.equal((await connectAll(other.host('load-1'), other.host('server'))).length, 21);
  });

  test('leaves results with the host when it is given no folder for them', async (t) => {
    const { folder, buildFolder, remove } = await makeTestHosts(lab);
    t.after(remove);
    const hosts = await createLocalHosts(lab, { assetsFolder, nodeBinary: process.execPath, buildFolder });
    const [server] = hosts.hosts;
    assert.ok(server);
    await runOn(server, 'echo measured >/opt/c1mlab/results/note');
    assert.equal(await readFile(server.path('/opt/c1mlab/results/note'), 'utf8'), 'measured\n');
    await hosts.close();
    assert.deepEqual((await readdir(folder)).sort(), ['build', 'results']);
  });

  test('fails to begin with a build folder that cannot be, and says which', async (t) => {
    const hosts = await makeTestHosts(lab);
    t.after(hosts.remove);
    const file = path.join(hosts.folder, 'file');
    await writeFile(file, '');
    await assert.rejects(
      createLocalHosts(lab, { assetsFolder, nodeBinary: process.execPath, buildFolder: path.join(file, 'build') }),
      (error) => error instanceof LabError && error.code === 'environment' && error.message.includes(`${file}/build`),
    );
  });
});
