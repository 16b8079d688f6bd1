import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changedSamples } from '../read-merged.ts';
import { type Files, plain, apart, serverSamples, loadSamples, measured, wallIn, busy } from './measured.ts';

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
    assert.match(wallIn(measurement, 'machineCpu').evidence, /either may have been the limit/);
    assert.equal(measurement.verdict.walls.filter(({ wall }) => wall === 'serverCpu').length, 0);
    const others = await measured(busy(plain(), serverSamples));
    assert.match(wallIn(others, 'machineCpu').evidence, /other programs used the rest/);
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
    const [serverCpu, ...more] = walls.filter(({ wall }) => wall === 'serverCpu');
    assert.match(
      serverCpu?.evidence ?? '',
      /^all 2 processors were busy during the ramp \(\d+ samples in a row\), .*phase echo \(\d+ samples in a row\)/,
    );
    assert.deepEqual(more, [], 'one wall names all phases');
  });
});
