import type { LoopMeter } from '../measure/loop-meter.ts';
import type { LoadProcessRaw } from '../raw.ts';

/** What all processes have in common in their raw files. */
export function processFacts(
  host: string,
  processIndex: number,
  meter: LoopMeter,
): Pick<LoadProcessRaw, 'schema' | 'host' | 'process' | 'pid' | 'loop' | 'cpuSeconds' | 'rssBytes'> {
  const { user, system } = process.cpuUsage();
  return {
    schema: 1,
    host,
    process: processIndex,
    pid: process.pid,
    loop: {
      turn: meter.turn.encode(),
      lateness: meter.lateness.encode(),
      maxTurnWhileDrivingMicros: meter.maxTurnWhileDriving,
      maxLatenessWhileDrivingMicros: meter.maxLatenessWhileDriving,
    },
    cpuSeconds: { user: user / 1e6, system: system / 1e6 },
    rssBytes: process.memoryUsage.rss(),
  };
}

const { renameSync, writeFileSync } = process.getBuiltinModule('node:fs');

/** Writes a raw file; readers see all of it or none. */
export function writeRawFile(file: string, raw: LoadProcessRaw): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(raw)}\n`);
  renameSync(`${file}.new`, file);
}
