import type { HostSample } from '../../assets/host/raw.ts';
import type { LoadStatus, PhaseStatus } from '../../assets/loadgen/raw.ts';
import { serverUnits } from '../results/statistics/server-samples.ts';

/** What the Status document prints for one host. */
export interface HostStatus {
  readonly host: string;
  readonly sample: HostSample | null;
  readonly load: LoadStatus | null;
  /** The exit code of this host's Drive, where it has failed. */
  readonly driveFailed: number | null;
  /** Whether a process of the step's command is stopped (SIGSTOP). */
  readonly stopped: boolean;
}

/** A run as it goes, for whoever shows it. */
export type ProgressEvent =
  | { readonly kind: 'measurement'; readonly server: string; readonly number: number; readonly of: number }
  /** These servers are built beside each other, before any of them is measured. */
  | { readonly kind: 'building'; readonly servers: readonly string[] }
  /** A step of the Benchmark document began. */
  | { readonly kind: 'step'; readonly server: string; readonly step: string }
  | { readonly kind: 'status'; readonly server: string; readonly step: string; readonly summary: StatusSummary }
  /** The measurement does not go to its own end: why, and what is done now. */
  | { readonly kind: 'interrupted'; readonly server: string; readonly text: string }
  | { readonly kind: 'outcome'; readonly server: string; readonly text: string };

/** The whole lab at one moment. */
export interface StatusSummary {
  readonly wanted: number;
  readonly open: number;
  /** Given up or lost. */
  readonly failed: number;
  readonly connectionsPerSecond: number;
  /** Resident memory of the server's processes. */
  readonly serverRssBytes: number;
  /** The phase of the workload that the hosts are in, and what they have counted in it; null before the first. */
  readonly driving: PhaseStatus | null;
}

const sumOf = (numbers: Iterable<number | undefined>): number =>
  [...numbers].reduce<number>((sum, n) => sum + (n ?? 0), 0);

/** Sums what the hosts said. */
export function summarize(statuses: readonly HostStatus[]): StatusSummary {
  const loads = statuses.flatMap(({ load }) => (load === null ? [] : [load]));
  const units = statuses.flatMap(({ sample }) => (sample === null ? [] : serverUnits(sample)));
  return {
    wanted: sumOf(loads.map((load) => load.counts.wanted)),
    open: sumOf(loads.map((load) => load.counts.open)),
    failed: sumOf(loads.map((load) => load.counts.abandoned + sumOf(Object.values(load.counts.lost)))),
    connectionsPerSecond: sumOf(loads.map((load) => load.connectionsPerSecond)),
    serverRssBytes: sumOf(units.map(({ rssBytes }) => rssBytes)),
    driving: sumOfPhase(loads.flatMap(({ driving }) => driving ?? [])),
  };
}

/** The phase that the first host to begin it is in: hosts may be a moment apart. */
function sumOfPhase(phases: readonly PhaseStatus[]): PhaseStatus | null {
  const latest = phases.toSorted((a, b) => b.place - a.place)[0];
  if (latest === undefined) return null;
  const counts: Record<string, number> = {};
  for (const phase of phases.filter(({ place }) => place === latest.place)) {
    for (const [name, count] of Object.entries(phase.counts)) counts[name] = (counts[name] ?? 0) + count;
  }
  return { ...latest, counts };
}

/** Reads one line that the Status document printed; null when it is cut short or empty. */
export function parseHostStatus(output: string): HostStatus | null {
  try {
    // Hosts whose assets are older do not say all of it.
    return {
      driveFailed: null,
      stopped: false,
      ...(JSON.parse(output) as Pick<HostStatus, 'host' | 'sample' | 'load'>),
    };
  } catch {
    return null;
  }
}
