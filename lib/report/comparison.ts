import { comparedFigures, type ComparedFigure } from '../results/compared-figures.ts';
import { resultRoom } from '../results/phases/rooms.ts';
import type { MeasurementResult } from '../results/schema/measurement-result.ts';
import type { Repeated, RunResult, ServerSummary } from '../results/schema/run-result.ts';
import { failedBeforeRamp } from '../results/verdict/judge.ts';
import { answerTexts, lossTexts } from './answer-texts.ts';
import { digitsWithin, halfRangeOf, threeDigits, unitFor, wholeNumber, withUnit, type Unit } from '../text/units.ts';

/** What is said where a server's own figures are missing because it only has a URL. */
export const unknownFromOutside = 'Memory and CPU of the server are unknown: it was measured from outside';

/** One figure of one server, ready to be shown. */
export interface Cell {
  /** The median, in the column's unit; a hyphen where nothing was measured. */
  readonly text: string;
  /** Half the distance between the repeats' ends, in the column's unit; null for a single repeat. */
  readonly halfRange: string | null;
  /** Whether it is the column's best, or cannot be told from it over the repeats. Never true with single repeats. */
  readonly best: boolean;
  /** Whether a note of trust is about this figure. */
  readonly suspect: boolean;
  /** How many times the figure of the floor it is; null without a floor, of the floor itself, and where less is not better. */
  readonly timesFloor: string | null;
}

/** One column with its unit and a cell for each server. */
export interface ComparedColumn {
  readonly column: ComparedFigure;
  readonly unit: Unit;
  readonly cells: readonly Cell[];
}

/**
 * The comparison of a run's servers: one unit a group of columns, medians, and which differences are more than the range over repeats. A
 * figure that no server has gets no column.
 */
export function compareServers(result: RunResult): readonly ComparedColumn[] {
  const { servers } = result;
  const isFloor = servers.map(({ server }) =>
    result.measurements.some((measurement) => measurement.server === server && measurement.role === 'floor'),
  );
  const columns = comparedFigures(result.parameters.workload)
    .map((figure) => ({ figure, values: servers.map(({ figures }) => figures[figure.name] ?? null) }))
    .filter(({ values }) => values.some((value) => value !== null));
  return columns.map(({ figure: column, values: figures }) => {
    const unit = unitOf(column, columns);
    const best = bestOf(
      column,
      figures.filter((_figure, index) => !isFloor[index]),
    );
    const floor = column.better === 'less' ? (figures[isFloor.indexOf(true)]?.median ?? 0) : 0;
    return {
      column,
      unit,
      cells: figures.map((figure, index) => ({
        ...cellOf(column, unit, figure, isFloor[index] ? null : best),
        suspect: figure !== null && isSuspect(column, servers[index], result),
        timesFloor: figure === null || floor <= 0 || isFloor[index] ? null : threeDigits(figure.median / floor),
      })),
    };
  });
}

/**
 * The best figure of a column: null where better has no direction, or where the best comes from a single repeat, so that no range is
 * known that a difference could be compared with.
 */
function bestOf(column: ComparedFigure, figures: readonly (Repeated | null)[]): Repeated | null {
  const known = figures.filter((figure) => figure !== null);
  if (column.better === null || known.length < 2) return null;
  const sign = column.better === 'less' ? 1 : -1;
  const best = known.reduce((least, figure) => (sign * figure.median < sign * least.median ? figure : least));
  return best.repeats < 2 ? null : best;
}

function cellOf(
  column: ComparedFigure,
  unit: Unit,
  figure: Repeated | null,
  best: Repeated | null,
): Omit<Cell, 'suspect' | 'timesFloor'> {
  if (figure === null) return { text: '-', halfRange: null, best: false };
  return { ...figureTexts(column, unit, figure), best: best !== null && figure.repeats > 1 && overlaps(figure, best) };
}

/** A figure over its repeats in a unit, with no more digits than its repeats leave sense in; no range for a single repeat. */
export function figureTexts(
  { quantity }: Pick<ComparedFigure, 'quantity'>,
  unit: Unit,
  { median, low, high, repeats }: Repeated,
): Pick<Cell, 'text' | 'halfRange'> {
  const half = (high - low) / 2;
  const isCount = quantity === 'count';
  const [value, halfRange] = [median / unit.factor, half / unit.factor];
  return {
    text: isCount ? wholeNumber(median) : digitsWithin(value, halfRange),
    halfRange: repeats < 2 ? null : isCount ? wholeNumber(half) : halfRangeOf(value, halfRange),
  };
}

/** The unit of a figure: one for all figures of its group and quantity, by every value of them that is compared. */
export function unitOf(
  { group, quantity }: ComparedFigure,
  all: readonly { readonly figure: ComparedFigure; readonly values: readonly (Repeated | null)[] }[],
): Unit {
  const alike = all.filter(({ figure }) => figure.group === group && figure.quantity === quantity);
  return unitFor(
    quantity,
    alike.flatMap(({ values }) => values.flatMap((value) => value?.median ?? [])),
  );
}

/** Whether a measurement that the figure is taken from has a note of trust about it. */
function isSuspect(column: ComparedFigure, server: ServerSummary | undefined, { measurements }: RunResult): boolean {
  return measurements
    .filter(({ measurement }) => server?.compared.includes(measurement) ?? false)
    .some(({ trust }) => trust.some(({ figure }) => `${column.trustedAs}.`.startsWith(`${figure}.`)));
}

/** Whether two figures cannot be told apart: the ranges of their repeats touch. */
export function overlaps(a: Repeated, b: Repeated): boolean {
  const rounding = 1e-9 * Math.max(a.high, b.high);
  return a.low <= b.high + rounding && b.low <= a.high + rounding;
}

/** The verdict on a server over its repeats, as one or two words. */
export function verdictOf(server: ServerSummary, result: RunResult): { readonly word: string; readonly good: boolean } {
  const measurements = result.measurements.filter((measurement) => measurement.server === server.server);
  const verdicts = measurements.map(({ verdict }) => verdict);
  const count = (bad: number): string => (verdicts.length > 1 ? ` ${bad}/${verdicts.length}` : '');
  const failed = measurements.filter(({ record }) => failedBeforeRamp(record)).length;
  const invalid = verdicts.filter(({ valid }) => !valid).length - failed;
  if (invalid > 0) return { word: `INVALID${count(invalid)}`, good: false };
  if (failed > 0) return { word: `failed${count(failed)}`, good: false };
  const stopped = verdicts.filter(({ reached }) => !reached).length;
  if (stopped > 0) return { word: `stopped${count(stopped)}`, good: false };
  const incomplete = verdicts.filter(({ complete }) => !complete).length;
  if (incomplete > 0) return { word: `incomplete${count(incomplete)}`, good: false };
  return { word: verdicts.length > 1 ? `valid ${verdicts.length}/${verdicts.length}` : 'valid', good: true };
}

/** What compression came to: bytes on the wire beside what they stand for, as far as messages were compressed. */
function deflateRemark({ answered, declined, received, sent }: NonNullable<MeasurementResult['deflate']>): string {
  if (answered === null) return 'nothing was compressed: the server declined';
  const way = ({ bytes, wireBytes }: typeof sent): string =>
    `${withUnit('bytes', bytes)} as ${withUnit('bytes', wireBytes)}`;
  const some = declined === 0 ? '' : `, ${wholeNumber(declined)} connections declined`;
  const micros = withUnit('micros', received.micros + sent.micros);
  return `compressed: received ${way(received)}, sent ${way(sent)}, by ${micros} of the load generator's CPU${some}`;
}

/** What must be read with a server's figures: reasons of its verdicts, losses, and walls that slowed it, each once. */
export function remarksOf(server: ServerSummary, result: RunResult): readonly string[] {
  const measurements = result.measurements.filter((measurement) => measurement.server === server.server);
  const named = (measurement: string, text: string): string =>
    measurements.length > 1 ? `${measurement}: ${text}` : text;
  const remarks = measurements.flatMap(({ measurement, verdict, phases, connections, answers, deflate }) => {
    const told = verdict.reasons.join('\n');
    const walls = [...verdict.walls, ...verdict.measurementFaults]
      .filter(({ evidence, effect }) => effect !== 'noted' && !told.includes(evidence))
      .map(({ effect, evidence }) => `${effect}: ${evidence}`);
    return [
      ...verdict.reasons,
      ...lossTexts(connections.lost, answers),
      ...answerTexts(answers),
      ...phases.flatMap((phase) =>
        resultRoom(phase.kind)
          .remarks(phase)
          .map((remark) => `${phase.name}: ${remark}`),
      ),
      ...walls,
      ...(deflate === null ? [] : [deflateRemark(deflate)]),
    ].map((text) => named(measurement, text));
  });
  return [...new Set(remarks)];
}

/** The promises that a server is known to break, each once. */
export function deviationsOf(server: ServerSummary, { measurements }: RunResult): readonly Deviation[] {
  const all = measurements
    .filter((measurement) => measurement.server === server.server)
    .flatMap(({ knownDeviations }) => knownDeviations);
  return [...new Map(all.map((deviation) => [deviation.case, deviation])).values()];
}

type Deviation = RunResult['measurements'][number]['knownDeviations'][number];
