import type { PhaseResult, PhaseResultOf } from '../phases/rooms.ts';
import type { Wall } from '../schema/verdict.ts';
import type { Evidence } from './evidence.ts';
import {
  generatorPauseFloorMicros,
  delayShareInvalid,
  publishedLateShareInvalid,
  rareLateShare,
  standStillMicros,
  sustainedDelayInvalid,
  sustainedDelayShare,
  iterationShareInvalid,
} from './thresholds.ts';

const millis = (micros: number): string => `${(micros / 1000).toFixed(1)} ms`;

/** The load generator fell behind in a phase: its own pauses, or late publishing, are not small beside what it measured there. */
export function generatorWalls({ result }: Evidence): readonly Wall[] {
  return result.phases.flatMap((phase) => [
    ...paused(phase),
    ...(phase.kind === 'broadcast' ? publishedLate(phase) : []),
  ]);
}

function paused({ name, latency, generator }: PhaseResult): readonly Wall[] {
  if (latency === null) return [];
  const { maxTurnMicros: iteration, maxLatenessMicros: delay, lateWork } = generator;
  const above = (micros: number, share: number): boolean =>
    micros > Math.max(generatorPauseFloorMicros, latency.p99Micros * share);
  // A generator that cannot keep up all along makes the p99 itself: its delay then does not stand out above it.
  const sustained = above(delay, sustainedDelayInvalid) && latency.p50Micros > delay * sustainedDelayShare;
  // A process that stood still made the p99 itself, which is then as long as the pause.
  const stoodStill = delay >= standStillMicros && above(delay, iterationShareInvalid);
  if (!sustained && !stoodStill && !above(iteration, iterationShareInvalid) && !above(delay, delayShareInvalid))
    return [];
  const evidence = `the load generator's loop fell behind by ${millis(Math.max(iteration, delay))} in phase ${name} (longest loop iteration ${millis(iteration)}, greatest scheduling delay ${millis(delay)}) where the measured p99 is ${millis(latency.p99Micros)}`;
  // What came was timed by the kernel: only what was sent late can have been measured as late.
  if (lateWork !== null && lateWork <= latency.count * rareLateShare) {
    const rare = `: but only ${lateWork} of ${latency.count} were sent late, so it may have made the maximum and not the p99`;
    return [{ wall: 'generatorBehind', effect: 'noted', host: null, evidence: evidence + rare }];
  }
  const always = sustained ? ': it was late all along, so it was the limit and not the server' : '';
  return [{ wall: 'generatorBehind', effect: 'invalidates', host: null, evidence: evidence + always }];
}

function publishedLate({ name, broadcasts }: PhaseResultOf<'broadcast'>): readonly Wall[] {
  const late = broadcasts.filter(
    ({ publishedLateMicros, latency }) =>
      publishedLateMicros !== null &&
      latency !== null &&
      publishedLateMicros > generatorPauseFloorMicros &&
      publishedLateMicros > latency.p50Micros * publishedLateShareInvalid,
  );
  const most = late.reduce((micros, broadcast) => Math.max(micros, broadcast.publishedLateMicros ?? 0), 0);
  if (late.length === 0) return [];
  return [
    {
      wall: 'generatorBehind',
      effect: 'invalidates',
      host: null,
      evidence: `${late.length} of ${broadcasts.length} broadcasts of phase ${name} were published late, by up to ${millis(most)}, which is inside their latency`,
    },
  ];
}
