import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { describe, test, type TestContext } from 'node:test';
import { namespacesForbidden, processesWith } from './test-hosts.ts';
import { until } from '../../until.ts';

/** A process that owns hosts, and a text in the environment of everything it started. */
interface Owner {
  readonly process: ChildProcessByStdio<null, Readable, null>;
  readonly mark: string;
  readonly folder: string;
  readonly temporaryFolder: string;
}

async function startOwner(t: TestContext): Promise<Owner> {
  const folder = await mkdtemp(path.join(tmpdir(), 'c1mlab owner-'));
  const temporaryFolder = await mkdtemp(path.join(tmpdir(), 'c1mlab-owner-tmp-'));
  const mark = `/marked-${randomUUID()}`;
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'fixtures/owner.ts'), folder], {
    env: { ...process.env, TMPDIR: temporaryFolder, PATH: `${process.env['PATH']}:${mark}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
    await rm(temporaryFolder, { recursive: true, force: true });
  });
  return { process: child, mark, folder, temporaryFolder };
}

async function waitForLine(owner: Owner, word: string): Promise<void> {
  let text = '';
  for await (const chunk of owner.process.stdout.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes(`${word}\n`)) return;
  }
  throw new Error(`the owner ended and printed only: ${text}`);
}

/** Kills the owner and nothing else, and checks that nothing of its hosts stays. */
async function assertNothingLeft(owner: Owner, mountsBefore: string): Promise<void> {
  owner.process.kill('SIGKILL');
  let left: readonly string[] = [];
  await until('no process of the hosts is left', async () => {
    left = await processesWith(owner.mark);
    return left.length === 0;
  });
  assert.equal(await readFile('/proc/self/mountinfo', 'utf8'), mountsBefore);
  assert.deepEqual(await readdir(owner.temporaryFolder), []);
  assert.deepEqual(
    (await readdir(owner.folder)).filter((entry) => entry !== 'build' && entry !== 'results'),
    [],
  );
}

/**
 * The mount namespaces of processes, as the kernel names them, kept open until the test ends: the kernel gives the number of one
 * that is gone to the next, which may be another test's.
 */
async function holdNamespaces(t: TestContext, processes: readonly string[]): Promise<Set<string>> {
  const names = await Promise.all(
    processes.map(async (pid) => {
      const handle = await open(`/proc/${pid}/ns/mnt`).catch(() => null);
      if (handle === null) return null;
      t.after(() => handle.close());
      return readlink(`/proc/self/fd/${handle.fd}`);
    }),
  );
  return new Set(names.filter((name) => name !== null));
}

describe('hosts whose owner is killed', { skip: namespacesForbidden() }, () => {
  test('vanish with their units, commands, namespaces and mounts', async (t) => {
    const mounts = await readFile('/proc/self/mountinfo', 'utf8');
    const owner = await startOwner(t);
    await waitForLine(owner, 'ready');
    const running = await processesWith(owner.mark);
    // The bridge, and on each of three hosts its first process and the unit's and command's processes.
    assert.ok(running.length > 12, `only ${running.length} processes are marked`);
    const namespaces = await holdNamespaces(t, running);
    assert.ok(namespaces.size >= 5, 'hosts, bridge and owner have mount namespaces of their own');
    namespaces.delete(await readlink('/proc/self/ns/mnt'));
    await assertNothingLeft(owner, mounts);
    // A process that is ending has no environment any more, and is in its namespaces a little longer.
    await until('no process holds a namespace of the hosts', async () => {
      const processes = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
      const held = await Promise.all(processes.map((pid) => readlink(`/proc/${pid}/ns/mnt`).catch(() => 'gone')));
      return held.every((namespace) => !namespaces.has(namespace));
    });
  });

  for (const moment of ['when they are about to be made', 'while they are being made']) {
    test(`vanish ${moment}`, async (t) => {
      const mounts = await readFile('/proc/self/mountinfo', 'utf8');
      const owner = await startOwner(t);
      await waitForLine(owner, 'making');
      if (moment.startsWith('while')) {
        await until('a second process is there', async () => (await processesWith(owner.mark)).length > 2);
      }
      await assertNothingLeft(owner, mounts);
    });
  }
});
