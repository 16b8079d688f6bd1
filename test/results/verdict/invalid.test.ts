import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WallName } from '../../../lib/results/schema/verdict.ts';
import { changed, changedProcess, changedSamples, withPhase } from '../read-merged.ts';
import { encoded } from '../statistics/histograms.ts';
import { type Files, plain, apart, serverSamples, loadSamples, measured, wallIn, grow, busy } from './measured.ts';

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
    const files = changedProcess(plain(), 'raw/node/load-1/loadgen-0.json', (process) =>
      withPhase(process, 'broadcast', (phase) => ({ ...phase, maxTurnMicros: 80_000 })),
    );
    await invalid(files, 'generatorBehind', /80\.0 ms in phase broadcast .*p99 is \d+\.\d ms/);
  });

  test('when timed work was late', async () => {
    const files = changedProcess(plain(), 'raw/node/load-1/loadgen-0.json', (process) =>
      withPhase(process, 'echo', (phase) => ({ ...phase, maxLatenessMicros: 300_000 })),
    );
    await invalid(files, 'generatorBehind', /in phase echo .*greatest scheduling delay 300\.0 ms/);
  });

  test('unless the kernel timed what came, and work that late was rare', async () => {
    const latency = encoded(Array.from({ length: 1000 }, (_, n) => 1000 + n));
    /** The pieces of work that each load process began late; not known of the last where it is said of fewer. */
    const files = (...lateWork: readonly number[]): Files =>
      Object.keys(plain())
        .filter((path) => /loadgen-[01]\.json$/.test(path))
        .reduce<Files>(
          (all, path, n) =>
            changedProcess(all, path, (process) =>
              withPhase(process, 'echo', (phase) => ({
                ...phase,
                latency,
                maxTurnMicros: 400_000,
                maxLatenessMicros: 300_000,
                lateWork: lateWork[n],
              })),
            ),
          plain(),
        );
    const rare = await measured(files(1, 0, 1, 0));
    assert.equal(rare.verdict.valid, true);
    assert.equal(wallIn(rare, 'generatorBehind').effect, 'noted');
    assert.match(wallIn(rare, 'generatorBehind').evidence, /only 2 of 4000 were sent late/);
    await invalid(files(30, 0, 0, 0), 'generatorBehind', /greatest scheduling delay 300\.0 ms/);
    // Where one process was not told when what came came, its long iterations may have delayed what it read.
    await invalid(files(1, 0, 1), 'generatorBehind', /longest loop iteration 400\.0 ms/);
  });

  test('when the generator was late all along, so that its delay is the p99', async () => {
    const files = Object.keys(plain())
      .filter((path) => /loadgen-[01]\.json$/.test(path))
      .reduce<Files>(
        (all, path) =>
          changedProcess(all, path, (process) =>
            withPhase(process, 'echo', (phase) => ({
              ...phase,
              latency: encoded(Array.from({ length: 1000 }, (_, n) => 1000 + n * 1000)),
              maxLatenessMicros: 900_000,
            })),
          ),
        plain(),
      );
    await invalid(files, 'generatorBehind', /900\.0 ms.*late all along/);
  });

  test('when a load process stood still for a second, though what it saw late made the p99 as long', async () => {
    const files = changedProcess(plain(), 'raw/node/load-1/loadgen-0.json', (process) =>
      withPhase(process, 'echo', (phase) => ({
        ...phase,
        // Most are quick; what was late was late by the pause and some more.
        latency: encoded(Array.from({ length: 1000 }, (_, n) => (n < 900 ? 1000 : 1_300_000))),
        maxLatenessMicros: 1_150_000,
      })),
    );
    await invalid(files, 'generatorBehind', /greatest scheduling delay 1150\.0 ms.*p99 is 130\d\.\d ms/);
  });

  test('when broadcasts were published late', async () => {
    const files = changedProcess(plain(), 'raw/node/load-1/loadgen-2.json', (process) =>
      withPhase(process, 'broadcast', (phase) => ({
        ...phase,
        publications: phase.publications.map((one) => ({ ...one, sentMicros: one.dueMicros + 60_000 })),
      })),
    );
    await invalid(
      files,
      'generatorBehind',
      /2 of 3 broadcasts of phase broadcast were published late, by up to 60\.0 ms/,
    );
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
    const faultsOf = async (files: Files) => {
      const { valid, walls, measurementFaults } = (await measured(untuned(files))).verdict;
      return { valid, walls: walls.length, faults: measurementFaults.map(({ fault, effect }) => [fault, effect]) };
    };
    const { valid, faults } = await faultsOf(apart());
    assert.deepEqual({ valid, faults }, { valid: false, faults: [['untunedHost', 'invalidates']] });
    const { reasons } = (await measured(untuned(apart()))).verdict;
    assert.match(reasons.join('\n'), /^invalid: server: net\.core\.somaxconn should be 65535, is 128$/m);
    // A host that is a namespace may not change what belongs to the whole machine.
    assert.deepEqual(await faultsOf(plain()), { valid: true, walls: 0, faults: [['untunedHost', 'noted']] });
  });

  test('when the load hosts’ processors were saturated during the broadcasts', async () => {
    await invalid(busy(apart(), loadSamples), 'loadCpu', /all 2 processors were busy/);
  });
});
