import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changedProcess, changedSamples, only, readMerged } from '../read-merged.ts';
import { encoded } from '../statistics/histograms.ts';
import { runFiles } from '../synthetic-run.ts';
import { plain, serverSamples, measured } from './measured.ts';

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
