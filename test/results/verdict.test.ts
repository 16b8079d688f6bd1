import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HostSample } from '../../assets/host/raw.ts';
import type { LoadProcessRaw } from '../../assets/loadgen/raw.ts';
import type { MeasurementResult } from '../../lib/results/schema/measurement-result.ts';
import type { Wall, WallName } from '../../lib/results/schema/verdict.ts';
import { changed, changedProcess, changedSamples, only, readMerged } from './read-merged.ts';
import { encoded } from './statistics/histograms.ts';
import { runFiles } from './synthetic-run.ts';

type Files = Readonly<Record<string, string>>;
const plain = (): Files => runFiles({ servers: ['node'] });
const apart = (): Files => runFiles({ servers: ['node'], hostsShareOneMachine: false });
const serverSamples = 'raw/node/server/samples.jsonl';
const loadSamples = 'raw/node/load-1/samples.jsonl';

async function measured(files: Files): Promise<MeasurementResult> {
  return only(await readMerged(files));
}

function wallIn(measurement: MeasurementResult, wall: WallName): Wall {
  const found = measurement.verdict.walls.find((candidate) => candidate.wall === wall);
  assert.ok(found !== undefined, `no wall ${wall} in ${JSON.stringify(measurement.verdict.walls)}`);
  return found;
}

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

const grow =
  (amount: number, counter: (sample: HostSample, by: number) => HostSample) => (sample: HostSample, place: number) =>
    counter(sample, Math.round(amount * place));

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
    ['unreachable', { ENETUNREACH: 5 }, /20 attempts found no way to the server \(20 ENETUNREACH\)/],
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

describe('a measurement is invalid', () => {
  const invalid = async (files: Files, wall: WallName, evidence: RegExp) => {
    const measurement = await measured(files);
    assert.equal(measurement.verdict.valid, false);
    const found = wallIn(measurement, wall);
    assert.equal(found.effect, 'invalidates');
    assert.match(found.evidence, evidence);
    assert.equal(measurement.verdict.walls[0]?.effect, 'invalidates');
  };

  test('when the generator’s loop paused for longer than half of the p99, and says by how much', async () => {
    const files = changedProcess(plain(), 'raw/node/load-1/loadgen-0.json', (process) => ({
      ...process,
      loop: { ...process.loop, maxTurnWhileDrivingMicros: 80_000 },
    }));
    await invalid(files, 'generatorBehind', /80\.0 ms.*p99 is \d+\.\d ms/);
  });

  test('when timed work was late', async () => {
    const files = changedProcess(plain(), 'raw/node/load-1/loadgen-0.json', (process) => ({
      ...process,
      loop: { ...process.loop, maxLatenessWhileDrivingMicros: 300_000 },
    }));
    await invalid(files, 'generatorBehind', /greatest lateness 300\.0 ms/);
  });

  test('when the generator was late all along, so that its lateness is the p99', async () => {
    const files = Object.keys(plain())
      .filter((path) => /loadgen-[01]\.json$/.test(path))
      .reduce<Files>(
        (all, path) =>
          changedProcess(all, path, (process) => ({
            ...process,
            echo: { ...process.echo, roundTrip: encoded(Array.from({ length: 1000 }, (_, n) => 1000 + n * 1000)) },
            loop: { ...process.loop, maxLatenessWhileDrivingMicros: 900_000 },
          })),
        plain(),
      );
    await invalid(files, 'generatorBehind', /900\.0 ms.*late all along/);
  });

  test('when broadcasts were published late', async () => {
    const files = changedProcess(plain(), 'raw/node/load-1/loadgen-2.json', (process) => ({
      ...process,
      publications: process.publications.map((one) => ({ ...one, sentMicros: one.dueMicros + 60_000 })),
    }));
    await invalid(files, 'generatorBehind', /2 of 3 broadcasts were published late, by up to 60\.0 ms/);
  });

  test('when addresses went away', async () => {
    const files = changedSamples(plain(), loadSamples, (sample, place) =>
      place > 0.5 ? { ...sample, addresses: 4 } : sample,
    );
    await invalid(files, 'addressesLost', /7 of 11 addresses/);
  });

  test('when the interface was down for a while, which is said', async () => {
    const files = changedSamples(plain(), loadSamples, (sample, place) =>
      place > 0.5 && place < 0.7 ? { ...sample, addresses: 0 } : sample,
    );
    await invalid(files, 'addressesLost', /11 of 11 addresses.*interface was down.*came back/);
  });

  test('when the machine swapped', async () => {
    const files = changedSamples(
      plain(),
      serverSamples,
      grow(500e6, (sample, by) => ({ ...sample, memory: { ...sample.memory, swapUsedBytes: by } })),
    );
    await invalid(files, 'swap', /500 MB/);
  });

  test('when a load process died', async () => {
    const files = changed(plain(), 'raw/node/load-2/loadgen-status.json', (status) => ({
      ...status,
      phase: 'failed',
      reason: 'load process 1 ended with signal 9',
    }));
    await invalid(files, 'loadProcessDied', /load process 1 ended with signal 9/);
  });

  test('when a host of its own is not tuned', async () => {
    const untuned = (files: Files) =>
      changed(files, 'raw/node/server/facts.json', (facts) => ({
        ...facts,
        sysctls: [{ key: 'net.core.somaxconn', operator: 'atleast', wanted: '65535', actual: '128', ok: false }],
      }));
    await invalid(untuned(apart()), 'untunedHost', /somaxconn should be 65535, is 128/);
    // A host that is a namespace may not change what belongs to the whole machine.
    const local = await measured(untuned(plain()));
    assert.equal(wallIn(local, 'untunedHost').effect, 'noted');
    assert.equal(local.verdict.valid, true);
  });

  test('when the load hosts’ processors were saturated during the broadcasts', async () => {
    await invalid(busy(apart(), loadSamples), 'loadCpu', /all 2 processors were busy/);
  });
});

/** A host whose processors are never idle. */
function busy(files: Files, path: string): Files {
  return changedSamples(files, path, (sample, _place, index) => ({
    ...sample,
    cpu: { busySeconds: 1000 + index * 2, softirqSeconds: 10, idleSeconds: 9000 },
  }));
}

describe('saturated processors', () => {
  test('of the server’s host slow the run', async () => {
    const measurement = await measured(busy(apart(), serverSamples));
    assert.equal(wallIn(measurement, 'serverCpu').effect, 'slowed');
    assert.equal(measurement.verdict.valid, true);
  });

  /** The units of a host use so many processors. */
  const using = (files: Files, path: string, processors: number, runnable: number = processors): Files =>
    changedSamples(files, path, (sample, _place, index) => ({
      ...sample,
      units: Object.fromEntries(
        Object.entries(sample.units).map(([name, unit]) => [
          name,
          { ...unit, cpuSeconds: index * processors, runnableSeconds: index * runnable },
        ]),
      ),
    }));

  test('of one machine for all are nobody’s in particular', async () => {
    const shared = using(using(busy(plain(), serverSamples), serverSamples, 0.8), loadSamples, 0.8);
    const measurement = await measured(shared);
    assert.match(wallIn(measurement, 'machineCpu').evidence, /cannot be told/);
    assert.equal(measurement.verdict.walls.filter(({ wall }) => wall === 'serverCpu').length, 0);
    const others = await measured(busy(plain(), serverSamples));
    assert.match(wallIn(others, 'machineCpu').evidence, /the machine was not the lab's alone/);
  });

  test('are found in a single thread that others leave too little', async () => {
    const starved = (ran: number) => measured(using(busy(plain(), serverSamples), serverSamples, ran, 1));
    assert.match(wallIn(await starved(0.6), 'serverCpu').evidence, /ran or waited .*\(ran 60 % of it\)/);
    assert.ok((await starved(0.1)).verdict.walls.every(({ wall }) => wall !== 'serverCpu'));
  });

  test('are found in a server that uses one whole processor of several', async () => {
    const files = changedSamples(apart(), serverSamples, (sample, _place, index) => ({
      ...sample,
      units: Object.fromEntries(
        Object.entries(sample.units).map(([name, unit]) => [name, { ...unit, cpuSeconds: index * 1.0 }]),
      ),
    }));
    assert.match(
      wallIn(await measured(files), 'serverCpu').evidence,
      /1 of 1 server processes used one whole processor/,
    );
  });

  test('for a moment are no wall', async () => {
    const files = changedSamples(apart(), serverSamples, (sample, _place, index) => ({
      ...sample,
      cpu: {
        busySeconds: index >= 5 ? 1002 : 1000,
        softirqSeconds: 0,
        idleSeconds: 9000 + index * 2 - (index >= 5 ? 2 : 0),
      },
    }));
    const { walls } = (await measured(files)).verdict;
    assert.deepEqual(
      walls.filter(({ effect }) => effect !== 'noted'),
      [],
    );
  });

  test('of one machine are the server’s, or the load generator’s, where it uses most of them', async () => {
    const hungry = (path: string) => using(busy(plain(), serverSamples), path, 1.6);
    assert.match(wallIn(await measured(hungry(serverSamples)), 'serverCpu').evidence, /the server used 1\.6/);
    assert.match(wallIn(await measured(hungry(loadSamples)), 'loadCpu').evidence, /the load generator 1\.[67]/);
  });

  test('are found while echoes go, too', async () => {
    const { walls } = (await measured(busy(apart(), serverSamples))).verdict;
    assert.ok(walls.some(({ wall, evidence }) => wall === 'serverCpu' && evidence.includes('during the echoes')));
  });
});

describe('lost packets', () => {
  test('are found from retransmissions', async () => {
    const files = changedSamples(
      plain(),
      serverSamples,
      grow(5_000, (sample, by) => ({ ...sample, tcp: { ...sample.tcp, retransmittedSegments: by } })),
    );
    assert.match(wallIn(await measured(files), 'retransmissions').evidence, /5000 segments/);
  });

  test('are not what a full listen queue made its clients send again', async () => {
    const files = changedSamples(
      plain(),
      serverSamples,
      grow(900, (sample, by) => ({
        ...sample,
        tcp: {
          ...sample.tcp,
          listenOverflows: by,
          listenDrops: by,
          retransmittedSegments: by * 2,
          retransmittedSyns: by,
        },
      })),
    );
    const { walls } = (await measured(files)).verdict;
    assert.deepEqual(
      walls.map(({ wall }) => wall),
      ['listenQueue'],
    );
  });

  test('are not what was sent again because an answer was late', async () => {
    const late = (inVain: number): Files =>
      changedSamples(
        plain(),
        loadSamples,
        grow(5_000, (sample, by) => ({
          ...sample,
          tcp: { ...sample.tcp, retransmittedSegments: by, retransmittedInVain: Math.round(by * inVain) },
        })),
      );
    assert.deepEqual((await measured(late(0.99))).verdict.walls, []);
    assert.match(
      wallIn(await measured(late(0.5)), 'retransmissions').evidence,
      /5000 segments.* 2500 for an answer that was only late/,
    );
  });

  test('are found from the allowances of an EC2 instance, and are said to be invisible without them', async () => {
    const files = changedSamples(apart(), serverSamples, (sample, place) => ({
      ...sample,
      network: {
        ...sample.network,
        allowanceExceeded: { pps_allowance_exceeded: 5 + place * 70, conntrack_allowance_exceeded: 3 },
      },
    }));
    const { walls } = (await measured(files)).verdict;
    assert.deepEqual(
      walls.map(({ wall, effect }) => [wall, effect]),
      [
        ['packetsDropped', 'slowed'],
        ['packetsDropped', 'noted'],
      ],
    );
    assert.match(walls[0]?.evidence ?? '', /70 pps_allowance_exceeded/);
    assert.match(walls[1]?.evidence ?? '', /not visible on load-1, load-2/);
  });

  test('are found from drops at an interface', async () => {
    const files = changedSamples(
      plain(),
      loadSamples,
      grow(300, (sample, by) => ({ ...sample, network: { ...sample.network, dropped: by } })),
    );
    assert.match(wallIn(await measured(files), 'packetsDropped').evidence, /300 packets/);
  });
});

describe('sampling', () => {
  test('says what it took, and is noted above 1 % of a processor', async () => {
    const measurement = await measured(plain());
    assert.ok(Math.abs((measurement.cpu.samplerShare ?? 0) - 0.002) < 1e-6);
    const files = changedSamples(plain(), serverSamples, (sample, _place, index) => ({
      ...sample,
      samplerSeconds: index * 0.02,
    }));
    const found = wallIn(await measured(files), 'samplerCost');
    assert.deepEqual([found.effect, found.evidence], ['noted', 'sampling took 2.0 % of a processor']);
  });
});

describe('figures that are suspect', () => {
  test('are left out of the comparison where a slope cannot be told from zero, and say so', async () => {
    const files = changedSamples(plain(), serverSamples, (sample, _place, index) => ({
      ...sample,
      memory: { ...sample.memory, slabUnreclaimableBytes: index % 2 === 0 ? 900e6 : 100e6 },
    }));
    const result = await readMerged(files);
    assert.equal(result.servers[0]?.figures.kernelBytesPerConnection, null);
    assert.ok(only(result).trust.some(({ figure, note }) => figure === 'memory.kernel' && /includes zero/.test(note)));
  });

  test('are noted where a slope’s interval is wide', async () => {
    const files = changedSamples(plain(), serverSamples, (sample, _place, index) => ({
      ...sample,
      units: Object.fromEntries(
        Object.entries(sample.units).map(([name, unit]) => [
          name,
          { ...unit, anonymousBytes: unit.anonymousBytes + (index % 2) * 4e6 },
        ]),
      ),
    }));
    const { trust } = await measured(files);
    assert.ok(trust.some(({ figure, note }) => figure === 'memory.server' && /interval is ±\d+ %/.test(note)));
  });

  test('are noted where the generator is slow beside them', async () => {
    const files = changedProcess(plain(), 'raw/node/load-1/loadgen-0.json', (process) => ({
      ...process,
      loop: { ...process.loop, turn: process.echo.roundTrip },
    }));
    const { trust } = await measured(files);
    assert.ok(trust.some(({ figure }) => figure === 'echo.roundTrip.p50Micros'));
  });

  test('are noted where a slope rests on few numbers of connections', async () => {
    const { trust } = await measured(runFiles({ servers: ['node'], connections: 2_000, connectRate: 2_000 }));
    assert.ok(trust.some(({ figure, note }) => figure === 'memory.server' && /numbers of connections/.test(note)));
  });
});
