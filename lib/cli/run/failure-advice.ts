import { join } from 'node:path';
import { LabError } from '../../config/lab-error.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import { howToResume } from './how-to-resume.ts';

/** What to do about a measurement that failed, by the step of the benchmark that did. */
const adviceByStep: Readonly<Record<string, string>> = {
  buildServer: 'see what it printed, in build.log',
  buildLoad: 'the load generator could not be built: check that npm reaches its registry',
  prepare: 'see what the host says',
  start: 'see what it printed, in server-1.err and server-1.out',
  ramp: 'see what the load generator printed, in loadgen.log',
  drive: 'see what ended it, in units.txt and the logs',
  collect: 'see what the load generator printed, in loadgen.log; the other raw files are there',
};

/** What to do about what a host said itself, before what its step commonly needs. */
const adviceByReason: readonly (readonly [RegExp, string])[] = [
  [/\banother run is active\b/, 'watch what runs (c1m attach), or end it (c1m cancel)'],
  [
    /\bport \d+\b.*(in use|EADDRINUSE)/is,
    'end what listens there (ss -ltnp on that host names it), or let the lab use another port (network.port in a lab file)',
  ],
  [/\bis not tuned\b/, 'tune the host as it says'],
  [
    /\bpublishing failed\b/,
    "check that the server has room for one connection more a process, and publishes the lab's way (docs/contracts.md); server-1.err says what it printed",
  ],
  [/no connection has been open/, "read the server's own log: it, or what is between, let every connection go"],
  [/the server has been gone/, 'see what it printed, in server-1.err, and what ended it, in units.txt'],
  [/ENOSPC|No space left|disk quota/i, 'free space where it says that there is none'],
  [
    /its processes have been ended|was ended before|has stood still|\bsampler\b|has been silent|does not answer/,
    'see what ended or stopped it: nothing of the lab does',
  ],
];

/** Two lines for each measurement that failed: what went wrong, and what to do. */
export function describeFailures({ measurements, where }: RunResult, folder: string, workingFolder: string): string {
  return measurements
    .filter(({ record }) => record.status === 'failed')
    .map(({ measurement, record }) => {
      const step = record.steps.find(({ failure }) => failure !== null)?.name ?? '';
      const told = adviceByReason.find(([pattern]) => pattern.test(record.reason ?? ''))?.[1];
      const advice = told ?? adviceByStep[step] ?? 'see what the hosts left';
      const reason = record.reason ?? 'it failed';
      const again = where === 'url' ? 'run it again' : howToResume(folder, where, workingFolder);
      const hint = `${advice} (${join(folder, 'raw', measurement)}), then ${again}`;
      return `${new LabError('runFailed', `${measurement}: ${reason}`, hint).twoLines}\n`;
    })
    .join('');
}
