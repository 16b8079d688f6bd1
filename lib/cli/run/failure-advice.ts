import { join } from 'node:path';
import type { MeasurementResult } from '../../results/schema/measurement-result.ts';

/** What to do about a measurement that failed, by the step of the benchmark that did. */
const adviceByStep: Readonly<Record<string, string>> = {
  buildServer: 'see what it printed, in build.log',
  buildLoad: 'the load generator could not be built: see that npm reaches its registry',
  prepare: 'tune the host as it says, or stop the other run',
  start: 'see what it printed, in server-1.err and server-1.out',
  ramp: 'see what the load generator printed, in loadgen.log',
  drive: 'see what ended it, in units.txt and the logs',
  collect: 'free space where the results are written',
};

/** What to do about what a host said itself, before what its step commonly needs. */
const adviceByReason: readonly (readonly [RegExp, string])[] = [
  [/\bis missing, or its SSM agent is not online\b/, 'see which hosts are there (c1m status), or deploy the lab again'],
  [/\banother run is active\b/, 'watch what runs (c1m attach), or end it (c1m cancel)'],
  [
    /\bport \d+\b.*(in use|EADDRINUSE)/is,
    'end what listens there (ss -ltnp on that host names it), or let the lab use another port (network.port in a lab file)',
  ],
];

/** Two lines for each measurement that failed: what went wrong, and what to do. */
export function describeFailures(measurements: readonly MeasurementResult[], folder: string): string {
  return measurements
    .filter(({ record }) => record.status === 'failed')
    .map(({ measurement, record }) => {
      const step = record.steps.find(({ failure }) => failure !== null)?.name ?? '';
      const told = adviceByReason.find(([pattern]) => pattern.test(record.reason ?? ''))?.[1];
      const advice = told ?? adviceByStep[step] ?? 'see what the hosts left';
      const reason = (record.reason ?? 'it failed').split('\n').join(' | ');
      return `error: ${measurement}: ${reason}\n  fix: ${advice} (${join(folder, 'raw', measurement)}), then go on with --resume\n`;
    })
    .join('');
}
