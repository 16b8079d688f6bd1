import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MeasurementResult } from '../../lib/results/schema/measurement-result.ts';
import { changed, changedProcess, changedSamples, only, readMerged, withPhase } from './read-merged.ts';
import { runFiles } from './synthetic-run.ts';

const plain = () => runFiles({ servers: ['node'] });
type Files = Readonly<Record<string, string>>;

/** Files with every file of one folder once more in another. */
function copied(files: Files, from: string, to: string): Files {
  const copies = Object.entries(files).flatMap(([path, text]) =>
    path.startsWith(from) ? [[path.replace(from, to), text] as const] : [],
  );
  return { ...files, ...Object.fromEntries(copies) };
}

/** The measurement, once it has been seen to be incomplete for a reason that matches and to count no connection twice. */
async function refused(files: Files, reason: RegExp): Promise<MeasurementResult> {
  const measurement = only(await readMerged(files));
  assert.ok(
    measurement.missing.some((what) => reason.test(what)),
    measurement.missing.join('\n'),
  );
  assert.equal(measurement.verdict.complete, false);
  assert.ok(measurement.connections.established <= 2000, String(measurement.connections.established));
  return measurement;
}

describe('raw files that do not belong to a measurement are left out and named', () => {
  test('a load process’s file that was copied beside it', async () => {
    const files = copied(plain(), 'raw/node/load-1/loadgen-0.json', 'raw/node/load-1/loadgen-7.json');
    const { connections } = await refused(files, /load-1\/loadgen-7\.json is left out: it is a copy of loadgen-0/);
    assert.equal(connections.established, 2000);
  });

  test('a host’s folder that was copied beside it', async () => {
    const files = copied(plain(), 'raw/node/load-2/', 'raw/node/load-3/');
    const { connections } = await refused(files, /host load-3 is left out: the lab has no host of that name/);
    assert.equal(connections.established, 2000);
  });

  test('a host’s folder that was copied over another', async () => {
    await refused(
      copied(plain(), 'raw/node/load-1/', 'raw/node/load-2/'),
      /host load-2 is left out: its facts\.json was written on load-1/,
    );
  });

  test('a load process’s file of another host', async () => {
    const files = copied(plain(), 'raw/node/load-1/loadgen-0.json', 'raw/node/load-2/loadgen-0.json');
    await refused(files, /load-2\/loadgen-0\.json is left out: it was written on load-1/);
  });

  test('files of another run', async () => {
    const other = { run: '11111111-0000-4000-8000-000000000000' };
    await refused(
      changed(plain(), 'raw/node/load-1/facts.json', (facts) => ({ ...facts, ...other })),
      /host load-1 is left out: its facts\.json is of another run/,
    );
    await refused(
      changedProcess(plain(), 'raw/node/load-1/loadgen-0.json', (raw) => ({ ...raw, ...other })),
      /load-1\/loadgen-0\.json is left out: it is of another run/,
    );
    await refused(
      changedSamples(plain(), 'raw/node/server/samples.jsonl', (sample) => ({
        ...sample,
        unixMillis: sample.unixMillis - 3_600_000,
      })),
      /server\/samples\.jsonl is left out/,
    );
  });

  test('a measurement’s folder that was copied', async () => {
    const files = copied(plain(), 'raw/node/', 'raw/node-2/');
    const result = await readMerged(files);
    assert.equal(result.complete, false);
    assert.ok(result.missing.some((what) => /the folder is a copy: its measurement\.json is that of node/.test(what)));
  });
});

describe('a measurement that nobody looked at is not complete', () => {
  test('when the sampler had ended before results were collected', async () => {
    const files = { ...plain(), 'raw/node/server/units.txt': 'c1m-server-1 ActiveState=active Result=success\n' };
    await refused(files, /server: the sampler ended before the measurement did/);
  });

  test('when the sampler stood still, in between or at the end', async () => {
    const samples = 'raw/node/server/samples.jsonl';
    const gap = changedSamples(plain(), samples, (sample, place) => ({
      ...sample,
      monotonicMicros: sample.monotonicMicros + (place > 0.5 ? 11e6 : 0),
    }));
    await refused(gap, /server: no sample for 12 s: the sampler stood still/);
    const late = changed(plain(), 'raw/node/measurement.json', (record) => ({
      ...record,
      steps: [{ name: 'collect', status: 'Success', beganUnixMillis: Number(record['endedUnixMillis']) + 5000 }],
    }));
    await refused(late, /server: no sample in the last \d+ s: the sampler stood still/);
  });

  test('when echoes, answers or histograms are lacking', async () => {
    const file = 'raw/node/load-1/loadgen-0.json';
    await refused(
      changedProcess(plain(), file, (raw) => withPhase(raw, 'echo', (phase) => ({ ...phase, sent: phase.sent + 1 }))),
      /1 of \d+ echoes never came back/,
    );
    const publisher = 'raw/node/load-1/loadgen-2.json';
    await refused(
      changedProcess(plain(), publisher, (raw) =>
        withPhase(raw, 'broadcast', (phase) => ({
          ...phase,
          publications: phase.publications.map((publication) => ({ ...publication, answer: null })),
        })),
      ),
      /the server did not answer the publisher of \d of 3 broadcasts/,
    );
    await refused(
      changedProcess(plain(), file, (raw) => ({ ...raw, ramp: { ...raw.ramp, connectLatency: 'torn' } })),
      /1 histograms could not be decoded/,
    );
  });
});

describe('a server that stood still', () => {
  test('is found from samples in which it was stopped, and the result is invalid', async () => {
    const files = changedSamples(plain(), 'raw/node/server/samples.jsonl', (sample, place) => ({
      ...sample,
      units: Object.fromEntries(
        Object.entries(sample.units).map(([unit, of]) => [unit, { ...of, stopped: place > 0.5 }]),
      ),
    }));
    const { verdict } = only(await readMerged(files));
    assert.equal(verdict.valid, false);
    assert.match(verdict.walls[0]?.evidence ?? '', /the server stood still: a process of it was stopped/);
  });

  test('is found from broadcasts that reached nobody and echoes that never came back', async () => {
    let files: Files = plain();
    for (const path of Object.keys(files).filter((name) => /load-\d\/loadgen-\d/.test(name))) {
      files = changedProcess(files, path, (raw) =>
        withPhase(
          withPhase(raw, 'echo', (phase) => ({ ...phase, received: 0 })),
          'broadcast',
          (phase) => ({ ...phase, broadcasts: phase.broadcasts.map((broadcast) => ({ ...broadcast, received: 0 })) }),
        ),
      );
    }
    const { verdict } = only(await readMerged(files));
    assert.equal(verdict.valid, false);
    assert.match(
      verdict.walls.find(({ wall }) => wall === 'serverStoodStill')?.evidence ?? '',
      /^the server left undone what it should have: \d+ of \d+ echoes never came back; 3 of 3 broadcasts reached none of the members that were open/,
    );
  });
});
