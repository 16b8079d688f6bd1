import { percentileOf, type Comparison } from './comparison.ts';
import { noiseAt } from './known-noise.ts';
import { exactly, phaseIn, refusals, type Parts, type Row } from './measured-case.ts';

/** Who was cut and came back, what came of the attempts, how long it took, and how many waited for a server that stood still. */
export function storm({ truth, measured, calibrationCase: { behaviour } }: Parts, row: Row): Comparison[] {
  const { stormDelayMicros = 0, stormSpreadMicros = 0, stallAtCutMicros = 0 } = behaviour;
  const found = phaseIn(measured, 'storm');
  const { returned, rejected, reset } = truth.afterCut;
  const exact = exactly(row);
  // A late start, of the storm or of the machine, happens once and moves all three times by as much, unlike lateness message by message:
  // the median of the lateness says nothing of it, so each of the three allows for the machine's worst.
  const noise = noiseAt(truth, measured, 99);
  const until = (percent: 50 | 99 | 100): Comparison =>
    row({
      behaviour: 'let in one after the other',
      quantity: `until ${percent} % are back`,
      unit: 'micros',
      nominal: stormDelayMicros + (stormSpreadMicros * percent) / 100,
      claimed: percentileOf(truth.awayMicros, percent),
      measured: found[`micros${percent}`],
      noise,
    });
  return [
    exact('storm', 'connections cut', truth.cut, found.cut),
    exact('storm', 'clients back', returned, found.back),
    exact('storm', 'attempts to come back', returned + rejected + reset, found.attempts),
    ...refusals(behaviour, 'storm', truth.afterCut, found.failures, row),
    ...(stormDelayMicros > 0 ? ([50, 99, 100] as const).map(until) : []),
    ...(stallAtCutMicros > 0
      ? [
          exact(
            'stands still while they come',
            'deepest listen queue',
            truth.queuedWhileStill,
            found.deepestListenQueue ?? 0,
          ),
        ]
      : []),
  ];
}
