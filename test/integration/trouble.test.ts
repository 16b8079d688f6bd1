import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  allProcesses,
  descendants,
  onlyRun,
  startProgram,
  startLabWithTemporaryFolder,
  waitFor,
  withFolder,
  type LabProcess,
} from './lab-process.ts';

const runWords = [
  'run',
  '--local',
  '--servers',
  'node',
  '--connections',
  '2000',
  '--echo-rate',
  '0',
  '--interval',
  '2',
];

/** Starts a run that drives for a long time, and waits until all its connections are open. */
async function drivingLab(out: string): Promise<LabProcess> {
  const lab = startLabWithTemporaryFolder(
    temporaryFolder(out),
    ...runWords,
    '--broadcasts',
    '200',
    '--out',
    join(out, 'results'),
  );
  await waitFor('the workload to begin', 120, () => {
    if (lab.child.exitCode !== null) throw new Error(`the run ended early: ${lab.stderr()}`);
    return lab.stderr().includes('driving the workload');
  });
  return lab;
}

/** The lab's own temporary folder within a test's. */
function temporaryFolder(out: string): string {
  const folder = join(out, 'tmp');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Kills the one process below the lab whose command line matches. */
function killInside(lab: LabProcess, command: RegExp): void {
  const found = descendants(lab.child.pid ?? 0).filter((candidate) => command.test(candidate.command));
  assert.ok(found[0] !== undefined, `no process matches ${String(command)}`);
  process.kill(found[0].pid, 'SIGKILL');
}

const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8');

describe('a run that is ended', () => {
  test('by SIGKILL leaves no process, namespace, mount or temporary file', { timeout: 180_000 }, async () => {
    await withFolder(async (out) => {
      const mountsBefore = mounts();
      const lab = await drivingLab(out);
      const inside = descendants(lab.child.pid ?? 0);
      const own = allProcesses().find(({ pid }) => pid === process.pid)?.networkNamespace;
      const namespaces = new Set(inside.map(({ networkNamespace }) => networkNamespace).filter((name) => name !== own));
      assert.equal(namespaces.size, 4, 'three hosts and their bridge');
      assert.ok(inside.length > 8);

      lab.child.kill('SIGKILL');
      assert.equal((await lab.ended).signal, 'SIGKILL');
      const pids = new Set(inside.map(({ pid }) => pid));
      await waitFor('every process and namespace to go', 20, () =>
        allProcesses().every(({ pid, networkNamespace }) => !pids.has(pid) && !namespaces.has(networkNamespace)),
      );
      assert.equal(mounts(), mountsBefore);
      assert.deepEqual(readdirSync(temporaryFolder(out)), []);
    });
  });

  test('by SIGINT keeps what was measured, marked incomplete', { timeout: 180_000 }, async () => {
    await withFolder(async (out) => {
      const lab = await drivingLab(out);
      const inside = descendants(lab.child.pid ?? 0).map(({ pid }) => pid);
      lab.child.kill('SIGINT');
      assert.equal((await lab.ended).code, 130, lab.stderr());
      const { result } = await onlyRun(join(out, 'results'));
      const [measurement] = result.measurements;
      assert.equal(measurement?.record.status, 'cancelled');
      assert.equal(measurement?.verdict.complete, false);
      assert.equal(measurement?.connections.established, 2000);
      assert.ok(allProcesses().every(({ pid }) => !inside.includes(pid)));
    });
  });

  test('by the death of the server says so and keeps what was measured', { timeout: 180_000 }, async () => {
    await withFolder(async (out) => {
      const lab = await drivingLab(out);
      killInside(lab, /^node .*build\/servers\/node\/server\.js/);
      assert.equal((await lab.ended).code, 4, lab.stderr());
      const { result } = await onlyRun(join(out, 'results'));
      const [measurement] = result.measurements;
      assert.equal(measurement?.verdict.complete, false);
      assert.ok(measurement?.verdict.walls.some(({ wall }) => wall === 'serverDied'));
      assert.equal(measurement?.connections.established, 2000);
    });
  });

  test('by the death of a load process says so and keeps what was measured', { timeout: 180_000 }, async () => {
    await withFolder(async (out) => {
      const lab = await drivingLab(out);
      killInside(lab, /^\S*node .*loadgen\/worker\/worker\.ts/);
      assert.equal((await lab.ended).code, 4, lab.stderr());
      const { result } = await onlyRun(join(out, 'results'));
      assert.ok(result.measurements[0]?.verdict.walls.some(({ wall }) => wall === 'loadProcessDied'));
    });
  });

  test('by a disk that is full says so in two lines and keeps what was written', { timeout: 180_000 }, async () => {
    await withFolder(async (out) => {
      // A small disk of this run's own, which is filled as soon as the run has begun to write.
      const script = [
        'mount -t tmpfs -o size=24m tmpfs "$1" || exit 77',
        '(until [ -e "$1"/*/raw/node/measurement.json ]; do sleep 0.05; done; cat /dev/zero >"$1/filler" 2>/dev/null) &',
        '"$2" bin/c1m.ts run --local --servers node --connections 200 --broadcasts 1 --interval 1 --echo-rate 0 --out "$1"',
        'status=$?; ls "$1"/*/run.json >&2; exit $status',
      ].join('\n');
      const unshare = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
      const lab = startProgram('unshare', ...unshare, 'bash', '-c', script, 'disk', out, process.execPath);
      assert.equal((await lab.ended).code, 3, lab.stderr());
      assert.match(
        lab.stderr(),
        /^error: the run's files cannot be written to .*ENOSPC.*\n {2}fix: free space there; what was measured is kept in /m,
      );
      assert.match(lab.stderr(), /run\.json$/m);
    });
  });
});
