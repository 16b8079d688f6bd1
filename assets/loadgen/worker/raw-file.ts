import type { LoopMeter } from '../measure/loop-meter.ts';
import type { LoadProcessRaw } from '../raw.ts';
import { report } from './control-pipe.ts';

const { closeSync, openSync, renameSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs');

// A process whose connections use up its descriptors must still be able to write what it has measured.
let spare = openSync('/dev/null', 'r');

/** What all processes have in common in their raw files. */
export function processFacts(
  host: string,
  processIndex: number,
  meter: LoopMeter,
): Pick<LoadProcessRaw, 'schema' | 'host' | 'process' | 'pid' | 'loop' | 'cpuSeconds' | 'rssBytes'> {
  const { user, system } = process.cpuUsage();
  return {
    schema: 2,
    host,
    process: processIndex,
    pid: process.pid,
    loop: {
      turn: meter.iteration.encode(),
      lateness: meter.schedulingDelay.encode(),
    },
    cpuSeconds: { user: user / 1e6, system: system / 1e6 },
    rssBytes: process.memoryUsage.rss(),
  };
}

/**
 * Writes what was measured to a file, of which readers see all or nothing, or reports it when `file` is null. A file that
 * cannot be written is reported: what was measured is still there to be collected again.
 */
export function deliverRaw(file: string | null, makeRaw: () => LoadProcessRaw): void {
  if (file === null) {
    report({ type: 'collected', raw: makeRaw(), error: null });
    return;
  }
  let error: string | null = null;
  closeSync(spare);
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify({ run: file.split('/').at(-2), ...makeRaw() })}\n`);
    renameSync(`${file}.new`, file);
  } catch (cause) {
    error = (cause as Error).message;
    rmSync(`${file}.new`, { force: true });
  }
  spare = openSync('/dev/null', 'r');
  report({ type: 'collected', raw: null, error });
}
