import { serverUnitPrefix } from '../../../assets/host/raw.ts';
import { addDeflate } from '../../../assets/loadgen/deflate/deflate-sums.ts';
import { mergePhases } from '../phases/merge-phases.ts';
import type { PhaseResult } from '../phases/rooms.ts';
import type { RawMeasurement } from '../raw/raw-run.ts';
import type { MeasurementResult } from '../schema/measurement-result.ts';
import type { RunRecord } from '../schema/run-record.ts';
import { unixOffsets } from '../statistics/clock.ts';
import { downsample } from '../statistics/downsample.ts';
import { mergeHistograms } from '../statistics/histogram.ts';
import { greatest, sum } from '../statistics/numbers.ts';
import { processorsInUse, processorTime, type ProcessorTime } from '../statistics/processor-time.ts';
import { serverHost } from '../statistics/server-samples.ts';
import { judge } from '../verdict/judge.ts';
import { findShortfalls, findUnanswered } from '../verdict/unanswered.ts';
import { findMissing } from './find-missing.ts';
import { findTrust } from './find-trust.ts';
import { mergeAnswers } from './merge-answers.ts';
import { mergeConnections, type ConnectionsMerged } from './merge-connections.ts';
import { mergeMemory } from './merge-memory.ts';
import { mergeProcessor } from './merge-processor.ts';

/** Makes the result of one measurement from its raw files and from what its run asked for. Pure: the same input, the same result. */
export function mergeMeasurement(raw: RawMeasurement, run: RunRecord): MeasurementResult {
  const offsets = unixOffsets(raw, run.hostsShareOneMachine);
  const connections = mergeConnections(raw, run.parameters.connections, offsets);
  const heard = mergeAnswers(raw, offsets);
  const host = serverHost(raw);
  const serverTime = host === undefined ? [] : processorTime(host, serverUnitPrefix, offsets.get(host.host) ?? 0);
  const phases = mergePhases(raw, run.parameters.workload, offsets, serverTime);
  const memory = mergeMemory(raw, run.hostsShareOneMachine);
  const windows = { ramp: connections.rampWindow, phases: phases.windows };
  const loop = mergeLoop(raw, phases.phases);
  const measured: Omit<MeasurementResult, 'verdict' | 'trust'> = {
    measurement: raw.name,
    ...describeServer(raw, run),
    record: raw.record,
    missing: [...findMissing(raw, run), ...phases.missing],
    connections: connections.connections,
    answers: heard.answers,
    ramp: connections.ramp,
    memory: memory.memory,
    cpu: mergeProcessor(raw, offsets, windows.ramp, serverTime),
    phases: [...phases.phases],
    generator: loop.generator,
    deflate: addDeflate(raw.hosts.flatMap(({ loadProcesses }) => loadProcesses.flatMap((one) => one.deflate ?? []))),
    series: {
      connections: connectionsSeries(raw, connections, offsets),
      serverMemory: downsample(memory.serverSeries.map(([x, y]) => [x, y])),
      kernelMemory: downsample(memory.kernelSeries.map(([x, y]) => [x, y])),
      serverCpu: serverCpuSeries(serverTime, connections),
    },
  };
  const undecodable = connections.undecodable + heard.undecodable + phases.undecodable + loop.undecodable;
  measured.missing.push(...findShortfalls(measured, run.parameters.workload), ...findUnanswered(measured, undecodable));
  const { wanted, peak } = measured.connections;
  return {
    ...measured,
    trust: findTrust(measured, undecodable, raw.hosts),
    verdict: judge({
      raw,
      result: measured,
      hostsShareOneMachine: run.hostsShareOneMachine,
      reached: peak >= wanted,
      offsets,
      windows,
    }),
  };
}

function describeServer(raw: RawMeasurement, run: RunRecord) {
  const { server, repeat } = raw.record;
  const description = run.servers.find(({ name }) => name === server);
  const start = raw.hosts.find((host) => host.serverStart !== null)?.serverStart ?? null;
  return {
    server,
    title: description?.title ?? server,
    repeat,
    version: start?.processes[0]?.version ?? null,
    language: description?.language ?? null,
    role: description?.role ?? null,
    framework: description?.framework ?? null,
    memoryPreset: start?.memoryPreset ?? null,
    flags: start?.flags ?? null,
    serverProcesses: start?.processes.length ?? null,
    loadProcesses: sum(raw.hosts.map((host) => host.loadProcesses.length)),
    knownDeviations: description?.knownDeviations ?? [],
  };
}

function mergeLoop(
  raw: RawMeasurement,
  phases: readonly PhaseResult[],
): Pick<MeasurementResult, 'generator'> & { readonly undecodable: number } {
  const processes = raw.hosts.flatMap((host) => host.loadProcesses);
  const turn = mergeHistograms(processes.map(({ loop }) => loop.turn));
  const lateness = mergeHistograms(processes.map(({ loop }) => loop.lateness));
  return {
    generator: {
      turn: turn.latency,
      lateness: lateness.latency,
      maxTurnWhileDrivingMicros: greatest(
        phases.map(({ generator }) => generator.maxTurnMicros).filter((micros) => micros > 0),
      ),
      maxLatenessWhileDrivingMicros: greatest(phases.map(({ generator }) => generator.maxLatenessMicros)),
    },
    undecodable: turn.undecodable + lateness.undecodable,
  };
}

/** Open connections in seconds since the ramp began, and what was open at the last sample. */
function connectionsSeries(
  raw: RawMeasurement,
  { connections, rampWindow, openOverTime }: ConnectionsMerged,
  offsets: ReadonlyMap<string, number>,
): [number, number][] {
  if (rampWindow === null) return [];
  const points: [number, number][] = openOverTime.map(([micros, open]) => [secondsAfter(micros, rampWindow), open]);
  const lastSample = greatest(
    raw.hosts.flatMap((host) => {
      const sample = host.samples.at(-1);
      return sample === undefined ? [] : [sample.monotonicMicros + (offsets.get(host.host) ?? 0)];
    }),
  );
  const last = points.at(-1);
  if (lastSample !== null && secondsAfter(lastSample, rampWindow) > (last?.[0] ?? 0)) {
    points.push([secondsAfter(lastSample, rampWindow), connections.open]);
  }
  return downsample(heldUntilChanged([[0, 0], ...points.filter(([seconds]) => seconds > 0)]));
}

/** Load processes tell once a second what is open, if it has changed: a line from change to change would slope where all was held. */
function heldUntilChanged(points: readonly [number, number][]): [number, number][] {
  return points.flatMap(([seconds, open], index) => {
    const [since, held] = points[index - 1] ?? [seconds, open];
    return seconds - since > 2
      ? [
          [seconds - 1, held],
          [seconds, open],
        ]
      : [[seconds, open]];
  });
}

function serverCpuSeries(time: ProcessorTime, { rampWindow }: ConnectionsMerged): [number, number][] {
  if (rampWindow === null) return [];
  return downsample(
    processorsInUse(time).map(([micros, processors]) => [
      secondsAfter(micros, rampWindow),
      Math.round(processors * 1000) / 1000,
    ]),
  );
}

/** Seconds since a window began, to the millisecond. */
function secondsAfter(micros: number, window: { readonly beganMicros: number }): number {
  return Math.round((micros - window.beganMicros) / 1000) / 1000;
}
