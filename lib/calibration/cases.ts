import type { Behaviour } from '../../assets/calibration/behaviour.ts';
import { phasesOfKind, type PhaseOf } from '../../assets/loadgen/workload/phase-kinds.ts';
import { parseWorkload } from '../../assets/loadgen/workload/workload.ts';
import type { RunRequest } from '../run/run.ts';

/** How much a calibration does: `small` takes a minute and a half, `full` some minutes: it has more of everything to compare, and a restart. */
export const calibrationSizes = ['small', 'full'] as const;

/** A name in {@link calibrationSizes}. */
export type CalibrationSize = (typeof calibrationSizes)[number];

/** What every case of a calibration does. */
export type CalibrationWorkload = Required<Pick<RunRequest, 'connections' | 'connectRate' | 'workload'>>;

const sized = (
  connections: number,
  connectRate: number,
  workload: string,
): CalibrationWorkload & { connectRate: number } => ({
  connections,
  connectRate,
  workload: parseWorkload(workload),
});

/**
 * The workload of a size. The first broadcast of a publisher is slower than the others, so there are some. Echoes are few enough that a
 * process in JavaScript answers each before the next is due, and at full size so many that those of its first second are less than 1 in
 * 10, but those that wait while the server stands still clearly more. Of idle and churn there are enough seconds for a slope. The storm comes
 * right after broadcasts, which keep the hosts together. A second lies before the restart, as a killed server says nothing of its last tenth.
 */
export const workloads = {
  small: sized(
    300,
    75,
    'echo rate=200/s for=6s, broadcast times=8 every=0.25s, storm cut=100% backoff=none within=20s, idle for=4s, heartbeat every=1s for=2s, churn rate=40/s for=5s',
  ),
  full: sized(
    2000,
    200,
    'echo rate=400/s for=15s, broadcast times=10 every=1s, storm cut=100% backoff=none within=30s, idle for=10s, heartbeat every=5s for=10s, churn rate=60/s for=15s, idle for=1s, restart backoff=none within=60s',
  ),
} as const satisfies Readonly<Record<CalibrationSize, CalibrationWorkload>>;

/** The echoes of a calibration. */
export function echoesOf({ workload }: CalibrationWorkload): PhaseOf<'echo'> {
  return phasesOfKind(workload, 'echo')[0]!;
}

/** The broadcasts of a calibration. */
export function broadcastsOf({ workload }: CalibrationWorkload): PhaseOf<'broadcast'> {
  return phasesOfKind(workload, 'broadcast')[0]!;
}

/** The names of the cases: those of the servers that are measured. */
const caseNames = ['reference-slow', 'reference-faulty'] as const;

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
  const { connections } = workloads[size];
  const { ratePerSecond } = echoesOf(workloads[size]);
  return [
    {
      name: 'reference-slow',
      title: 'slow',
      behaviour: {
        echoDelayMicros: 20_000,
        // A second in, when every load host has begun.
        stallAtEcho: ratePerSecond,
        stallMicros: 2_000_000,
        broadcastDelayMicros: 150_000,
        broadcastSpreadMicros: 60_000,
        // So much that what the runtime itself keeps of a connection, some kilobytes, is far below one percent of it.
        bytesPerMember: 1024 * 1024,
        // Longer than the load hosts are apart. Where they share two processors with the server, it sees the first cut when they have
        // made all: 25 ms for 2 000, which has to be within one percent.
        stormDelayMicros: Math.max(1_000_000, 1_500 * connections),
        // Hardly more than 1 300 a second: two processors that server and generator share can do that without a queue.
        stormSpreadMicros: Math.max(500_000, 750 * connections),
        // So much in some seconds that what the runtime collects after a storm, some megabytes, is a few percent of it.
        idleBytesPerSecond: 32 * 1024 * 1024,
        pongDelayMicros: 200_000,
        closeDelayMicros: 400_000,
        returnDelayMicros: 200_000,
      },
    },
    {
      name: 'reference-faulty',
      title: 'faulty',
      behaviour: {
        echoDelayMicros: 10_000,
        slowOneIn: 10,
        // One percent of it is more than two such processors may be late by.
        slowDelayMicros: 200_000,
        dropOneIn: 20,
        loseOneIn: 50,
        duplicateOneIn: 40,
        silent: 4,
        reject: 6,
        reset: 5,
        refuseMicros: 400_000,
        loseMembers: 9,
        // Two samples a second apart see the queue when all load hosts have cut.
        stallAtCutMicros: 3_000_000,
        rejectReturnOneIn: 10,
        resetReturnOneIn: 15,
        dropPongOneIn: 30,
        // Where no time is compared: writing to so much holds the server up for some milliseconds.
        leakBytesPerReturn: 2 * 1024 * 1024,
      },
    },
  ];
}
