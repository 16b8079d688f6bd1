import type { ProcessFacts } from '../integration/lab-process.ts';

/** When a fault happens: at the line that says so. */
export const phases = {
  build: /building the server/,
  prepare: /checking the hosts/,
  ramp: /opening connections/,
  drive: /driving the workload/,
  restart: /between two parts/,
  resume: /driving the rest/,
  collect: /collecting results/,
  stop: /: stopping/,
  never: /$^/,
} as const;

export type Phase = keyof typeof phases;

/** A lab whose run is under way, as a fault sees it. */
export interface RunningLab {
  /** Of what was started: the command itself, npm, or a shell around it. */
  readonly pid: number;
  /** The processes of the lab whose command matches, of all hosts or of one; the oldest first. Waits until there is one. */
  processes(command: RegExp, host?: string): Promise<readonly ProcessFacts[]>;
  /** The command's own process, below whatever started it. */
  command(): Promise<ProcessFacts>;
}

/** What a user may expect of the end of a run that something happened to. */
export interface Expectation {
  /** The exit codes that are right; null where the command is killed and has none. */
  readonly codes: readonly number[] | null;
  /** What the screen must say; null where nobody reads it. */
  readonly named: RegExp | null;
  /** What `c1m report` must show afterwards: the run's record alone, some connections, all of them, or also latencies of the first phase. */
  readonly kept: 'record' | 'some' | 'all' | 'phase';
  /** Seconds from the fault to the end. */
  readonly withinSeconds: number;
  /** Seconds from the fault to when the screen has said it; null where that is at the end. */
  readonly namedWithinSeconds: number | null;
}

/** One fault at one time of a run, and what is right then. */
export interface Cell {
  /** `<phase>/<process>/<signal>`, or another name with slashes. */
  readonly name: string;
  readonly phase: Phase;
  /** What happens on the connections; default: echoes for two seconds and broadcasts for three. */
  readonly workload?: string;
  readonly fault: (lab: RunningLab) => Promise<void>;
  readonly expected: Expectation;
  /** A bash script that starts the command "$@", in whose folder `$OUT` it writes the command's exit code to `code`; default: none, it is started by itself. */
  readonly script?: string;
}
