import { formatPhase } from '../../assets/loadgen/workload/parse-text.ts';
import { phaseNames } from '../../assets/loadgen/workload/phase-kinds.ts';
import { isLatencyFigure } from '../results/phases/common.ts';
import { resultRoom } from '../results/phases/rooms.ts';
import type { RunResult, ServerSummary } from '../results/schema/run-result.ts';
import {
  compareServers,
  deviationsOf,
  remarksOf,
  unknownFromOutside,
  verdictOf,
  type ComparedColumn,
} from './comparison.ts';
import { describeCalibration } from './describe-calibration.ts';
import { machineOf } from './machine.ts';
import { textTable } from '../text/text-table.ts';
import { threeDigits, utcMinute, wholeNumber, withUnit } from '../text/units.ts';

/** Text below the table is wrapped at so many characters, or at the terminal's width. */
const textWidth = 100;

/** The width that a table must have at the least: in a narrower terminal it wraps. */
const leastWidth = 60;

/** The most remarks shown for one server; all are in result.json and in the report. */
const remarksShown = 6;

/** A text that is to be wrapped; its lines stand behind the label. */
interface Labelled {
  readonly label: string;
  readonly text: string;
}

const note = (text: string): Labelled => ({ label: '', text });

/**
 * The comparison of a run's servers for a terminal: plain text without colours, ends with a newline. Where the terminal's width does not
 * hold the columns, they stand closer, then in several tables below each other.
 */
export function renderTable(result: RunResult, terminalWidth = 120): string {
  const width = Math.max(leastWidth, terminalWidth);
  const wrapped = (texts: readonly Labelled[]): readonly string[] =>
    texts.flatMap((text) => hanging(text, Math.min(textWidth, width)));
  const paragraphs = [
    wrapped(heading(result)),
    comparison(result, width),
    wrapped(footnotes(result)),
    wrapped(below(result)),
  ];
  return `${paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function heading({ parameters, runId, where, hosts, beganUnixMillis, complete }: RunResult): readonly Labelled[] {
  const phases = parameters.workload.map(formatPhase).join(', ');
  return [
    note(`Run ${runId} (${where}, ${utcMinute(beganUnixMillis)})${complete ? '' : ' - INCOMPLETE'}`),
    note(
      `${wholeNumber(parameters.connections)} connections requested at ${wholeNumber(parameters.connectRate)}/s${parameters.memoryPreset === null ? '' : `, memory preset ${parameters.memoryPreset}`}${parameters.tls ? ', over TLS' : ''}${parameters.deflate ? ', compressed' : ''}`,
    ),
    { label: 'workload:', text: phases === '' ? 'none' : phases },
    ...(hosts.length === 0 ? [] : [note(machineOf({ hosts }))]),
  ];
}

function comparison(result: RunResult, width: number): readonly string[] {
  if (result.servers.length === 0) return ['No server was measured.'];
  const blocks = blocksOf(result, compareServers(result), width);
  return blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

/** The columns in as many tables below each other as the terminal's width asks for; the groups of columns stay whole. */
function blocksOf(
  result: RunResult,
  compared: readonly ComparedColumn[],
  width: number,
): readonly (readonly string[])[] {
  const table = (columns: readonly ComparedColumn[]): readonly string[] =>
    tableOf(result, columns, blocks.length === 0, width);
  const groups = [...new Set(compared.map(({ column }) => column.group))];
  const blocks: (readonly string[])[] = [];
  let columns: ComparedColumn[] = [];
  for (const group of groups) {
    const own = compared.filter(({ column }) => column.group === group);
    if (columns.length > 0 && widthOf(table([...columns, ...own])) > width) {
      blocks.push(table(columns));
      columns = [];
    }
    columns.push(...own);
  }
  return [...blocks, table(columns)];
}

const widthOf = (lines: readonly string[]): number => Math.max(...lines.map((line) => line.length));

/** One table of some columns, the verdicts behind the first. */
function tableOf(
  result: RunResult,
  compared: readonly ComparedColumn[],
  hasVerdicts: boolean,
  width: number,
): readonly string[] {
  const numbers = footnoteNumbers(result);
  const names = ['', 'server', '', ...result.servers.flatMap(({ title }) => rows(result, title, ''))];
  const verdicts = [
    '',
    'verdict',
    '',
    ...result.servers.flatMap((server) => {
      const number = numbers.get(server.server);
      return rows(result, `${verdictOf(server, result).word}${number === undefined ? '' : ` [${number}]`}`, '');
    }),
  ];
  const columns = [names, ...compared.map((column, index) => linesOf(result, column, compared[index - 1]))];
  if (hasVerdicts) columns.push(verdicts);
  const cells = names.map((_, row) => columns.map((lines) => lines[row] ?? ''));
  const align = columns.map((lines) => (lines === names || lines === verdicts ? 'left' : 'right'));
  const roomy = textTable(cells, align);
  return widthOf(roomy) <= width ? roomy : textTable(cells, align, ' ');
}

/** A server's row, and below it, where there are repeats, a second one for half the range. */
function rows(result: RunResult, first: string, second: string): readonly string[] {
  return result.parameters.repeats > 1 ? [first, second] : [first];
}

function linesOf(
  result: RunResult,
  { column, unit, cells }: ComparedColumn,
  before: ComparedColumn | undefined,
): readonly string[] {
  const group = before?.column.group === column.group ? '' : column.group;
  return [
    group,
    column.heading,
    unit.name,
    ...cells.flatMap(({ text, halfRange, best, suspect }) => {
      const mark = result.parameters.repeats > 1 ? (best ? '*' : ' ') : '';
      return rows(
        result,
        `${suspect ? '~' : ''}${text}${mark}`,
        halfRange === null ? '' : `±${halfRange}${mark === '' ? '' : ' '}`,
      );
    }),
  ];
}

/** The number of each server's footnote; servers with nothing to remark have none. */
function footnoteNumbers(result: RunResult): ReadonlyMap<string, number> {
  const remarked = result.servers.filter((server) => remarksIn(result, server).length > 0);
  return new Map(remarked.map(({ server }, index) => [server, index + 1]));
}

/** What must be read with a server's figures, and in one line the promises that it breaks. */
function remarksIn(result: RunResult, server: ServerSummary): readonly string[] {
  const deviations = deviationsOf(server, result).map((deviation) => deviation.case);
  const promises = deviations.length === 0 ? [] : [`known deviations (the report says why): ${deviations.join(', ')}`];
  return [...remarksOf(server, result), ...promises];
}

function footnotes(result: RunResult): readonly Labelled[] {
  const numbers = footnoteNumbers(result);
  const lines = result.servers.flatMap((server) => {
    const remarks = remarksIn(result, server);
    const shown = remarks.slice(0, remarksShown);
    if (remarks.length > shown.length) shown.push(`${remarks.length - shown.length} more in the report`);
    const label = `[${numbers.get(server.server) ?? ''}]`;
    return shown.map((remark, index) =>
      index === 0 ? { label, text: `${server.title}: ${remark}` } : { label: ' '.repeat(label.length), text: remark },
    );
  });
  for (const { server, reason } of result.skipped)
    lines.push({ label: '  -', text: `${server} was skipped: ${reason}` });
  const told = result.measurements.flatMap(({ measurement, missing }) =>
    missing.map((what) => `${measurement}: ${what}`),
  );
  for (const what of result.missing) if (!told.includes(what)) lines.push({ label: '  -', text: what });
  return lines;
}

function below(result: RunResult): readonly Labelled[] {
  const columns = compareServers(result);
  const lines: Labelled[] = [];
  if (result.servers.length > 0) {
    lines.push(
      note(
        result.target === null
          ? 'memory/conn: slope over the ramp; server = its own memory, kernel = slab and socket buffers of the machine' +
              (result.hostsShareOneMachine ? ', with both ends of each connection on it.' : '.')
          : `${unknownFromOutside}.`,
      ),
      ...phaseNotes(result, columns),
      note(
        result.parameters.repeats > 1
          ? `± is half the range over repeats.${result.servers.length > 1 ? ' *: the best, or indistinguishable from it because the ranges overlap.' : ''}`
          : 'Single run: ignore small differences (use --repeats).',
      ),
    );
  }
  const slopes = ['serverBytesPerConnection', 'kernelBytesPerConnection'];
  if (result.target === null && result.servers.some(({ figures }) => slopes.some((name) => figures[name] === null))) {
    lines.push(
      note('- or no column under memory/conn: the slope is indistinguishable from zero, or the ramp was too short.'),
    );
  }
  if (columns.some(({ cells }) => cells.some(({ suspect }) => suspect))) {
    lines.push(note('~ read with care: the report says why.'));
  }
  lines.push(note(describeCalibration(result)));
  for (const { name, connections, serverMemoryBytes, broadcastSeconds } of result.references) {
    lines.push(
      note(
        `For reference (different hardware and method): ${name}: ${wholeNumber(connections)} connections, ${withUnit('bytes', serverMemoryBytes)} in use on the server, ${threeDigits(broadcastSeconds)} s to send one broadcast.`,
      ),
    );
  }
  return lines;
}

/** What the columns of each phase are, once a kind. */
function phaseNotes({ parameters: { workload } }: RunResult, columns: readonly ComparedColumn[]): readonly Labelled[] {
  const names = phaseNames(workload);
  return workload.flatMap(({ kind }, place) => {
    if (names[place] !== kind) return [];
    const { latency, figures } = resultRoom(kind);
    const others = figures
      .filter(({ key }) => columns.some(({ column }) => column.name === `${kind}.${key}`))
      // What 50 % means explains 99 % and 100 %.
      .filter(({ key }) => !isLatencyFigure(key) && !/^micros(99|100)$/.test(key));
    return note(
      [`${kind}: ${latency.about}`, ...others.map((figure) => `${figure.heading}: ${figure.about}`)].join(' '),
    );
  });
}

function hanging({ label, text }: Labelled, width: number): readonly string[] {
  const indent = label === '' ? '' : ' '.repeat(label.length + 1);
  return wrap(text, width - indent.length).map((line, index) =>
    index === 0 && label !== '' ? `${label} ${line}` : indent + line,
  );
}

/** Breaks text at spaces so that no line is longer than the width, except for a single long word. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
