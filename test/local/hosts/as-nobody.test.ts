import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';

/** The user `nobody`, by number, for it may have no name here. */
const nobody = 65_534;
const asNobody = ['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups'];
const files = ['create-local-hosts.test.ts', 'outside-servers.test.ts', 'units.test.ts', 'owner-killed.test.ts'];
const clone = path.join(import.meta.dirname, '../../..');
/** What these tests load. */
const parts = ['package.json', 'lib', 'assets', 'test/local/hosts', 'test/until.ts', 'node_modules/valibot'];

/** The clone's parts and Node, where nobody may read and run them: a clone in root's home is closed to it. */
interface Copy {
  readonly folder: string;
  readonly node: string;
}

function makeCopy(): Copy | null {
  for (const place of new Set([tmpdir(), '/tmp', '/var/tmp', '/dev/shm'])) {
    let folder = '';
    try {
      folder = mkdtempSync(path.join(place, 'c1mlab-as-nobody-'));
      chmodSync(folder, 0o755);
      const node = path.join(folder, 'node');
      cpSync(process.execPath, node, { dereference: true });
      chmodSync(node, 0o755);
      // The place may be closed to nobody, or forbid that programs are run from it.
      if (spawnSync('setpriv', [...asNobody, node, '--version'], { cwd: '/' }).status === 0) return { folder, node };
    } catch {
      // No such place, or no room there.
    }
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  }
  return null;
}

function fill(folder: string): void {
  for (const part of parts) {
    mkdirSync(path.dirname(path.join(folder, part)), { recursive: true });
    cpSync(path.join(clone, part), path.join(folder, part), { recursive: true, dereference: true });
  }
  // Whatever the umask was when the clone was made.
  spawnSync('chmod', ['-R', 'a+rX', folder]);
  mkdirSync(path.join(folder, 'tmp'));
  chmodSync(path.join(folder, 'tmp'), 0o1777);
}

function cannotBeNobody(): string | false {
  if (process.geteuid?.() !== 0) return 'only root can become another user; the other tests ran as an ordinary one';
  if (spawnSync('setpriv', ['--version']).error) return 'setpriv is not installed';
  const probe = spawnSync('setpriv', [...asNobody, 'unshare', '--user', '--map-root-user', '--net', 'true']);
  return probe.status === 0 ? false : `user namespaces are not allowed here: ${probe.stderr.toString().trim()}`;
}

const impossible = cannotBeNobody();
const copy = impossible === false ? makeCopy() : null;
if (copy !== null) fill(copy.folder);
const skip =
  impossible === false && copy === null ? 'nobody may run programs from no folder of this machine' : impossible;

describe('as a user without any rights', { skip }, () => {
  after(() => {
    if (copy !== null) rmSync(copy.folder, { recursive: true, force: true });
  });
  for (const file of files) {
    test(`${file} passes`, () => {
      // Without the runner's variables, so that it runs as a test of its own; with a HOME that this user may read.
      const { NODE_TEST_CONTEXT: _context, NODE_COMPILE_CACHE: _cache, ...environment } = process.env;
      const { folder = '', node = '' } = copy ?? {};
      const args = ['--test', '--test-reporter=spec', path.join(folder, 'test/local/hosts', file)];
      const run = spawnSync('setpriv', [...asNobody, node, ...args], {
        env: { ...environment, HOME: '/nonexistent', TMPDIR: path.join(folder, 'tmp') },
        cwd: folder,
        encoding: 'utf8',
      });
      assert.equal(run.status, 0, run.stdout + run.stderr);
      assert.match(run.stdout, /^ℹ skipped 0$/m);
    });
  }
});
