import type { RunningLab } from './cell.ts';

/** Who may be hit: the command line of the process and, where several hosts have one, the host. */
const processes = {
  server: { command: /^node .*servers\/node\/server\.js$/, host: 'server' },
  sampler: { command: /^\S*node .*programs\/sample\.ts/, host: 'server' },
  loadSampler: { command: /^\S*node .*programs\/sample\.ts/, host: 'load-2' },
  supervisor: { command: /^\S*node .*loadgen\/main\.ts hold /, host: 'load-1' },
  worker: { command: /^\S*node .*worker\/worker\.ts/, host: 'load-2' },
  driver: { command: /^\S*node .*loadgen\/main\.ts drive /, host: 'load-1' },
  loadHost: { command: /^\S*bash \S*host-init\.sh load-1 /, host: undefined },
  serverHost: { command: /^\S*bash \S*host-init\.sh server /, host: undefined },
  bridge: { command: /^\S*bash \S*bridge\.sh /, host: undefined },
  hostSupervisor: { command: /^\S*node .*supervisor\/main\.ts/, host: 'load-1' },
  rampScript: { command: /^bash .*host\/ramp/, host: 'load-1' },
} as const;

export type Victim = keyof typeof processes;

/** How soon a missed word is named, and how soon the others have collected. */
export const namedSeconds = 15;
export const silenceSeconds = 30;
/** How soon Ctrl-C ends a run in any state. */
export const interruptSeconds = 15;

/** Sends a signal to one process, or to all that match. */
export async function hit(lab: RunningLab, victim: Victim, signal: NodeJS.Signals): Promise<void> {
  const { command, host } = processes[victim];
  const found = await lab.processes(command, host);
  const [first] = found;
  if (first === undefined) throw new Error(`there is no ${victim}`);
  process.kill(first.pid, signal);
}

export const interrupted = {
  codes: [130],
  named: /interrupted/,
  kept: 'all',
  withinSeconds: interruptSeconds,
  namedWithinSeconds: null,
} as const;
export const atTheEnd = { namedWithinSeconds: null } as const;
