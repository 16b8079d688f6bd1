import { mergeHistograms, percentileOfEncoded } from '../statistics/histogram.ts';
import type { PhaseFigure } from './phase-room.ts';

type TimesBack = Readonly<Record<`micros${50 | 99 | 100}`, number | null>>;

/**
 * How long it took until 50, 99 and 100 % of the clients that lost their connection were back, microseconds, from the encoded times of
 * those that came back; null when they never were.
 */
export function timesBack(latencies: readonly string[], lost: number, back: number): TimesBack {
  const { latency } = mergeHistograms(latencies);
  const until = (percent: number): number | null =>
    latency === null || back * 100 < lost * percent
      ? null
      : percentileOfEncoded(latency.histogram, (percent * lost) / back);
  return { micros50: until(50), micros99: until(99), micros100: until(100) };
}

/** These times as figures; `since` is what they are counted from. */
export function timesBackFigures(since: string): readonly PhaseFigure<TimesBack>[] {
  return ([50, 99, 100] as const).map((percent) => ({
    key: `micros${percent}`,
    heading: `${percent} %`,
    about: `From ${since} until ${percent} % of the clients were back.`,
    quantity: 'micros',
    better: 'less',
    of: (phase) => phase[`micros${percent}`],
  }));
}
