import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { serversFolder } from '../../lib/cli/servers/server-folders.ts';
import { onlyRun, startLab, withFolder } from './lab-process.ts';
import { phaseOf } from '../results/read-merged.ts';

const small = '--connections 200 --broadcasts 1 --interval 1 --echo-seconds 1'.split(' ');

/** Makes a server folder of two shell scripts, with no toolchain. */
async function makeServer(parent: string, name: string, build: string, start: string): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder);
  const node: Record<string, unknown> = JSON.parse(readFileSync(join(serversFolder, 'node/server.json'), 'utf8'));
  const description = { ...node, name, title: name, requires: [], startSeconds: 2 };
  await writeFile(join(folder, 'server.json'), JSON.stringify(description));
  await writeFile(join(folder, 'build'), `#!/bin/sh\n${build}\n`, { mode: 0o755 });
  await writeFile(join(folder, 'start'), `#!/bin/sh\n${start}\n`, { mode: 0o755 });
  return folder;
}

describe('a server of your own', () => {
  test('made by new-server runs from a folder with a space in its path, which it leaves as it was', async () => {
    await withFolder(async (folder) => {
      const parent = join(folder, 'my servers');
      await mkdir(parent);
      const made = startLab('new-server', 'mine', '--in', parent);
      assert.equal((await made.ended).code, 0, made.stderr());
      const files = readdirSync(join(parent, 'mine'));
      const lab = startLab('run', '--local', '--servers', join(parent, 'mine'), ...small, '--out', join(folder, 'out'));
      const { code } = await lab.ended;
      const { result } = await onlyRun(join(folder, 'out'));
      const [measurement] = result.measurements;
      // Whether the numbers can be trusted (exit code 6) depends on what else the machine does.
      assert.ok(code === 0 || code === 6, lab.stderr());
      assert.equal(measurement?.server, 'mine');
      assert.equal(measurement.connections.established, 200);
      assert.equal(phaseOf(measurement, 'broadcast').broadcasts[0]?.received, 200);
      assert.deepEqual(readdirSync(join(parent, 'mine')), files);
      assert.ok(!readdirSync(serversFolder).includes('mine'));
    });
  });

  test('is built beside those that follow the first, whose figures stand in a line by then', async () => {
    await withFolder(async (folder) => {
      // Each waits until the other is being built as well; one after the other, both would give up.
      const meet = (own: string, other: string): string =>
        `touch ${own}; for i in $(seq 200); do [ -e ${other} ] && exit 0; sleep 0.1; done; exit 7`;
      const [here, there] = ['here', 'there'].map((name) => `/tmp/${basename(folder)}-${name}`) as [string, string];
      const servers = [
        await makeServer(folder, 'left', meet(here, there), 'exit 5'),
        await makeServer(folder, 'right', meet(there, here), 'exit 5'),
      ];
      const out = join(folder, 'out');
      const lab = startLab('run', '--local', '--servers', ['node', ...servers].join(','), ...small, '--out', out);
      assert.equal((await lab.ended).code, 4, lab.stderr());
      const lines = lab.stderr().split('\n');
      const at = (pattern: RegExp): number => lines.findIndex((line) => pattern.test(line));
      const measured = at(
        /node: measured: \w+, 200 connections, (.*, )?echo p99 ~?\d.* [mµ]s, broadcast p99 ~?\d.* [mµ]s$/,
      );
      const building = at(/building left, right$/);
      assert.ok(measured >= 0 && building > measured, lab.stderr());
      for (const name of ['left', 'right']) assert.match(lab.stderr(), new RegExp(`^error: ${name}: start: `, 'm'));
    });
  });

  test('fails in two lines, with what its build printed, when it cannot be built, dies or never listens', async () => {
    await withFolder(async (folder) => {
      const servers = [
        await makeServer(folder, 'unbuildable', 'echo compiling; echo "error: no such header" >&2; exit 7', 'exit 0'),
        await makeServer(folder, 'short-lived', 'true', 'echo "cannot find my library" >&2; exit 5'),
        await makeServer(folder, 'silent', 'true', 'exec sleep 1000'),
      ];
      const out = join(folder, 'out');
      const lab = startLab('run', '--local', '--servers', servers.join(','), ...small, '--out', out);
      assert.equal((await lab.ended).code, 4, lab.stderr());
      const { folder: run } = await onlyRun(out);
      const printed = lab.stderr().split('\n');
      const linesOf = (server: string): readonly string[] => {
        const at = printed.findIndex((line) => line.startsWith(`error: ${server}: `));
        return printed.slice(at, at + 2);
      };
      const [built = '', fixBuild = ''] = linesOf('unbuildable');
      assert.match(built, /buildServer: .*error: no such header.*building servers\/unbuildable failed/);
      assert.match(fixBuild, /^ {2}fix: .*build\.log.*raw\/unbuildable/);
      assert.equal(readFileSync(join(run, 'raw/unbuildable/build.log'), 'utf8'), 'compiling\nerror: no such header\n');
      const [died = '', fixStart = ''] = linesOf('short-lived');
      assert.match(died, /start: .*ended before it listened.*exit status 5.*cannot find my library/);
      assert.match(fixStart, /^ {2}fix: .*server-1\.err.*raw\/short-lived/);
      assert.match(readFileSync(join(run, 'raw/short-lived/server/server-1.err'), 'utf8'), /cannot find my library/);
      assert.match(linesOf('silent')[0] ?? '', /start: .*does not listen after 2 s: it printed nothing/);
    });
  });
});

describe('--servers', () => {
  /** Runs to the end and gives the exit code and the two lines of the error. */
  async function failure(...items: readonly string[]): Promise<readonly [number | null, ...string[]]> {
    const lab = startLab('run', '--local', '--servers', items.join(','));
    const { code } = await lab.ended;
    return [code, ...lab.stderr().trim().split('\n')];
  }

  test("fails for a folder that is no server, that has a lab server's name, or that is named like another", async () => {
    await withFolder(async (folder) => {
      const [missing, problem, fix, ...more] = await failure(join(folder, 'nothing'));
      assert.deepEqual([missing, more], [2, []]);
      assert.match(problem ?? '', /^error: there is no folder .*nothing$/);
      assert.match(fix ?? '', /^ {2}fix: .*docs\/servers\.md/);

      const node = await makeServer(folder, 'node', 'true', 'true');
      const [taken, collision] = await failure(node);
      assert.equal(taken, 2);
      assert.match(collision ?? '', /the lab has a server 'node' of its own/);

      await mkdir(join(folder, 'other'));
      const one = await makeServer(folder, 'mine', 'true', 'true');
      const two = await makeServer(join(folder, 'other'), 'mine', 'true', 'true');
      const [doubled, both] = await failure(one, two);
      assert.equal(doubled, 2);
      assert.match(both ?? '', /two of the servers are called 'mine'/);
    });
  });
});
