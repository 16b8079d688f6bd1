import * as v from 'valibot';
import { real, text } from '../../results/schema/fields.ts';

/** A figure that was claimed and measured, and what became of it. */
export const comparisonSchema = v.object({
  case: text('Reference server.'),
  behaviour: text('What the reference server was told to do.'),
  quantity: text('Figure that shows it.'),
  unit: v.picklist(['micros', 'bytes', 'count']),
  nominal: v.nullable(real('What it was told; null where that follows from something else.')),
  claimed: v.nullable(real('What it really did, by its own account; null when it gave none.')),
  measured: v.nullable(real('What the lab found; null when it found nothing.')),
  error: v.nullable(real('Measured less claimed.')),
  errorPercent: v.nullable(real('The same in percent of what was claimed; null for a claim of 0.')),
  tolerance: real(
    'The error may be so much: 1 % (at least 1 ms for times, 5 % for slopes over time), and nothing for counts.',
  ),
  noise: real('What the machine itself is known to have added, beyond which an error is an error.'),
  outcome: v.pipe(
    v.picklist(['pass', 'fail', 'busy']),
    v.description('busy: off by no more than the tolerance and the known noise, so nothing can be said.'),
  ),
});

/** A figure that was claimed and measured. */
export type Comparison = v.InferOutput<typeof comparisonSchema>;

/** The greatest error of a claim, as a share of it. */
const toleratedShare = 0.01;

/** The greatest error of a claim about time, when {@link toleratedShare} of it is less. */
const toleratedMicros = 1000;

/**
 * The greatest error of a slope over time, as a share of it: it is of a handful of once-a-second samples, and work that is evenly due is
 * not done quite evenly.
 */
export const toleratedGrowthShare = 0.05;

/** What the heap of the runtime itself may gain or lose in a phase, bytes: it collects garbage when it likes, and most after a storm. */
export const toleratedHeapBytes = 4_000_000;

/** What {@link compare} is given of a figure. */
export type Claim = Pick<Comparison, 'case' | 'behaviour' | 'quantity' | 'unit' | 'claimed' | 'measured'> & {
  readonly nominal?: number | null;
  readonly noise?: number;
  /** Where another than that of its unit has a reason. */
  readonly tolerance?: number;
};

/** Sets what was measured against what was claimed. A count that is off by one fails, however busy the machine was. */
export function compare({ noise = 0, nominal = null, tolerance: own, ...claim }: Claim): Comparison {
  const { claimed, measured, unit } = claim;
  const tolerance = own ?? toleranceOf(unit, claimed ?? 0);
  const error = claimed === null || measured === null ? null : measured - claimed;
  const size = Math.abs(error ?? Infinity);
  const excused = unit !== 'count' && size <= tolerance + noise;
  return {
    ...claim,
    nominal,
    error,
    errorPercent: error === null || claimed === null || claimed === 0 ? null : (100 * error) / Math.abs(claimed),
    tolerance,
    noise,
    outcome: size <= tolerance ? 'pass' : excused ? 'busy' : 'fail',
  };
}

function toleranceOf(unit: Comparison['unit'], claimed: number): number {
  if (unit === 'count') return 0;
  const share = Math.abs(claimed) * toleratedShare;
  return unit === 'micros' ? Math.max(toleratedMicros, share) : share;
}

/** The smallest of the values that so many percent of all are not above (nearest rank, as HdrHistogram has it); null for none. */
export function percentileOf(values: readonly number[], percent: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null;
}

/** The mean; null for none. */
export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
