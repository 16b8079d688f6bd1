import { setTimeout as pause } from 'node:timers/promises';
import type { Cell } from './cell.ts';
import { atTheEnd, hit, interrupted, silenceSeconds } from './victims.ts';

/** A process may have gone meanwhile. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has.
  }
}

/** The command below npm, a shell, a pipe or a terminal, and what becomes of these. */
export const surroundings: readonly Cell[] = [
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
    name: 'drive/everything/STOP-and-CONT-after-5-s',
    phase: 'drive',
    fault: async (lab) => {
      const all = [lab.pid, ...(await lab.processes(/./)).map(({ pid }) => pid)];
      for (const signal of ['SIGSTOP', 'SIGCONT'] as const) {
        for (const pid of all) send(pid, signal);
        if (signal === 'SIGSTOP') await pause(5000);
      }
    },
    expected: { codes: [0, 4, 6], named: /measured|failed: /, kept: 'all', withinSeconds: 60, ...atTheEnd },
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
