import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { spoiltBy } from '../../../lib/calibration/compare/known-noise.ts';
import { changedProcess, changedSamples, only, readMerged } from '../read-merged.ts';
import { encoded } from '../statistics/histograms.ts';
import { runFiles } from '../synthetic-run.ts';
import { apart, loadSamples, plain, serverSamples, measured, type Files } from './measured.ts';

describe('sampling', () => {
  test('says what it took, and is noted above 1 % of a processor', async () => {
    const measurement = await measured(plain());
    assert.ok(Math.abs((measurement.cpu.samplerShare ?? 0) - 0.002) < 1e-6);
    const files = changedSamples(plain(), serverSamples, (sample, _place, index) => ({
      ...sample,
      samplerSeconds: index * 0.02,
    }));
    assert.deepEqual((await measured(files)).verdict.measurementFaults, [
      { fault: 'samplerCost', effect: 'noted', host: 'server', evidence: 'sampling took 2.0 % of a processor' },
    ]);
  });
});

describe('processors that the hypervisor keeps', () => {
  const stolenFrom = (files: Files, share: number): Files =>
    [serverSamples, loadSamples, loadSamples.replace('load-1', 'load-2')].reduce(
      (changing, path) =>
        changedSamples(changing, path, (sample, _place, index) => ({
          ...sample,
          cpu: {
            busySeconds: 1000 + index,
            softirqSeconds: 10,
            idleSeconds: 9000 + index,
            stolenSeconds: index * 2 * share,
          },
        })),
      files,
    );
  const faultsIn = async (files: Files) => (await measured(files)).verdict.measurementFaults;

  test('are noted above 1 % of the time, once for hosts on one machine', async () => {
    const evidence =
      "the hypervisor kept 17.0 % of the processors' time for other machines: what ran meanwhile was late without knowing it";
    assert.deepEqual(await faultsIn(stolenFrom(plain(), 0.17)), [
      { fault: 'stolenProcessors', effect: 'noted', host: null, evidence },
    ]);
    assert.deepEqual(
      (await faultsIn(stolenFrom(apart(), 0.17))).map(({ fault, host }) => [fault, host]),
      ['load-1', 'load-2', 'server'].map((host) => ['stolenProcessors', host]),
    );
    assert.deepEqual(await faultsIn(stolenFrom(plain(), 0.009)), []);
  });

  test('are known to a calibration as what made its times late', async () => {
    assert.deepEqual(spoiltBy(await measured(plain())), []);
    assert.match(spoiltBy(await measured(stolenFrom(plain(), 0.17))).join('; '), /^the hypervisor kept 17\.0 %/);
  });
});

describe('figures that are suspect', () => {
  test('are left out of the comparison where a slope cannot be told from zero, and say so', async () => {
    const files = changedSamples(plain(), serverSamples, (sample, _place, index) => ({
      ...sample,
      memory: { ...sample.memory, slabUnreclaimableBytes: index % 2 === 0 ? 900e6 : 100e6 },
    }));
    const result = await readMerged(files);
    assert.equal(result.servers[0]?.figures['kernelBytesPerConnection'], null);
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
      loop: { ...process.loop, turn: encoded(Array.from({ length: 300 }, () => 400)) },
    }));
    const { trust } = await measured(files);
    assert.ok(trust.some(({ figure }) => figure === 'echo.latency.p50Micros'));
  });

  test('are noted where a slope rests on few numbers of connections', async () => {
    const { trust } = await measured(runFiles({ servers: ['node'], connections: 2_000, connectRate: 2_000 }));
    assert.ok(trust.some(({ figure, note }) => figure === 'memory.server' && /numbers of connections/.test(note)));
  });

  test('are noted where reading the clock is a system call, with the hosts', async () => {
    const clockOf = (text: string, clockSource: string): string => JSON.stringify({ ...JSON.parse(text), clockSource });
    const noteOn = async (clockSource: string) => {
      const files = plain();
      const path = 'raw/node/load-1/facts.json';
      const { trust } = await measured({ ...files, [path]: clockOf(files[path] ?? '', clockSource) });
      return trust.find(({ figure }) => figure === 'latencies')?.note;
    };
    assert.match((await noteOn('xen')) ?? '', /system call on load-1 \(xen\): latencies and CPU/);
    assert.equal(await noteOn('tsc'), undefined);
    assert.equal(await noteOn('arch_sys_counter'), undefined);
  });
});
