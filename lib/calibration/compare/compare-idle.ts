import { sum } from '../../results/statistics/numbers.ts';
import { toleratedGrowthShare, toleratedHeapBytes, type Comparison } from './comparison.ts';
import { exactly, phaseIn, type Parts, type Row } from './measured-case.ts';

/** Who was held while nothing was done, and what memory the server took meanwhile. */
export function idle({ truth, measured, calibrationCase: { behaviour } }: Parts, row: Row): Comparison[] {
  const { held, lost, bytesPerHour, seconds } = phaseIn(measured, 'idle');
  const { idleBytesPerSecond = 0 } = behaviour;
  const { members, membersReset, membersClosed, membersEnded, cut, afterCut, idleBytes, idleMicros } = truth;
  const exact = exactly(row);
  const claimed = idleMicros === 0 ? null : (idleBytes / idleMicros) * 3600e6;
  return [
    exact(
      'idle',
      'connections held',
      members - membersReset - membersClosed - membersEnded - cut + afterCut.returned,
      held,
    ),
    exact('idle', 'connections lost', 0, sum(Object.values(lost)), 0),
    ...(idleBytesPerSecond === 0
      ? []
      : [
          row({
            behaviour: 'memory written to while idle',
            quantity: "server's bytes an hour",
            unit: 'bytes',
            nominal: idleBytesPerSecond * 3600,
            claimed,
            measured: bytesPerHour?.slope ?? null,
            tolerance: toleratedGrowthShare * (claimed ?? 0) + (toleratedHeapBytes / (seconds ?? 1)) * 3600,
            noise: bytesPerHour === null ? 0 : bytesPerHour.high - bytesPerHour.slope,
          }),
        ]),
  ];
}
