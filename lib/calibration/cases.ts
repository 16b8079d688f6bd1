import type { Behaviour } from '../../assets/calibration/behaviour.ts';
import type { RunRequest } from '../run/run.ts';

/** How much a calibration does: `small` takes about a minute, `full` some minutes and has more of everything to compare. */
export const calibrationSizes = ['small', 'full'] as const;

/** A name in {@link calibrationSizes}. */
export type CalibrationSize = (typeof calibrationSizes)[number];

/** The workload of every case of a calibration. */
export type CalibrationWorkload = Required<
  Pick<RunRequest, 'connections' | 'connectRate' | 'broadcasts' | 'intervalSeconds' | 'echoRate' | 'echoSeconds'>
>;

/** The workload of a size. The first broadcast of a publisher is slower than the others, so there are some. Echoes are few enough that a process in JavaScript answers each before the next is due. */
export const workloads: Readonly<Record<CalibrationSize, CalibrationWorkload>> = {
  small: { connections: 300, connectRate: 75, broadcasts: 8, intervalSeconds: 0.25, echoRate: 200, echoSeconds: 4.5 },
  full: { connections: 2000, connectRate: 200, broadcasts: 10, intervalSeconds: 1, echoRate: 400, echoSeconds: 10 },
};

/** The names of the cases: those of the servers that are measured. */
export const caseNames = ['reference-steady', 'reference-faulty', 'reference-stalled'] as const;

/** A name in {@link caseNames}. */
export type CaseName = (typeof caseNames)[number];

/** One reference server with its declared behaviour. */
export interface CalibrationCase {
  readonly name: CaseName;
  readonly title: string;
  readonly behaviour: Partial<Behaviour>;
}

/** The reference servers of a size. */
export function calibrationCases(size: CalibrationSize): readonly CalibrationCase[] {
  const { echoRate } = workloads[size];
  return [
    {
      name: 'reference-steady',
      title: 'steady',
      behaviour: {
        echoDelayMicros: 20_000,
        broadcastDelayMicros: 30_000,
        broadcastSpreadMicros: 60_000,
        // So much that what the runtime itself keeps of a connection, some kilobytes, is far below one percent of it.
        bytesPerMember: 1024 * 1024,
      },
    },
    {
      name: 'reference-faulty',
      title: 'faulty',
      behaviour: {
        echoDelayMicros: 10_000,
        slowOneIn: 10,
        slowDelayMicros: 60_000,
        dropOneIn: 20,
        loseOneIn: 50,
        duplicateOneIn: 40,
        silent: 4,
        reject: 6,
        reset: 5,
        refuseMicros: 400_000,
        loseMembers: 9,
      },
    },
    {
      name: 'reference-stalled',
      title: 'stalled',
      // A second in, when every load host has begun.
      behaviour: { stallAtEcho: echoRate, stallMicros: 2_000_000 },
    },
  ];
}
