import type { PhaseRawOf } from '../../../assets/loadgen/phases/rooms.ts';
import type { PhaseKindName } from '../../../assets/loadgen/workload/phase-kinds.ts';
import type { PhaseResultOf } from '../../../lib/results/phases/rooms.ts';
import type { RunResult } from '../../../lib/results/schema/run-result.ts';
import { changedProcess, changedSamples, only, phaseOf, readMerged } from '../read-merged.ts';
import { runFiles } from '../synthetic-run.ts';

/** What one load process left of a phase; `from` and `to` are seconds since the phase may begin. */
export type Part<Kind extends PhaseKindName> = Omit<
  PhaseRawOf<Kind>,
  'kind' | 'place' | 'beganMicros' | 'endedMicros' | 'maxTurnMicros' | 'maxLatenessMicros'
> & { readonly from?: number; readonly to?: number | null };

/** The load processes of the run, by host. */
const processes = ['load-1/loadgen-0', 'load-1/loadgen-1', 'load-2/loadgen-0', 'load-2/loadgen-1'] as const;

/** A name in {@link processes}. */
type Process = (typeof processes)[number];

/** A run whose phase is made of parts. */
export interface PhaseRun<Kind extends PhaseKindName> {
  readonly kind: Kind;
  /** In the text form. */
  readonly asked: string;
  /** What each load process left; those left out left nothing of it. */
  readonly parts: Readonly<Partial<Record<Process, Part<Kind>>>>;
  /** Memory of the server, bytes, so many seconds since the phase may begin. */
  readonly serverBytes?: (seconds: number) => number;
  /** Sockets and drops of the server's host at such a time. */
  readonly listening?: (seconds: number) => { readonly queue: number; readonly drops: number };
}

/** The phase may begin so long after a host's first sample: the ramp takes 5 s from the third on, and a broadcast comes first. */
const phaseSeconds = 9;
const clockMicros = 5_000_000_000;

/** Merges a run of two load hosts with two processes each, the whole way from files. */
export async function mergedPhase<Kind extends PhaseKindName>(
  run: PhaseRun<Kind>,
): Promise<{ readonly phase: PhaseResultOf<Kind>; readonly missing: readonly string[]; readonly result: RunResult }> {
  let files = runFiles({ servers: ['node'], workload: `broadcast times=1 every=20s, ${run.asked}` });
  for (const process of processes) {
    const part = run.parts[process];
    if (part === undefined) continue;
    const { from = 0, to = 10, ...measured } = part;
    const micros = (seconds: number): number => clockMicros + (phaseSeconds + seconds) * 1e6;
    files = changedProcess(files, `raw/node/${process}.json`, (raw) => ({
      ...raw,
      phases: [
        ...raw.phases,
        {
          kind: run.kind,
          place: 1,
          beganMicros: micros(from),
          endedMicros: to === null ? null : micros(to),
          maxTurnMicros: 900,
          maxLatenessMicros: 350,
          ...measured,
        } as unknown as PhaseRawOf<Kind>,
      ] as typeof raw.phases,
    }));
  }
  files = changedSamples(files, 'raw/node/server/samples.jsonl', (sample) => {
    const seconds = (sample.monotonicMicros - clockMicros) / 1e6 - phaseSeconds;
    const { queue, drops } = run.listening?.(seconds) ?? { queue: 0, drops: 0 };
    const bytes = run.serverBytes?.(seconds);
    return {
      ...sample,
      sockets: { ...sample.sockets, listenQueue: queue },
      tcp: { ...sample.tcp, listenDrops: drops },
      units: Object.fromEntries(
        Object.entries(sample.units).map(([name, unit]) => [
          name,
          { ...unit, anonymousBytes: bytes ?? unit.anonymousBytes },
        ]),
      ),
    };
  });
  const result = await readMerged(files);
  const measurement = only(result);
  return { phase: phaseOf(measurement, run.kind), missing: measurement.missing, result };
}

/** So many values, evenly from one to another. */
export function evenly(count: number, first: number, last: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => first + ((last - first) * n) / Math.max(1, count - 1));
}

/** Whether a value read from a histogram of three significant digits is another. */
export function isAbout(value: number | null | undefined, expected: number): boolean {
  return value !== null && value !== undefined && Math.abs(value - expected) <= expected / 500 + 1;
}
