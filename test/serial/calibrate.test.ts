import assert from 'node:assert/strict';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LoadProcessRaw } from '../../assets/loadgen/raw.ts';
import type { CalibrationRecord } from '../../lib/calibration/calibration-record.ts';
import { judgeCalibration } from '../../lib/calibration/judge-calibration.ts';
import { startLab, withFolder } from '../integration/lab-process.ts';
import { withPhase } from '../results/read-merged.ts';

/** A small calibration by command line: its exit code, its folder, and what it says. */
async function calibrated(out: string): Promise<{
  readonly code: number | null;
  readonly folder: string;
  readonly record: CalibrationRecord;
  readonly text: string;
}> {
  const lab = startLab('calibrate', '--local', '--out', out);
  const { code } = await lab.ended;
  const name = (await readdir(out)).find((entry) => entry.startsWith('calibration-')) ?? '';
  const folder = join(out, name);
  const text = await readFile(join(folder, 'calibration.json'), 'utf8').catch(() => assert.fail(lab.stderr()));
  return { code, folder, record: JSON.parse(text) as CalibrationRecord, text: lab.stdout() };
}

/** The outcome for a copy of a run's folder in which one load process's file says something else. */
async function outcomeOfAltered(
  folder: string,
  copy: string,
  server: string,
  change: (raw: LoadProcessRaw) => LoadProcessRaw,
): Promise<readonly string[]> {
  await cp(folder, copy, { recursive: true });
  const file = join(copy, 'raw', server, 'load-1/loadgen-0.json');
  const raw = JSON.parse(await readFile(file, 'utf8')) as LoadProcessRaw;
  await writeFile(file, JSON.stringify(change(raw)));
  const { record } = await judgeCalibration(copy, 'small');
  assert.equal(record.outcome, 'failed');
  return record.comparisons.filter(({ outcome }) => outcome === 'fail').map(({ quantity }) => quantity);
}

test(
  'a calibration finds what the reference servers did, and raw files that were altered are caught',
  { timeout: 400_000 },
  async (context) => {
    await withFolder(async (out) => {
      const { record, folder, code, text } = await calibrated(out);

      const counts = record.comparisons.filter(({ unit }) => unit === 'count');
      assert.deepEqual(
        counts.filter(({ outcome }) => outcome !== 'pass'),
        [],
        'counts are exact on a busy machine too',
      );
      assert.ok(counts.length >= 50, `${counts.length} counts`);
      const faults = counts.filter((one) => one.case === 'reference-faulty');
      for (const quantity of [
        'attempts with handshakeTimeout',
        'attempts with http503',
        'attempts with ECONNRESET',
        'attempts with ECONNREFUSED',
        'lost with closeFrame',
        'messages without an answer',
        'messages missing',
        'messages received twice',
        'storm: attempts with http503',
        'storm: attempts with ECONNRESET',
        'deepest listen queue',
        'pings without an answer',
        'churn: attempts with http503',
        'churn: attempts with ECONNRESET',
      ]) {
        assert.ok((faults.find((one) => one.quantity === quantity)?.measured ?? 0) > 0, `${quantity} happened`);
      }
      assert.match(
        text,
        new RegExp(`^${{ passed: 'PASSED', failed: 'FAILED', invalid: 'INVALID' }[record.outcome]}: `, 'm'),
      );

      const echoLess = await outcomeOfAltered(folder, join(out, 'echo'), 'reference-faulty', (raw) =>
        withPhase(raw, 'echo', (phase) => ({ ...phase, received: phase.received - 1 })),
      );
      assert.deepEqual([...echoLess].sort(), ['messages without an answer', ...namesOf(record)].sort());
      const refusedMore = await outcomeOfAltered(folder, join(out, 'refused'), 'reference-faulty', (raw) => ({
        ...raw,
        counts: {
          ...raw.counts,
          connectFailures: {
            ...raw.counts.connectFailures,
            http503: (raw.counts.connectFailures.http503 ?? 0) + 1,
          },
        },
      }));
      assert.ok(refusedMore.includes('attempts with http503'));
      const oneLost = await outcomeOfAltered(folder, join(out, 'broadcast'), 'reference-slow', (raw) =>
        withPhase(raw, 'broadcast', (phase) => ({
          ...phase,
          broadcasts: phase.broadcasts.map((one, n) => (n === 0 ? { ...one, received: one.received - 1 } : one)),
        })),
      );
      assert.ok(oneLost.includes('messages missing'));

      const pingMore = await outcomeOfAltered(folder, join(out, 'heartbeat'), 'reference-faulty', (raw) =>
        withPhase(raw, 'heartbeat', (phase) => ({ ...phase, received: phase.received + 1 })),
      );
      assert.ok(pingMore.includes('pings without an answer'));
      const fewerBack = await outcomeOfAltered(folder, join(out, 'storm'), 'reference-slow', (raw) =>
        withPhase(raw, 'storm', (phase) => ({ ...phase, back: phase.back - 1 })),
      );
      assert.ok(fewerBack.includes('clients back') && fewerBack.includes('until 100 % are back'));
      const refusedLess = await outcomeOfAltered(folder, join(out, 'churn'), 'reference-faulty', (raw) =>
        withPhase(raw, 'churn', (phase) => ({ ...phase, failures: {} })),
      );
      assert.ok(refusedLess.includes('churn: attempts with http503'));

      assert.equal(code, record.outcome === 'passed' ? 0 : 6, text);
      // A machine that was too busy is told from a wrong figure: times are then not judged, and the counts above were.
      const hasReason = record.notes.length > 0 || record.comparisons.some(({ outcome }) => outcome === 'busy');
      assert.ok(hasReason || record.outcome !== 'invalid', text);
      if (record.outcome === 'invalid') context.skip(`the machine was too busy to judge times: ${record.summary}`);
      else assert.equal(record.outcome, 'passed', text);
    });
  },
);

function namesOf({ comparisons }: CalibrationRecord): readonly string[] {
  return comparisons.filter(({ outcome }) => outcome === 'fail').map(({ quantity }) => quantity);
}

test('a calibration is refused where server and clients would not share a clock', async () => {
  const lab = startLab('calibrate');
  assert.equal((await lab.ended).code, 2);
  assert.match(lab.stderr(), /must share a clock[^]*--local/);
});
