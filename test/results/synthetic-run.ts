import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { labSchema } from '../../lib/config/lab.ts';
import { parseWorkload } from '../../assets/loadgen/workload/workload.ts';
import type { RunRecordInput } from '../../lib/results/schema/run-record.ts';
import * as v from 'valibot';
import { measurementFiles } from './synthetic/measurement.ts';
import type { ServerShape } from './synthetic/timetable.ts';

/** How servers of a synthetic run behave: figures of the kind that FACTS of real ones show. */
export const shapes = {
  netty: { title: 'netty', language: 'Java', bytesPerConnection: 4_200, baseBytes: 90e6, micros: 3.2, cpuMicros: 190 },
  node: {
    title: 'node ws',
    language: 'JavaScript',
    bytesPerConnection: 6_300,
    baseBytes: 55e6,
    micros: 5.1,
    cpuMicros: 260,
  },
  go: { title: 'go gorilla', language: 'Go', bytesPerConnection: 9_100, baseBytes: 12e6, micros: 4, cpuMicros: 150 },
  undertow: {
    title: 'undertow',
    language: 'Java',
    bytesPerConnection: 8_500,
    baseBytes: 110e6,
    micros: 4.4,
    cpuMicros: 230,
  },
} as const satisfies Record<string, ServerShape>;

/** What a synthetic run is made of. */
export interface SyntheticRun {
  readonly servers?: readonly (keyof typeof shapes)[];
  readonly connections?: number;
  readonly broadcasts?: number;
  /** In the text form; made of echoes and broadcasts, one phase of each. */
  readonly workload?: string;
  readonly repeats?: number;
  readonly loadProcesses?: number;
  readonly serverProcesses?: number;
  readonly connectRate?: number;
  readonly seed?: number;
  readonly hostsShareOneMachine?: boolean;
  readonly record?: Partial<RunRecordInput>;
}

/** Unix milliseconds at which synthetic runs begin. */
export const beganUnixMillis = Date.UTC(2026, 10, 22, 18, 0, 0);

/** The files of a run's folder by path: true to their shapes, the same for the same input. */
export function runFiles(run: SyntheticRun = {}): Record<string, string> {
  const { servers = ['netty', 'node'], repeats = 1, seed = 1, hostsShareOneMachine = true } = run;
  const parameters = {
    servers: [...servers],
    connections: run.connections ?? 2_000,
    workload: parseWorkload(run.workload ?? `echo rate=200/s for=3s, broadcast times=${run.broadcasts ?? 3} every=2s`),
    connectRate: run.connectRate ?? 400,
    serverProcesses: run.serverProcesses ?? 1,
    loadProcesses: run.loadProcesses ?? 2,
    memoryPreset: 'small',
    tls: false,
    deflate: false,
    repeats,
  };
  const record: RunRecordInput = {
    schema: 2,
    runId: '2026-11-22T18-00-00',
    beganUnixMillis,
    endedUnixMillis: beganUnixMillis + 120_000,
    where: 'local',
    hostsShareOneMachine,
    lab: v.parse(labSchema, {}),
    parameters,
    servers: servers.map((name) => ({
      name,
      title: shapes[name].title,
      language: shapes[name].language,
      framework: `${name} 1.0`,
      knownDeviations: [],
    })),
    skipped: [],
    gitCommit: '0123456789abcdef',
    versions: { c1mlab: '0.1.0', node: 'v24.21.0' },
    calibration: null,
    ...run.record,
  };
  const files: Record<string, string> = { 'run.json': JSON.stringify(record) };
  let place = 0;
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    for (const server of servers) {
      const measurement = repeats === 1 ? server : `${server}-${repeat}`;
      const made = measurementFiles({
        server,
        measurement,
        repeat,
        shape: shapes[server],
        seed: seed * 1000 + place,
        beganUnixMillis: beganUnixMillis + place * 40_000,
        parameters,
        hostsShareOneMachine,
      });
      for (const [path, text] of Object.entries(made)) files[`raw/${measurement}/${path}`] = text;
      place += 1;
    }
  }
  return files;
}

/** Writes files by path under a folder. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}
