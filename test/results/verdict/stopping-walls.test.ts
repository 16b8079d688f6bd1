import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LoadProcessRaw } from '../../../assets/loadgen/raw.ts';
import { changed, changedProcess, changedSamples } from '../read-merged.ts';
import { type Files, plain, serverSamples, loadSamples, measured, wallIn, grow } from './measured.ts';

/** Every load process short of half its connections, with these failures. */
function short(files: Files, connectFailures: LoadProcessRaw['counts']['connectFailures']): Files {
  return Object.keys(files)
    .filter((path) => /loadgen-[01]\.json$/.test(path))
    .reduce<Files>(
      (all, path) =>
        changedProcess(all, path, (process) => {
          const half = Math.floor(process.counts.wanted / 2);
          return {
            ...process,
            counts: { ...process.counts, open: half, established: half, abandoned: half, connectFailures },
            ramp: {
              ...process.ramp,
              openOverTime: process.ramp.openOverTime.map(([micros, open]) => [micros, Math.min(open, half)] as const),
            },
          };
        }),
      files,
    );
}

describe('a wall that stops a run', () => {
  for (const [wall, failures, evidence] of [
    ['ports', { EADDRNOTAVAIL: 500 }, /2 ?000 EADDRNOTAVAIL/],
    ['ports', { EADDRINUSE: 9 }, /36 EADDRINUSE/],
    ['descriptors', { EMFILE: 3 }, /12 EMFILE/],
    ['descriptors', { ENFILE: 3 }, /12 ENFILE/],
    ['refused', { ECONNREFUSED: 5 }, /20 attempts were refused/],
    ['timeouts', { ETIMEDOUT: 5, handshakeTimeout: 1 }, /20 ETIMEDOUT, 4 handshakeTimeout/],
    [
      'serverClosed',
      { ECONNRESET: 5, badHandshake: 2 },
      /ended 28 of 2000 attempts itself \(20 ECONNRESET, 8 badHandshake/,
    ],
    ['serverClosed', { tlsHandshakeFailure: 5 }, /TLS failed in 20 of \d+ attempts \(20 tlsHandshakeFailure\)/],
    ['serverClosed', { deflateContext: 5 }, /--deflate was answered wrongly in 20 of \d+ attempts/],
    ['serverClosed', { http503: 21, EADDRINUSE: 3 }, /ended 84 of 2000 attempts itself \(84 http503\)/],
    ['unreachable', { ENETUNREACH: 5 }, /20 attempts found no route to the server \(20 ENETUNREACH\)/],
  ] as const) {
    test(`${wall} is found from ${Object.keys(failures).join(' and ')}`, async () => {
      const measurement = await measured(short(plain(), failures));
      const found = wallIn(measurement, wall);
      assert.equal(found.effect, 'stopped');
      assert.match(found.evidence, evidence);
      assert.equal(measurement.verdict.reached, false);
      assert.equal(measurement.verdict.stoppedAt, 1_000);
      assert.equal(measurement.verdict.valid, true);
      assert.match(measurement.verdict.reasons[0] ?? '', /^stopped at 1000 of 2000 connections: /);
    });
  }

  for (const [each, isComplete] of [
    [5, true],
    [6, false],
  ] as const) {
    test(`is told where ${4 * each} of 2000 connections were lost: it is ${isComplete ? 'complete' : 'incomplete'}`, async () => {
      const files = Object.keys(plain()).filter((path) => /loadgen-[01]\.json$/.test(path));
      const { verdict } = await measured(
        files.reduce<Files>(
          (all, path) =>
            changedProcess(all, path, (process) => ({
              ...process,
              counts: { ...process.counts, lost: { closeFrame: each } },
            })),
          plain(),
        ),
      );
      assert.deepEqual([verdict.reached, verdict.complete], [true, isComplete], verdict.reasons.join('\n'));
      assert.equal(
        verdict.reasons.includes('incomplete: 24 of 2000 connections were lost: 24 closeFrame'),
        !isComplete,
      );
    });
  }

  test('is no port that was tried again where no connection was given up', async () => {
    const resetOnceOpen = (files: Files, path: string): Files =>
      changedProcess(files, path, (process) => ({
        ...process,
        counts: { ...process.counts, abandoned: 0, connectFailures: { EADDRINUSE: 1 }, lost: { ECONNRESET: 9 } },
      }));
    const { walls, reasons } = (
      await measured(
        Object.keys(plain())
          .filter((path) => /loadgen-[01]\.json$/.test(path))
          .reduce<Files>(resetOnceOpen, short(plain(), {})),
      )
    ).verdict;
    assert.deepEqual(
      [walls.map(({ wall }) => wall), reasons[0]],
      [
        ['serverClosed'],
        'stopped at 1000 of 2000 connections: the server ended 36 connections that were open (36 ECONNRESET)',
      ],
    );
  });

  test('is said to be unknown where the evidence shows none', async () => {
    const measurement = await measured(short(plain(), {}));
    assert.deepEqual(measurement.verdict.walls, []);
    assert.match(measurement.verdict.reasons[0] ?? '', /no wall was found/);
  });

  test('descriptors are found in the server’s log', async () => {
    const log = '2026 WARN accept failed: java.io.IOException: Too many open files\n';
    const measurement = await measured(short({ ...plain(), 'raw/node/server/server-1.err': log }, {}));
    assert.match(wallIn(measurement, 'descriptors').evidence, /limit 20000 a process.*Too many open files/);
  });

  const full = (files: Files): Files =>
    changedSamples(files, serverSamples, (sample) => ({
      ...sample,
      units: Object.fromEntries(
        Object.entries(sample.units).map(([name, unit]) => [name, { ...unit, openFiles: 19_999 }]),
      ),
    }));

  test('descriptors are found in a server that says nothing and has none left', async () => {
    const found = wallIn(await measured(short(full(plain()), { ECONNRESET: 5 })), 'descriptors');
    assert.match(found.evidence, /had 19999 descriptors open where 20000 are allowed/);
    assert.equal(found.effect, 'stopped');
  });

  test('is not descriptors where the server has just enough', async () => {
    assert.deepEqual((await measured(full(plain()))).verdict.walls, []);
  });

  test('descriptors are found from fs.file-max', async () => {
    const files = changedSamples(plain(), loadSamples, (sample) => ({ ...sample, files: { open: 999, most: 1000 } }));
    assert.match(
      wallIn(await measured(short(files, { other: 4 })), 'descriptors').evidence,
      /999 .*fs\.file-max allows 1000/,
    );
  });

  test('is told by its cause, and not again by how attempts failed', async () => {
    const { verdict } = await measured(short(full(plain()), { ECONNRESET: 5, handshakeTimeout: 5, ECONNREFUSED: 1 }));
    assert.deepEqual(
      verdict.walls.map(({ wall }) => wall),
      ['descriptors'],
    );
  });

  test('the listen queue is found from overflows', async () => {
    const files = changedSamples(
      plain(),
      serverSamples,
      grow(900, (sample, by) => ({ ...sample, tcp: { ...sample.tcp, listenOverflows: by, listenDrops: by } })),
    );
    assert.equal(wallIn(await measured(short(files, {})), 'listenQueue').effect, 'stopped');
    assert.equal(wallIn(await measured(files), 'listenQueue').effect, 'slowed');
  });

  test('a server killed for memory is found from how its unit ended', async () => {
    const files = {
      ...changedSamples(plain(), serverSamples, (sample, place) => (place > 0.6 ? { ...sample, units: {} } : sample)),
      'raw/node/server/units.txt': 'c1m-server-1 ActiveState=failed Result=oom-kill ExecMainStatus=9\n',
    };
    const measurement = await measured(files);
    assert.match(wallIn(measurement, 'memory').evidence, /kernel killed c1m-server-1/);
    assert.match(
      wallIn(measurement, 'serverDied').evidence,
      /after \d+ s of sampling: c1m-server-1 \(oom-kill, status 9\)/,
    );
    assert.equal(measurement.verdict.complete, false);
  });

  test('a server that died is found from the samples alone', async () => {
    const files = changedSamples(plain(), serverSamples, (sample, place) =>
      place > 0.6 ? { ...sample, units: {} } : sample,
    );
    const { 'raw/node/server/units.txt': _ends, ...rest } = files;
    assert.match(wallIn(await measured(rest), 'serverDied').evidence, /c1m-server-1/);
  });

  test('memory is found from a heap that is full', async () => {
    const log = 'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n';
    assert.match(
      wallIn(await measured({ ...plain(), 'raw/node/server/server-1.err': log }), 'memory').evidence,
      /heap space/,
    );
  });

  test('memory is found from a machine that has none left', async () => {
    const files = changedSamples(plain(), serverSamples, (sample) => ({
      ...sample,
      memory: { ...sample.memory, availableBytes: 100e6 },
    }));
    assert.match(wallIn(await measured(files), 'memory').evidence, /100 MB of 24\.0 GB/);
  });

  test('connection tracking is found from its entries', async () => {
    const files = changedSamples(
      plain(),
      serverSamples,
      grow(2_000, (sample, by) => ({ ...sample, conntrackEntries: by })),
    );
    assert.match(wallIn(await measured(files), 'conntrack').evidence, /2000 entries/);
    // A table with room slows, and stops nothing.
    assert.equal(wallIn(await measured(short(files, { ETIMEDOUT: 5 })), 'conntrack').effect, 'slowed');
  });

  test('connection tracking is found from a table that is full', async () => {
    const files = changedSamples(plain(), serverSamples, (sample, place) => ({
      ...sample,
      conntrackEntries: 500,
      conntrackMost: 500,
      conntrackDrops: Math.round(place * 300),
    }));
    const found = wallIn(await measured(short(files, { ETIMEDOUT: 5 })), 'conntrack');
    assert.match(found.evidence, /500 entries of 500 .*300 packets dropped/);
    assert.equal(found.effect, 'stopped');
  });

  test('memory is found from TCP that has none', async () => {
    const files = changedSamples(
      plain(),
      serverSamples,
      grow(40, (sample, by) => ({ ...sample, tcp: { ...sample.tcp, memoryPressures: 1, abortedForMemory: by } })),
    );
    assert.match(wallIn(await measured(files), 'memory').evidence, /ended 40 connections/);
  });

  test('memory is found from a load process that the kernel killed', async () => {
    const killed = changed(plain(), 'raw/node/load-2/loadgen-status.json', (status) => ({
      ...status,
      phase: 'failed',
      reason: 'load process 1 ended with SIGKILL',
    }));
    const files = changedSamples(
      killed,
      'raw/node/load-2/samples.jsonl',
      grow(1, (sample, by) => ({ ...sample, memory: { ...sample.memory, oomKills: by } })),
    );
    const found = wallIn(await measured(files), 'memory');
    assert.deepEqual([found.host, /killed 1 processes/.test(found.evidence)], ['load-2', true]);
  });

  test('is the port no longer where the address is gone', async () => {
    const files = changedSamples(plain(), loadSamples, (sample, place) =>
      place > 0.2 ? { ...sample, addresses: 4 } : sample,
    );
    const { walls } = (await measured(short(files, { EADDRNOTAVAIL: 500 }))).verdict;
    assert.deepEqual(
      walls.map(({ wall }) => wall),
      ['addressesLost'],
    );
  });
});
