import { comparedFigures } from '../../results/compared-figures.ts';
import type { MeasurementResult } from '../../results/schema/measurement-result.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import { causesText } from '../answer-texts.ts';
import { deviationsOf, remarksOf, verdictOf } from '../comparison.ts';
import { counted, knownWithUnit, threeDigits, wholeNumber } from '../../text/units.ts';
import { seriesName } from './charts/chart.ts';
import { html, type Html } from './html.ts';
import { columnsTable, scrollTable, type Column } from './scroll-table.ts';
import { verdictBadge, badge } from './verdict-badge.ts';

/** What must be read with the figures: verdicts in words, notes of trust, and servers that were skipped. */
export function remarks(result: RunResult): Html {
  const cards = result.servers.flatMap((server) => {
    const texts = remarksOf(server, result);
    const notes = result.measurements
      .filter((measurement) => measurement.server === server.server)
      .flatMap((measurement) => [
        ...[...measurement.verdict.walls, ...measurement.verdict.measurementFaults]
          .filter(({ effect }) => effect === 'noted')
          .map(({ host, evidence }) => (host === null ? evidence : `${host}: ${evidence}`)),
        ...measurement.trust.map(({ figure, note }) => `${headingOf(figure, result)}: ${note}`),
      ]);
    const deviations = deviationsOf(server, result).map((deviation) => `${deviation.case}: ${deviation.why}`);
    if (texts.length + notes.length + deviations.length === 0) return [];
    const { word } = verdictOf(server, result);
    return [
      html`<section class="card">
        <h3>${server.title} ${verdictBadge(word)}</h3>
        ${
          texts.length === 0
            ? ''
            : html`<ul class="remarks">
                ${texts.map((text) => html`<li>${text}</li>`)}
              </ul>`
        }
        ${fold('on how far to trust the figures', 'note', [...new Set(notes)])}
        ${fold('that this server is known to break', 'promise', deviations)}
      </section>`,
    ];
  });
  const skipped = result.skipped.map(
    ({ server, reason }) =>
      html`<section class="card">
        <h3>${server} ${badge('skipped', 'warn')}</h3>
        <p class="soft">${reason}</p>
      </section>`,
  );
  if (cards.length + skipped.length === 0) return html``;
  return html`<h2>Notes on these figures</h2>
    <div class="grid">${cards}${skipped}</div>`;
}

/** What a figure in a measurement is called in the comparison; its path where it has no column there. */
function headingOf(figure: string, { parameters }: RunResult): string {
  const column = comparedFigures(parameters.workload).find(({ trustedAs }) => figure.startsWith(trustedAs));
  return column === undefined ? figure : `${column.group} ${column.heading}`;
}

/** Texts in a fold that says how many of what there are; nothing for none. */
function fold(about: string, noun: string, texts: readonly string[]): Html | '' {
  if (texts.length === 0) return '';
  return html`<details>
    <summary>${counted(texts.length, noun)} ${about}</summary>
    <ul class="remarks soft">
      ${texts.map((text) => html`<li>${text}</li>`)}
    </ul>
  </details>`;
}

/** Every measurement in detail: connections, memory with its confidence interval, processors, the generator. */
export function measurementsTable(result: RunResult): Html {
  const columns: readonly Column<MeasurementResult>[] = [
    { heading: 'measurement', of: (measurement) => seriesName(measurement, result) },
    { heading: 'wanted', of: ({ connections }) => wholeNumber(connections.wanted) },
    { heading: 'established', of: ({ connections }) => wholeNumber(connections.established) },
    { heading: 'open at end', of: ({ connections }) => wholeNumber(connections.open) },
    { heading: 'failed attempts', of: ({ connections }) => causesText(connections.connectFailures) || '0' },
    { heading: 'lost', of: ({ connections }) => causesText(connections.lost) || '0' },
    { heading: 'ramp', of: ({ ramp }) => knownWithUnit('seconds', ramp.seconds) },
    { heading: 'conn/s', of: ({ ramp }) => knownWithUnit('count', ramp.connectionsPerSecond) },
    {
      heading: 'connect p99',
      of: ({ ramp }) => knownWithUnit('micros', ramp.connectLatency?.p99Micros),
    },
    { heading: 'server B/conn (95 %)', of: ({ memory }) => slope(memory.server) },
    { heading: 'kernel B/conn (95 %)', of: ({ memory }) => slope(memory.kernel) },
    { heading: 'server peak', of: ({ memory }) => knownWithUnit('bytes', memory.serverPeakBytes) },
    { heading: 'load generator', of: ({ memory }) => knownWithUnit('bytes', memory.loadBytes) },
    { heading: 'its CPU', of: ({ cpu }) => knownWithUnit('seconds', cpu.loadTotalSeconds) },
    {
      heading: 'its longest loop iteration',
      of: ({ generator }) => knownWithUnit('micros', generator.maxTurnWhileDrivingMicros),
    },
    {
      heading: 'its greatest scheduling delay',
      of: ({ generator }) => knownWithUnit('micros', generator.maxLatenessWhileDrivingMicros),
    },
    {
      heading: 'processes',
      of: ({ serverProcesses, loadProcesses }) =>
        serverProcesses === null ? String(loadProcesses) : `${serverProcesses} + ${loadProcesses}`,
    },
    {
      heading: 'what ran',
      of: ({ framework, language, flags }) =>
        [framework, language, flags].filter((text) => text !== null && text !== '').join(' · ') || null,
      text: 'prose',
    },
  ];
  return columnsTable('Every measurement', columns, result.measurements);
}

function slope(value: MeasurementResult['memory']['server']): string | null {
  if (value === null) return null;
  const [low, high] = [value.lowBytesPerConnection, value.highBytesPerConnection].map((bytes) => wholeNumber(bytes));
  return `${wholeNumber(value.bytesPerConnection)} (${low ?? ''} to ${high ?? ''})`;
}

/** A table of a chart's points, for who cannot see the chart: at most 12 rows a line. */
export function pointsTable(
  names: readonly [x: string, y: string],
  lines: readonly { readonly name: string; readonly points: readonly (readonly [string, number])[] }[],
): Html {
  const rows = lines.flatMap(({ name, points }) =>
    points.map(
      ([x, y]) =>
        html`<tr>
          <th scope="row">${name}</th>
          <td>${x}</td>
          <td>${threeDigits(y)}</td>
        </tr>`,
    ),
  );
  return scrollTable('Values of the chart', ['scroll', ''], ['line', ...names], rows);
}
