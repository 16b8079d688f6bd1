import type { Figure } from './figures.ts';
import type { Measurement } from '../measure.ts';
import { median } from '../../results/statistics/numbers.ts';

/** All rounds of one contender; the base is a round of one connection. */
export interface Result {
  readonly name: string;
  readonly version: string;
  readonly base: Measurement;
  readonly rounds: readonly Measurement[];
}

/** The middle of a figure over a contender's rounds; null where it could not be measured. */
export function middle(figure: Figure, result: Result): number | null {
  const values = valuesOf(figure, result);
  return values.length === 0 ? null : median(values);
}

/** A figure's values, round by round, without those that could not be measured. */
export function valuesOf(figure: Figure, { rounds, base }: Result): readonly number[] {
  return rounds.map((round) => figure.of(round, base)).filter((value) => value !== null);
}
