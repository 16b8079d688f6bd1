import { setTimeout as pause } from 'node:timers/promises';
import type { Cell, Expectation, Phase, RunningLab } from './cell.ts';

/** Who may be hit: the command line of the process and, where several hosts have one, the host. */
const processes = {
  server: { command: /^node .*servers\/node\/server\.js/, host: 'server' },
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

type Victim = keyof typeof processes;

/** How soon a missed word is named, and how soon the others have collected. */
const namedSeconds = 15;
const silenceSeconds = 30;
/** How soon Ctrl-C ends a run in any state. */
const interruptSeconds = 15;

/** Sends a signal to one process, or to all that match. */
async function hit(lab: RunningLab, victim: Victim, signal: NodeJS.Signals): Promise<void> {
  const { command, host } = processes[victim];
  const found = await lab.processes(command, host);
  const [first] = found;
  if (first === undefined) throw new Error(`there is no ${victim}`);
  process.kill(first.pid, signal);
}

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

const interrupted = {
  codes: [130],
  named: /interrupted/,
  kept: 'all',
  withinSeconds: interruptSeconds,
  namedWithinSeconds: null,
} as const;
const atTheEnd = { namedWithinSeconds: null } as const;

/** The command below npm, a shell, a pipe or a terminal, and what becomes of these. */
const surroundings: readonly Cell[] = [
  ...(['SIGTERM', 'SIGINT'] as const).map((signal): Cell => ({
    name: `drive/npm/${signal.slice(3)}`,
    phase: 'drive',
    script: 'shift 4; exec npm start --silent -- "$@"',
    fault: async (lab) => void process.kill(lab.pid, signal),
    expected: interrupted,
  })),
  {
    name: 'drive/command/INT-twice-at-once',
    phase: 'drive',
    fault: async (lab) => {
      process.kill(lab.pid, 'SIGINT');
      process.kill(lab.pid, 'SIGINT');
      await pause(50);
      process.kill(lab.pid, 'SIGTERM');
    },
    expected: interrupted,
  },
  {
    name: 'drive/command/INT-again-after-1.2-s',
    phase: 'drive',
    fault: async (lab) => {
      await hit(lab, 'supervisor', 'SIGSTOP');
      process.kill(lab.pid, 'SIGINT');
      await pause(1200);
      process.kill(lab.pid, 'SIGINT');
    },
    expected: { ...interrupted, kept: 'all', named: /interrupted again/ },
  },
  {
    name: 'drive-echo/command/KILL-in-the-phase',
    phase: 'drive',
    workload: 'echo rate=200/s for=60s',
    fault: async (lab) => {
      await pause(8000);
      process.kill(lab.pid, 'SIGKILL');
    },
    expected: { codes: null, named: null, kept: 'phase', withinSeconds: 30, ...atTheEnd },
  },
  {
    name: 'drive/command/STOP-and-CONT-after-12-s',
    phase: 'drive',
    fault: async (lab) => {
      process.kill(lab.pid, 'SIGSTOP');
      await pause(12_000);
      process.kill(lab.pid, 'SIGCONT');
    },
    // Beside others a machine may be too busy for a valid result: that is not the fault's doing.
    expected: { codes: [0, 6], named: /measured/, kept: 'all', withinSeconds: silenceSeconds, ...atTheEnd },
  },
  {
    name: 'drive/terminal/closed',
    phase: 'drive',
    script: `trap '' HUP; exec script -qefc "trap '' HUP; $(printf '%q ' "$@"); echo \\$? >$OUT/code" /dev/null`,
    fault: async (lab) => void process.kill(lab.pid, 'SIGKILL'),
    expected: { ...interrupted, named: null },
  },
  {
    name: 'drive/pipeline-with-tee/INT',
    phase: 'drive',
    script: '{ trap : INT; "$@" 2>&1; echo $? >$OUT/code; } | tee $OUT/log >&2',
    fault: async (lab) => void process.kill(-lab.pid, 'SIGINT'),
    expected: { ...interrupted, named: null },
  },
  {
    name: 'drive/reader-of-stderr/gone',
    phase: 'never',
    script:
      '{ "$@" 2>&1 >/dev/null; echo $? >$OUT/code; } | grep -m1 driving >&2; while [ ! -e $OUT/code ]; do sleep 0.1; done',
    fault: async () => undefined,
    expected: { ...interrupted, named: /driving/, withinSeconds: 60 },
  },
  {
    name: 'end/stdout/full',
    phase: 'never',
    script: '"$@" >/dev/full; echo $? >$OUT/code',
    fault: async () => undefined,
    expected: {
      codes: [3],
      named: /error: standard output could not be written: .*ENOSPC[^\n]*\n {2}fix: /,
      kept: 'all',
      withinSeconds: 60,
      ...atTheEnd,
    },
  },
  {
    name: 'drive/nohup/HUP',
    phase: 'drive',
    script: 'nohup "$@"; echo $? >$OUT/code',
    fault: async (lab) => void process.kill((await lab.command()).pid, 'SIGHUP'),
    expected: { codes: [0, 6], named: /measured/, kept: 'all', withinSeconds: 60, ...atTheEnd },
  },
  {
    name: 'drive/run-folder/removed',
    phase: 'never',
    script: '(until [ -e $OUT/*/*/*/*/*1/l*0.json ]; do sleep 1; done; rm -r $OUT/*/2*) & "$@"; echo $? >$OUT/code',
    fault: async () => undefined,
    expected: { codes: [0, 6], named: /measured/, kept: 'all', withinSeconds: 60, ...atTheEnd },
  },
  {
    name: 'drive/disk/full',
    phase: 'never',
    script: [
      'mkdir -p $OUT/results',
      "export OUT; unshare $C1M_UNSHARE --mount bash -c 'mount -t tmpfs -o size=24m tmpfs $OUT/results || exit 77",
      '(until [ -e $OUT/results/*/raw/node/load-1/loadgen-0.json ]; do sleep 0.05; done; cat /dev/zero >$OUT/results/filler 2>/dev/null) &',
      '"$@"; echo $? >$OUT/code; cp -r $OUT/results/2* $OUT/kept; true\' full "$@"',
    ].join('\n'),
    fault: async () => undefined,
    expected: {
      codes: [3],
      named: /error: .*ENOSPC[^\n]*\n {2}fix: .*kept in/,
      kept: 'all',
      withinSeconds: 60,
      ...atTheEnd,
    },
  },
];

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
