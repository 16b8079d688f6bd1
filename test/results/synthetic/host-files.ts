import type { HostFacts, HostSample, ServerStart } from '../../../assets/host/raw.ts';
import { seededRandom } from '../seeded-random.ts';
import {
  requested,
  clockBaseMicros,
  phases,
  rampBeginsSeconds,
  serverProcessesOf,
  serverUnitNames,
  type SyntheticMeasurement,
} from './timetable.ts';

/** Kernel bytes a pair of sockets, both ends on one machine. */
export const kernelBytesPerPair = 6_200;

function openAt({ parameters }: SyntheticMeasurement, seconds: number): number {
  return Math.min(
    parameters.connections,
    Math.max(0, Math.floor((seconds - rampBeginsSeconds) * parameters.connectRate)),
  );
}

export function hostSamples(input: SyntheticMeasurement, host: string, hostIndex: number): readonly HostSample[] {
  const { ends, echoEnds } = phases(input);
  const { broadcast } = requested(input);
  const random = seededRandom(input.seed * 31 + hostIndex);
  const base = clockBaseMicros(input, hostIndex);
  const server = host === 'server';
  const units = server ? serverUnitNames(input) : ['c1m-loadgen'];
  return Array.from({ length: Math.floor(ends) + 1 }, (_, second): HostSample => {
    const open = openAt(input, second);
    const driven = Math.max(0, Math.min(second - echoEnds, broadcast.times * broadcast.intervalSeconds));
    const used = (open * input.shape.cpuMicros) / 1e6 + driven * 0.05 + second * 0.002;
    const anonymous = input.shape.baseBytes + open * input.shape.bytesPerConnection + random() * 200_000;
    const running = server ? second >= 1 : second >= rampBeginsSeconds;
    return {
      unixMillis: input.beganUnixMillis + second * 1000,
      monotonicMicros: base + second * 1_000_000,
      cpu: { busySeconds: 1000 + used * 2, softirqSeconds: 10 + used / 4, idleSeconds: 9000 + second * 2 - used * 2 },
      memory: {
        availableBytes: 20e9 - open * 12_000,
        slabUnreclaimableBytes: 300e6 + open * (kernelBytesPerPair - 200) + Math.round(random() * 100_000),
        slabReclaimableBytes: 200e6,
        swapUsedBytes: 0,
        oomKills: 0,
      },
      files: { open: 900 + open * 2, most: 2_466_170 },
      sockets: {
        tcpInUse: server ? open + serverProcessesOf(input) : Math.round(open / 2),
        orphans: 0,
        timeWait: 0,
        bufferBytes: open * 200,
        listenQueue: server ? 3 : null,
      },
      network: {
        receivedBytes: open * 600,
        sentBytes: open * 600,
        receivedPackets: open * 6,
        sentPackets: open * 6,
        dropped: 0,
        backlogDropped: 0,
        allowanceExceeded: null,
      },
      tcp: {
        listenOverflows: 0,
        listenDrops: 0,
        retransmittedSegments: 0,
        retransmittedSyns: 0,
        retransmittedInVain: 0,
        resetsSent: 0,
        receiveQueueDrops: 0,
        memoryPressures: 0,
        abortedForMemory: 0,
      },
      conntrackEntries: 0,
      conntrackMost: 262_144,
      conntrackDrops: 0,
      addresses: server ? 1 : 11,
      units: running
        ? Object.fromEntries(
            units.map((unit, index) => [
              unit,
              {
                pid: 100 + index,
                rssBytes: Math.round(anonymous / units.length + 40e6),
                anonymousBytes: Math.round(anonymous / units.length),
                cpuSeconds: used / units.length,
                openFiles: 30 + Math.round(open / units.length),
                openFilesLimit: 20_000,
                stopped: false,
                runnableSeconds: used / units.length,
              },
            ]),
          )
        : {},
      samplerSeconds: second * 0.002,
    };
  });
}

export function facts(input: SyntheticMeasurement, host: string, role: 'server' | 'load'): HostFacts {
  return {
    schema: 1,
    host,
    role,
    unixMillis: input.beganUnixMillis - 1000,
    kernel: '6.12.0-synthetic',
    osRelease: 'Synthetic Linux 1',
    cpuModel: 'Synthetic CPU @ 3 GHz',
    cpus: 2,
    memoryBytes: 24e9,
    openFilesLimit: 20_000,
    fileMax: 2_466_170,
    addresses: role === 'server' ? ['10.42.16.10'] : Array.from({ length: 11 }, (_, n) => `10.42.17.${10 + n}`),
    sysctls: [
      { key: 'net.core.somaxconn', operator: 'atleast', wanted: '65535', actual: '65535', ok: true },
      { key: 'net.ipv4.ip_local_port_range', operator: 'set', wanted: '1024 65535', actual: '1024 65535', ok: true },
    ],
    warnings: [],
    versions: { node: 'v24.21.0', java: 'openjdk 25' },
    clockSource: 'tsc',
    instance: null,
  };
}

export function serverStart(input: SyntheticMeasurement): ServerStart {
  return {
    schema: 1,
    server: input.server,
    memoryPreset: input.parameters.memoryPreset ?? 'small',
    flags: '-Xmx48m',
    processes: serverUnitNames(input).map((unit, index) => ({
      unit,
      port: 8088 + index,
      pid: 100 + index,
      startMillis: 700 + index,
      version: '1.0',
    })),
  };
}
