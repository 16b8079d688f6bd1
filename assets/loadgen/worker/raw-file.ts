import type { LoopMeter } from '../measure/loop-meter.ts';
import type { LoadProcessRaw } from '../raw.ts';

const { closeSync, openSync, renameSync, writeFileSync } = process.getBuiltinModule('node:fs');

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

/** Writes a raw file; readers see all of it or none. */
export function writeRawFile(file: string, makeRaw: () => LoadProcessRaw): void {
  closeSync(spare);
  writeFileSync(`${file}.new`, `${JSON.stringify(makeRaw())}\n`);
  renameSync(`${file}.new`, file);
  spare = openSync('/dev/null', 'r');
}
