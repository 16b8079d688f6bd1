import type { Cell, Expectation, Phase } from './cell.ts';
import { surroundings } from './surroundings.ts';
import { atTheEnd, hit, interrupted, interruptSeconds, namedSeconds, silenceSeconds, type Victim } from './victims.ts';

function cell(
  phase: Phase,
  victim: Victim,
  signal: NodeJS.Signals,
  expected: Partial<Expectation>,
  workload?: string,
): Cell {
  const kind = workload === undefined || phase !== 'drive' ? '' : `-${workload.split(' ')[0]}`;
  return {
    name: `${phase}${kind}/${victim}/${signal.slice(3)}`,
    phase,
    ...(workload === undefined ? {} : { workload }),
    fault: (lab) => hit(lab, victim, signal),
    expected: {
      codes: [4],
      named: null,
      kept: phase === 'drive' ? 'all' : 'some',
      withinSeconds: silenceSeconds,
      namedWithinSeconds: namedSeconds,
      ...expected,
    },
  };
}

/** What is kept when a run is interrupted in a phase. */
const keptAt: Readonly<Partial<Record<Phase, Expectation['kept']>>> = { drive: 'all', collect: 'all', stop: 'all' };

function interruptions(): readonly Cell[] {
  return (['build', 'prepare', 'ramp', 'drive', 'collect', 'stop'] as const).flatMap((phase) =>
    (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const).map((signal): Cell => {
      const isKilled = signal === 'SIGKILL';
      return {
        name: `${phase}/command/${signal.slice(3)}`,
        phase,
        fault: async (lab) => void process.kill(lab.pid, signal),
        expected: {
          codes: isKilled ? null : [130],
          named: isKilled ? null : /interrupted/,
          kept: keptAt[phase] ?? 'record',
          withinSeconds: interruptSeconds,
          namedWithinSeconds: isKilled ? null : 1,
        },
      };
    }),
  );
}

/** What is said of those that are stopped. */
const stopped = {
  driver: /load-1: the command of step (drive|resume) has stood still/,
  supervisor: /load-1: (the load generator|the command of step|a load process)|load generator on \S+ has been silent/,
  worker: /load-2: .*load process/,
  sampler: /server: .*sampler/,
} as const;

/** Ctrl-C while something is stopped that would answer it. */
function interruptionsOfStopped(): readonly Cell[] {
  const victims = [
    ['ramp', 'supervisor'],
    ['ramp', 'worker'],
    ['drive', 'driver'],
    ['drive', 'worker'],
    ['drive', 'supervisor'],
    ['drive', 'server'],
    ['drive', 'hostSupervisor'],
    ['drive', 'loadHost'],
    ['drive', 'serverHost'],
    ['drive', 'bridge'],
    ['collect', 'hostSupervisor'],
  ] as const;
  return victims.map(([phase, victim]) => ({
    name: `${phase}/${victim}/STOP-then-INT`,
    phase,
    fault: async (lab) => {
      await hit(lab, victim, 'SIGSTOP');
      process.kill(lab.pid, 'SIGINT');
    },
    expected: { ...interrupted, kept: phase === 'drive' || phase === 'collect' ? 'all' : 'record' },
  }));
}

/** Every cell of the matrix: phases by processes by signals, and what surrounds a command. */
export const cells: readonly Cell[] = [
  ...interruptions(),
  ...surroundings,
  cell('ramp', 'server', 'SIGKILL', { named: /server/, kept: 'record' }),
  cell('ramp', 'server', 'SIGSTOP', { named: /server: the server has stood still/, codes: [4, 6], kept: 'record' }),
  cell('drive', 'server', 'SIGKILL', { named: /the server died|c1m-server-1/ }),
  cell('drive', 'server', 'SIGTERM', { named: /the server died|c1m-server-1/ }),
  cell('drive', 'server', 'SIGSTOP', { named: /stood still/, codes: [4, 6] }),
  cell('ramp', 'sampler', 'SIGKILL', { named: /server: .*sampler/ }),
  cell('ramp', 'sampler', 'SIGSTOP', { named: /server: .*sampler/ }),
  cell('drive', 'sampler', 'SIGKILL', { named: /server: .*sampler/ }),
  cell('drive', 'sampler', 'SIGSTOP', { named: /server: .*sampler/ }),
  cell('drive', 'loadSampler', 'SIGKILL', { named: /load-2: .*sampler/ }),
  cell('ramp', 'supervisor', 'SIGKILL', { named: /load-1/ }),
  cell('ramp', 'supervisor', 'SIGSTOP', { named: /load-1/ }),
  cell('drive', 'supervisor', 'SIGKILL', { named: /load-1/ }),
  cell('drive', 'supervisor', 'SIGTERM', { named: /load-1/ }),
  cell('drive', 'supervisor', 'SIGSTOP', { named: /load-1/ }),
  cell('ramp', 'worker', 'SIGKILL', { named: /load-2: .*load process/ }),
  cell('ramp', 'worker', 'SIGSTOP', { named: /load-2: .*load process/ }),
  cell('drive', 'worker', 'SIGKILL', { named: /load-2: .*load process/ }),
  cell('drive', 'worker', 'SIGSTOP', { named: /load-2: .*load process/ }),
  cell('drive', 'driver', 'SIGKILL', { named: /drive: / }),
  cell('drive', 'driver', 'SIGSTOP', { named: /load-1: the command of step drive has stood still/ }),
  cell('prepare', 'loadHost', 'SIGKILL', { named: /load-1: its processes have been ended/, kept: 'record' }),
  cell('ramp', 'loadHost', 'SIGKILL', { named: /load-1: its processes have been ended/ }),
  cell('drive', 'loadHost', 'SIGKILL', { named: /load-1: its processes have been ended/ }),
  cell('drive', 'loadHost', 'SIGSTOP', { named: /measured/, codes: [0, 6], ...atTheEnd }),
  cell('drive', 'serverHost', 'SIGKILL', { named: /server: its processes have been ended/ }),
  cell('ramp', 'bridge', 'SIGKILL', { named: /bridge|address|load network/, codes: [4, 5, 6], kept: 'record' }),
  cell('drive', 'bridge', 'SIGKILL', { named: /bridge|address|load network/, codes: [4, 5, 6] }),
  cell('collect', 'supervisor', 'SIGSTOP', { named: /load-1|load generator/, kept: 'all' }),
  cell('collect', 'loadHost', 'SIGKILL', { named: /load-1/, kept: 'all' }),
  cell('stop', 'loadHost', 'SIGKILL', { named: /load-1|measured/, codes: [0, 4, 6], kept: 'all', ...atTheEnd }),
  ...(['driver', 'supervisor', 'worker', 'sampler'] as const).flatMap((victim) =>
    ['heartbeat every=1s for=20s', 'churn rate=20/s for=20s', 'storm within=20s, idle for=20s', 'idle for=20s'].map(
      (workload) => cell('drive', victim, 'SIGSTOP', { named: stopped[victim] }, workload),
    ),
  ),
  ...(
    ['heartbeat every=1s for=40s', 'churn rate=20/s for=40s', 'storm within=40s, idle for=40s', 'idle for=40s'] as const
  ).map((workload) => cell('drive', 'server', 'SIGKILL', { named: /the server has been gone/ }, workload)),
  ...(['driver', 'supervisor', 'worker'] as const).map((victim) =>
    cell(
      'resume',
      victim,
      'SIGSTOP',
      { named: stopped[victim], kept: 'all' },
      'restart within=20s, echo rate=50/s for=20s',
    ),
  ),
  cell('ramp', 'rampScript', 'SIGSTOP', { named: /load-1: the command of step ramp has stood still/ }),
  cell('drive', 'hostSupervisor', 'SIGSTOP', { named: /the supervisor of this host does not answer/, ...atTheEnd }),
  ...interruptionsOfStopped(),
];
