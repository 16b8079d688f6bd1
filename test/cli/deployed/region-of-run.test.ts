import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { inRegionOfRun } from '../../../lib/cli/deployed/region-of-run.ts';
import { articleLab } from '../../../lib/config/lab.ts';
import { describeRun } from '../../../lib/run/describe-run.ts';
import type { MeasurementRecordInput } from '../../../lib/results/schema/measurement-record.ts';

const executionId = '01234567-89ab-cdef-0123-456789abcdef';

describe('a run that is taken up again', () => {
  const out = mkdtempSync(join(tmpdir(), 'c1mlab-region-'));
  after(() => rmSync(out, { recursive: true, force: true }));

  const write = (runId: string, region: string | null, status: 'running' | 'succeeded', id: string): void => {
    mkdirSync(join(out, runId, 'raw/node'), { recursive: true });
    const request = {
      servers: ['node'],
      connections: 1,
      workload: [],
      tls: false,
      deflate: false,
    };
    const run = {
      runId,
      folder: join(out, runId),
      request,
      repeats: 1,
      servers: [],
      schedule: [],
      beganUnixMillis: 1,
      gitCommit: null,
      calibration: null,
    };
    const backend = { where: 'aws', region, oneMachine: false, lab: articleLab } as const;
    writeFileSync(join(out, runId, 'run.json'), JSON.stringify(describeRun(backend, run, [], new Map(), null)));
    const measurement: MeasurementRecordInput = {
      schema: 1,
      measurement: 'node',
      server: 'node',
      repeat: 1,
      status,
      executionId: id,
      beganUnixMillis: 1,
    };
    writeFileSync(join(out, runId, 'raw/node/measurement.json'), JSON.stringify(measurement));
  };
  write('20261122-100000-0001', 'eu-west-1', 'running', executionId);
  write('20261122-110000-0002', 'us-west-2', 'succeeded', executionId.replace('0', '1'));
  write('20261122-120000-0003', null, 'succeeded', executionId.replace('0', '2'));

  const cases: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['the one that was left last, without a word', undefined, 'eu-west-1'],
    ['one by its id', '20261122-110000-0002', 'us-west-2'],
    ['one by its execution', executionId, 'eu-west-1'],
    ["one that an earlier version wrote, in the operator's own region", '20261122-120000-0003', undefined],
    ["an execution from elsewhere, in the operator's own region", executionId.replace('0', '9'), undefined],
    ['a run that is not here', 'no-such-run', undefined],
  ];
  for (const [name, word, region] of cases) {
    test(`is looked for where it was begun: ${name}`, async () => {
      assert.deepEqual(await inRegionOfRun({}, out, word), region === undefined ? {} : { region });
    });
  }

  test('is looked for in the region that is given, if one is', async () => {
    const flags = { region: 'ap-south-1' };
    assert.deepEqual(await inRegionOfRun(flags, out, undefined), flags);
  });
});
