import type { RunResult } from '../results/schema/run-result.ts';
import { utcMinute, withUnit } from '../text/units.ts';

const outcomeWords = { passed: 'passed', failed: 'FAILED', invalid: 'could not be judged' } as const;

/** What is known of the measuring itself, in a sentence or two: the last calibration before the run with its error, age and commit. */
export function describeCalibration(result: Pick<RunResult, 'calibration' | 'beganUnixMillis' | 'gitCommit'>): string {
  const { calibration, beganUnixMillis, gitCommit } = result;
  if (calibration === null) return 'Not calibrated on this machine; run npm run c1m -- calibrate --local.';
  const { outcome, size, unixMillis, worstErrorPercent, worstErrorMicros, machine } = calibration;
  const commit = calibration.gitCommit;
  const source =
    commit === gitCommit
      ? 'the commit of this run'
      : `another commit than this run, ${commit?.slice(0, 12) ?? 'unknown'}`;
  return [
    `Calibration (${size}) of ${utcMinute(unixMillis)}, ${age(beganUnixMillis - unixMillis)} before this run, with ${source}, on ${machine}:`,
    `${outcomeWords[outcome]}, greatest errors ${withUnit('micros', worstErrorMicros)} and ${worstErrorPercent.toFixed(2)} %.`,
    calibration.summary,
  ].join(' ');
}

/** A length of time as one reads it: 40 s, 12 min, 5 h, 3 days. */
function age(millis: number): string {
  const seconds = Math.max(0, millis / 1000);
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
