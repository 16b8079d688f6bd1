import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Wall, WallName } from '../../../lib/results/schema/verdict.ts';
import { withFolder } from '../lab-process.ts';
import { provoke, type Provoked } from './provoke.ts';

/** Walls that a busy machine may add to any measurement. */
const ofABusyMachine: readonly WallName[] = ['machineCpu', 'generatorBehind'];

describe('a server that runs into a wall', { timeout: 400_000 }, () => {
  let folder: string;
  let provoked: Provoked;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'c1mlab-walls-'));
    provoked = await provoke(
      folder,
      [
        { name: 'none' },
        { name: 'short-queue', misbehaviour: '--backlog 16 --asleep-millis 80' },
        { name: 'few-files', beforeStart: 'ulimit -n 600' },
        { name: 'resets-half', misbehaviour: '--reset-half' },
        { name: 'small-heap', beforeStart: 'NODE_FLAGS=--max-old-space-size=40', misbehaviour: '--leak-bytes 100000' },
        { name: 'busy', misbehaviour: '--burn-millis 8' },
      ],
      ...'--connections 2000 --connect-rate 2000 --broadcasts 1 --interval 1 --echo-rate 300 --echo-seconds 5'.split(
        ' ',
      ),
    );
  });
  after(async () => rm(folder, { recursive: true, force: true }));

  const named = (server: string, wall: WallName): Wall => {
    const measurement = provoked.measurements.get(server);
    assert.ok(measurement !== undefined, provoked.stderr);
    const { walls } = measurement.verdict;
    const others = walls.filter((other) => other.wall !== wall && !ofABusyMachine.includes(other.wall));
    assert.deepEqual(others, [], `beside ${wall}`);
    const found = walls.find((candidate) => candidate.wall === wall);
    assert.ok(found !== undefined, JSON.stringify(measurement, undefined, 1).slice(0, 4000));
    return found;
  };
  const stoppedAt = (server: string): number => provoked.measurements.get(server)?.verdict.stoppedAt ?? -1;

  test('without one has none named', () => {
    const measurement = provoked.measurements.get('none');
    assert.equal(measurement?.connections.peak, 2000);
    assert.deepEqual(
      measurement.verdict.walls.filter(({ wall }) => !ofABusyMachine.includes(wall)),
      [],
    );
  });

  test('by a listen queue of 16: overflows are counted', () => {
    const wall = named('short-queue', 'listenQueue');
    assert.match(wall.evidence, /overflowed \d+ times and dropped \d+ connections of \d+ attempts/);
  });

  test('by 600 descriptors: the run stops short of them', () => {
    const wall = named('few-files', 'descriptors');
    assert.equal(wall.effect, 'stopped');
    assert.match(wall.evidence, /had (59[89]|600) descriptors open where 600 are allowed/);
    assert.ok(stoppedAt('few-files') > 500 && stoppedAt('few-files') < 600, String(stoppedAt('few-files')));
  });

  test('by its own will: what it resets is counted', () => {
    assert.match(
      named('resets-half', 'serverClosed').evidence,
      /the server ended \d+ of \d+ attempts itself \(\d+ ECONNRESET/,
    );
  });

  test('by a heap that is too small: it dies, and says of what', () => {
    const { verdict } = provoked.measurements.get('small-heap') ?? {};
    const names = verdict?.walls.map(({ wall }) => wall);
    assert.ok(names?.includes('memory') && names.includes('serverDied'), JSON.stringify(verdict));
    assert.match(verdict?.walls.find(({ wall }) => wall === 'memory')?.evidence ?? '', /heap out of memory/);
  });

  test('by one processor for a single thread', (context) => {
    const { walls = [] } = provoked.measurements.get('busy')?.verdict ?? {};
    // A thread that others leave too little of a processor is starved: the lab says that the machine was busy, and does not call it the server's wall.
    const walled = walls.map(({ wall }) => wall);
    if (walled.includes('machineCpu') && !walled.includes('serverCpu')) {
      context.skip('cannot tell: other programs had the processors');
      return;
    }
    assert.match(
      named('busy', 'serverCpu').evidence,
      /1 of 1 server processes (used one whole processor|ran or waited for a processor)|the server used 1/,
    );
  });

  test('is shown in the table with what stopped it', () => {
    assert.match(provoked.stdout, /stopped/);
    assert.match(
      provoked.stdout.replaceAll(/\s+/g, ' '),
      /few-files: (invalid: .*)?stopped at \d+ of 2000 connections: server: the server ran out of descriptors/,
    );
  });
});

test(
  'a server that takes one publisher of two ends the run within seconds, and the run says so',
  { timeout: 180_000 },
  async () => {
    await withFolder(async (folder) => {
      // The publisher that it takes would publish for minutes.
      const words = ['--connections', '200', '--workload', 'broadcast times=900 every=0.2s'];
      const provocation = { name: 'one-publisher', misbehaviour: '--one-publisher' };
      const { code, stderr, measurements } = await provoke(folder, [provocation], ...words);
      assert.equal(code, 4, stderr);
      const cause =
        /drive: load-[12]: publishing failed: no connection to \/publish on port \d+ \(\d+ (closedByServer|ECONNRESET)/;
      assert.match(measurements.get('one-publisher')?.record.reason ?? '', cause);
      const [error = '', fix = ''] = stderr.split('\n').slice(-3);
      assert.match(error, new RegExp(`^error: one-publisher: ${cause.source}`));
      assert.match(fix, /^ {2}fix: check that the server has room for one connection more a process/);
    });
  },
);
