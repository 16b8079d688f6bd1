import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { LoadStatus } from '../../assets/loadgen/raw.ts';
import { descendants, onlyRun, startLab, withFolder, type LabProcess } from './lab-process.ts';
import { until } from '../until.ts';

const stopMillis = 1200;

/** A load process of a lab, seen from this machine, with its host's files. */
interface LoadProcess {
  readonly pid: number;
  readonly status: () => LoadStatus | null;
}

/** The load processes that hold a lab's connections, before those that publish: these begin last, whatever their ids. */
function loadProcesses(lab: LabProcess): readonly LoadProcess[] {
  return descendants(lab.child.pid ?? 0)
    .filter(({ command }) => /loadgen\/worker\/worker\.ts/.test(command))
    .sort((a, b) => a.startTicks - b.startTicks)
    .map(({ pid }) => ({ pid, status: () => statusOf(`/proc/${pid}/root/opt/c1mlab/runs`) }));
}

function statusOf(runs: string): LoadStatus | null {
  try {
    const [run = ''] = readdirSync(runs);
    return JSON.parse(readFileSync(`${runs}/${run}/loadgen-status.json`, 'utf8')) as LoadStatus;
  } catch {
    return null;
  }
}

/**
 * Runs a small benchmark, stops one load process for a while when its host's status satisfies a condition, and gives the exit code and the
 * reasons of the verdict.
 */
async function runWithStop(
  words: string,
  when: (status: LoadStatus) => boolean,
): Promise<{ readonly code: number | null; readonly valid: boolean; readonly reasons: string }> {
  return withFolder(async (out) => {
    const lab = startLab(...`run --local --servers node --connections 400 ${words} --out`.split(' '), out);
    const ready = (): LoadProcess | undefined =>
      loadProcesses(lab).find(({ status }) => {
        const now = status();
        return now !== null && when(now);
      });
    await until('the workload to be driven', () => ready() !== undefined || lab.child.exitCode !== null);
    const stopped = ready();
    assert.ok(stopped !== undefined, lab.stderr());
    process.kill(stopped.pid, 'SIGSTOP');
    await pause(stopMillis);
    process.kill(stopped.pid, 'SIGCONT');
    const { code } = await lab.ended;
    const { result } = await onlyRun(out);
    const verdict = result.measurements[0]?.verdict;
    return { code, valid: verdict?.valid ?? true, reasons: (verdict?.reasons ?? []).join('\n') };
  });
}

/** By how many milliseconds the verdict says that the generator fell behind. */
function behindMillis(reasons: string): number {
  return Number(/fell behind by (\d+\.\d) ms/.exec(reasons)?.[1] ?? 0);
}

describe('a load process that is stopped for more than a second', () => {
  test(
    'while it echoes makes the result invalid, and the verdict says for how long',
    { timeout: 200_000 },
    async () => {
      const { code, valid, reasons } = await runWithStop(
        '--broadcasts 2 --interval 1 --echo-rate 200 --echo-seconds 8',
        ({ driving }) => driving?.kind === 'echo' && (driving.counts['received'] ?? 0) > 0,
      );
      assert.equal(valid, false, reasons);
      assert.equal(code, 6);
      const behind = behindMillis(reasons);
      assert.ok(behind >= stopMillis - 100 && behind < 20_000, reasons);
    },
  );

  test(
    'while broadcasts arrive makes the result invalid, and the verdict says for how long',
    { timeout: 200_000 },
    async () => {
      const { code, valid, reasons } = await runWithStop(
        '--broadcasts 30 --interval 0.3 --echo-rate 0',
        ({ broadcastMessages }) => broadcastMessages > 0,
      );
      assert.equal(valid, false, reasons);
      assert.equal(code, 6);
      const behind = behindMillis(reasons);
      assert.ok(behind >= stopMillis - 100 && behind < 20_000, reasons);
    },
  );
});
