import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, test } from 'node:test';

/** The user `nobody`, by number, for it may have no name here. */
const nobody = 65_534;
const asNobody = ['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups'];
const files = ['create-local-hosts.test.ts', 'outside-servers.test.ts', 'units.test.ts', 'owner-killed.test.ts'];

function cannotBeNobody(): string | false {
  if (process.geteuid?.() !== 0) return 'only root can become another user; the other tests ran as an ordinary one';
  const read = spawnSync('setpriv', [...asNobody, process.execPath, '--version'], { cwd: '/' });
  if (read.error) return 'setpriv is not installed';
  if (read.status !== 0) return `nobody may not run ${process.execPath}`;
  const probe = spawnSync('setpriv', [...asNobody, 'unshare', '--user', '--map-root-user', '--net', 'true']);
  return probe.status === 0 ? false : `user namespaces are not allowed here: ${probe.stderr.toString().trim()}`;
}

describe('as a user without any rights', { skip: cannotBeNobody() }, () => {
  for (const file of files) {
    test(`${file} passes`, () => {
      // Without the runner's variables, so that it runs as a test of its own; with a HOME that this user may read.
      const { NODE_TEST_CONTEXT: _context, ...environment } = process.env;
      const args = ['--test', '--test-reporter=spec', path.join(import.meta.dirname, file)];
      const run = spawnSync('setpriv', [...asNobody, process.execPath, ...args], {
        env: { ...environment, HOME: '/nonexistent', TMPDIR: '/tmp' },
        encoding: 'utf8',
      });
      assert.equal(run.status, 0, run.stdout + run.stderr);
      assert.match(run.stdout, /^ℹ skipped 0$/m);
    });
  }
});
