import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { articleLab } from '../../../lib/config/lab.ts';
import { createLocalHosts } from '../../../lib/local/hosts/create-local-hosts.ts';
import { makeOutsideBuildFolders } from '../../../lib/local/hosts/outside-servers.ts';
import { assetsFolder, namespacesForbidden, runOn } from './test-hosts.ts';

describe('a server folder outside the assets', { skip: namespacesForbidden() }, () => {
  test('is shown among the others, read-only, with a build folder of its own', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'c1mlab outside-'));
    const server = path.join(folder, 'my echo');
    const buildFolder = path.join(folder, 'build');
    await mkdir(server);
    await writeFile(path.join(server, 'hello'), 'hello\n');
    const ours = await readdir(path.join(assetsFolder, 'servers'));
    const outsideServers = [{ name: 'echo', folder: server }];
    const local = await createLocalHosts(articleLab, {
      assetsFolder,
      nodeBinary: process.execPath,
      buildFolder,
      outsideServers,
    });
    try {
      const [host] = local.hosts;
      assert.ok(host !== undefined);
      const servers = '/opt/c1mlab/assets/servers';
      const seen = await runOn(host, `ls ${servers}; cat ${servers}/echo/hello; ls ${servers}/node/server.json`);
      assert.deepEqual(
        seen.stdout.trim().split('\n').sort(),
        [...ours, 'echo', 'hello', `${servers}/node/server.json`].sort(),
      );
      for (const file of ['echo/new', 'new', 'node/new', 'echo/hello', 'server.schema.json']) {
        const written = await runOn(host, `echo changed >>${servers}/${file}`);
        assert.match(written.stderr, /Read-only file system|Permission denied/, file);
      }
      assert.equal((await runOn(host, 'touch /opt/c1mlab/build/servers/echo/made')).code, 0);
      const [own = ''] = await readdir(path.join(buildFolder, 'outside'));
      assert.ok(existsSync(path.join(buildFolder, 'outside', own, 'build/made')));
      assert.ok(
        !existsSync(path.join(buildFolder, 'servers/echo/made')),
        'another folder of that name is built elsewhere',
      );
    } finally {
      await local.close();
      await rm(folder, { recursive: true, force: true });
    }
    assert.deepEqual(await readdir(path.join(assetsFolder, 'servers')), ours);
  });

  test('keeps its build between runs, and loses it when the folder has gone', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'c1mlab outside-'));
    try {
      const [one, two] = ['one/echo', 'two/echo'].map((name) => ({ name: 'echo', folder: path.join(folder, name) }));
      assert.ok(one !== undefined && two !== undefined);
      for (const server of [one, two]) await mkdir(server.folder, { recursive: true });
      const [built] = await makeOutsideBuildFolders([one], folder);
      await writeFile(path.join(built?.buildFolder ?? '', 'made'), '');
      const again = await makeOutsideBuildFolders([one, two], folder);
      assert.deepEqual(again[0], built);
      assert.notEqual(again[1]?.buildFolder, built?.buildFolder);
      assert.ok(existsSync(path.join(built?.buildFolder ?? '', 'made')));
      await rm(one.folder, { recursive: true });
      await makeOutsideBuildFolders([two], folder);
      assert.equal((await readdir(path.join(folder, 'outside'))).length, 1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
