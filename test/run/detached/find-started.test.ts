import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { articleLab } from '../../../lib/config/lab.ts';
import { findStarted } from '../../../lib/run/detached/find-started.ts';
import type { RunRecordInput } from '../../../lib/results/schema/run-record.ts';

test('measurements that were started are found, the newest run first, and none of a local run', async (t) => {
  const out = mkdtempSync(join(tmpdir(), 'c1mlab-runs-'));
  t.after(() => rmSync(out, { recursive: true, force: true }));
  const write = (runId: string, where: 'aws' | 'local', executionId?: string): void => {
    const folder = join(out, runId, 'raw/node');
    mkdirSync(folder, { recursive: true });
    const record: RunRecordInput = {
      schema: 2,
      runId,
      beganUnixMillis: 1,
      where,
      hostsShareOneMachine: where === 'local',
      lab: articleLab,
      parameters: {
        servers: ['node'],
        connections: 1,
        workload: [],
        connectRate: 1,
        serverProcesses: 1,
        loadProcesses: 1,
        memoryPreset: 'modern',
        repeats: 1,
      },
      gitCommit: null,
      versions: {},
    };
    writeFileSync(join(out, runId, 'run.json'), JSON.stringify(record));
    const measurement = { schema: 1, measurement: 'node', server: 'node', status: 'running', executionId };
    writeFileSync(join(folder, 'measurement.json'), JSON.stringify(measurement));
  };
  write('20260101-000000-0000', 'aws', 'first');
  write('20260102-000000-0000', 'aws', 'second');
  write('20260103-000000-0000', 'local', 'third');
  write('20260104-000000-0000', 'aws');
  mkdirSync(join(out, 'something-else/raw/node'), { recursive: true });
  const found = await findStarted(out);
  assert.deepEqual(
    found.map(({ runId, record }) => [runId, record.executionId]),
    [
      ['20260102-000000-0000', 'second'],
      ['20260101-000000-0000', 'first'],
    ],
  );
  assert.deepEqual(await findStarted(join(out, 'nowhere')), []);
});
