import { comparedFigures, type ComparedFigure } from '../results/compared-figures.ts';
import type { RunResult } from '../results/schema/run-result.ts';

const unitNames = { micros: 'us', bytes: 'B', seconds: 's', count: '' } as const satisfies Record<
  ComparedFigure['quantity'],
  string
>;

const header = 'run,began,server,repeat,connections,valid,reached,complete,figure,value,unit';

/**
 * Every compared figure of every measurement of a run as CSV (RFC 4180), a line each, in base units: microseconds, bytes, seconds.
 * `value` is empty where nothing was measured. Ends with a newline.
 */
export function renderCsv(result: RunResult): string {
  const figures = comparedFigures(result.parameters.workload);
  const lines = result.measurements.flatMap((measurement) =>
    figures.map(({ name, quantity, of }) =>
      [
        result.runId,
        new Date(result.beganUnixMillis).toISOString(),
        measurement.server,
        measurement.repeat,
        result.parameters.connections,
        measurement.verdict.valid,
        measurement.verdict.reached,
        measurement.verdict.complete,
        name,
        of(measurement) ?? '',
        unitNames[quantity],
      ]
        .map((value) => field(String(value)))
        .join(','),
    ),
  );
  return `${[header, ...lines].join('\r\n')}\r\n`;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
