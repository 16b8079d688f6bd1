import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { serversFolder } from '../../lib/cli/servers/server-folders.ts';
import { allProcesses, descendants, startProgram, startWith, withFolder } from '../integration/lab-process.ts';
import { until } from '../until.ts';

const program = join(import.meta.dirname, '../../bin/c1m.ts');
const interruption = join(import.meta.dirname, '../../lib/cli/interruption.ts');

/** A program that hears signals as `c1m` does, and whose thread waits for a file that never answers. */
const stuckInAFile = `
  import { readFile } from 'node:fs/promises';
  import { listenForInterruption } from '${interruption}';
  const { signal } = listenForInterruption(process);
  signal.addEventListener('abort', () => process.stdout.write('aborted'));
  readFile(process.argv[1]).catch(() => undefined);
  setTimeout(() => process.stdout.write('reading'), 100);
`;

/** A program that is done with its work, with 4, and waits for a file that never answers all the same. */
const doneButStuck = `
  import { readFile } from 'node:fs/promises';
  import { listenForInterruption } from '${interruption}';
  const { done } = listenForInterruption(process);
  readFile(process.argv[1]).catch(() => undefined);
  process.exitCode = 4;
  done();
`;

describe('a command that is done', () => {
  test('ends with its own code although something does not answer, and says so', async () => {
    await withFolder(async (folder) => {
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const lab = startProgram(process.execPath, '--input-type=module', '--eval', doneButStuck, pipe);
      try {
        await until('it has ended', () => lab.child.exitCode !== null);
        assert.equal(lab.child.exitCode, 4, lab.stderr());
        assert.match(lab.stderr(), /^not everything has ended after 10 s/);
      } finally {
        lab.child.kill('SIGKILL');
      }
    });
  });
});

describe('an interruption', () => {
  test('a second time ends the command although a disk does not answer', async () => {
    await withFolder(async (folder) => {
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const lab = startProgram(process.execPath, '--input-type=module', '--eval', stuckInAFile, pipe);
      await until('it reads', () => lab.stdout() === 'reading');
      lab.child.kill('SIGINT');
      await until('it has heard', () => lab.stdout() === 'readingaborted');
      // Sooner, a signal is the same one.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      lab.child.kill('SIGINT');
      try {
        await until('it has ended', () => lab.child.exitCode !== null);
        assert.equal(lab.child.exitCode, 130, lab.stderr());
      } finally {
        lab.child.kill('SIGKILL');
      }
    });
  });

  test('ends a command that has nothing to keep at once, and with it a build and what that has started', async () => {
    await withFolder(async (folder) => {
      const server = join(folder, 'endless');
      cpSync(join(serversFolder, 'node'), server, { recursive: true });
      const description = JSON.parse(readFileSync(join(server, 'server.json'), 'utf8')) as object;
      writeFileSync(join(server, 'server.json'), JSON.stringify({ ...description, name: 'endless' }));
      const length = `100000.${process.pid}`;
      writeFileSync(join(server, 'build'), `#!/bin/sh\nsleep ${length} &\nwait\n`);
      chmodSync(join(server, 'build'), 0o755);
      const lab = startProgram(process.execPath, program, 'verify', server);
      const isBuilding = (): boolean => allProcesses().some(({ command }) => command === `sleep ${length}`);
      await until('the build runs', isBuilding);
      lab.child.kill('SIGTERM');
      assert.deepEqual([(await lab.ended).code, lab.stderr()], [130, 'interrupted\n']);
      await until('the build has ended', () => !isBuilding());
    });
  });

  test('of c1m verify leaves no server and no temporary folder', async () => {
    await withFolder(async (folder) => {
      const temporary = join(folder, 'tmp');
      mkdirSync(temporary);
      // Programs that a build runs keep caches there.
      const ofServers = (): readonly string[] => readdirSync(temporary).filter((name) => name.startsWith('c1m-'));
      const lab = startWith({ ...process.env, TMPDIR: temporary }, process.execPath, program, 'verify', 'node');
      await until('a promise is checked', () => lab.stdout().includes('✔'));
      assert.notDeepEqual(ofServers(), []);
      const started = descendants(lab.child.pid ?? 0).map(({ pid, startTicks }) => `${pid} ${startTicks}`);
      lab.child.kill('SIGINT');
      assert.equal((await lab.ended).code, 130, lab.stderr());
      assert.deepEqual(ofServers(), []);
      await until('no server runs', () =>
        allProcesses().every(({ pid, startTicks }) => !started.includes(`${pid} ${startTicks}`)),
      );
    });
  });
});
