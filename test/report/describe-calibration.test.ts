import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeCalibration } from '../../lib/report/describe-calibration.ts';
import { renderReport } from '../../lib/report/render-report.ts';
import { renderTable } from '../../lib/report/render-table.ts';
import type { Calibration } from '../../lib/results/schema/run-record.ts';
import { readMerged } from '../results/read-merged.ts';
import { beganUnixMillis, runFiles } from '../results/synthetic-run.ts';

const calibration: Calibration = {
  unixMillis: beganUnixMillis - 3 * 3600 * 1000,
  outcome: 'passed',
  passed: true,
  size: 'small',
  worstErrorPercent: 0.394,
  worstErrorMicros: 412,
  summary: 'All 51 figures agree with what the reference servers did.',
  gitCommit: '0123456789abcdef',
  machine: '2 x Model, Linux 6.1',
};

/** A table and a page of a run with this calibration, with single spaces. */
async function shown(given: Calibration | null): Promise<readonly string[]> {
  const result = await readMerged(runFiles({ servers: ['node'], record: { calibration: given } }));
  return [renderTable(result), renderReport(result)].map((text) => text.replaceAll(/\s+/g, ' '));
}

describe('the last calibration', () => {
  test('is named with its outcome, errors, age and commit, in the table and on the page', async () => {
    for (const text of await shown(calibration)) {
      assert.match(
        text,
        /Calibration \(small\) of 2026-11-22 15:00 UTC, 3 h before this run, with the commit of this run/,
      );
      assert.match(text, /passed, greatest errors 412 µs and 0\.39 %\. All 51 figures agree/);
    }
  });

  test('that failed is called FAILED, and one that could not be judged so', async () => {
    for (const text of await shown({ ...calibration, outcome: 'failed', passed: false }))
      assert.match(text, /: FAILED, /);
    for (const text of await shown({ ...calibration, outcome: 'invalid', passed: false })) {
      assert.match(text, /: could not be judged, /);
    }
  });

  test('of another commit says which', () => {
    const result = { calibration: { ...calibration, gitCommit: 'fedcba9876543210' }, beganUnixMillis, gitCommit: null };
    assert.match(describeCalibration(result), /with another commit than this run, fedcba987654,/);
  });

  test('that was never made is said to be missing, with the command that makes it', async () => {
    for (const text of await shown(null)) {
      assert.match(text, /Not calibrated on this machine; run npm run c1m -- calibrate --local\./);
    }
  });
});
