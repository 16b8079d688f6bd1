import type { HostFacts, HostSample, ServerStart } from '../../assets/host/raw.ts';
import type { BroadcastArrivalsRaw } from '../../assets/loadgen/phases/broadcast-log.ts';
import type { PhaseRaw } from '../../assets/loadgen/phases/rooms.ts';
import type { LoadCounts, LoadProcessRaw, LoadStatus } from '../../assets/loadgen/raw.ts';
import { phasesOfKind, type PhaseOf } from '../../assets/loadgen/workload/phase-kinds.ts';
import type { MeasurementRecordInput } from '../../lib/results/schema/measurement-record.ts';
import type { RunParameters } from '../../lib/results/schema/run-record.ts';
import { encoded } from './statistics/histograms.ts';
import { seededRandom } from './seeded-random.ts';

/** How a synthetic server behaves. */
export interface ServerShape {
  readonly title: string;
  readonly language: string;
  readonly bytesPerConnection: number;
  readonly baseBytes: number;
  /** Microseconds between two sends of a broadcast. */
  readonly micros: number;
  /** Processor microseconds a connection in the ramp. */
  readonly cpuMicros: number;
}

/** What a synthetic measurement is made of. */
export interface SyntheticMeasurement {
  readonly server: string;
  readonly measurement: string;
  readonly repeat: number;
  readonly shape: ServerShape;
  readonly seed: number;
  readonly beganUnixMillis: number;
  readonly parameters: RunParameters;
  readonly hostsShareOneMachine: boolean;
}

/** Kernel bytes a pair of sockets, both ends on one machine. */
export const kernelBytesPerPair = 6_200;

/** Seconds on a host's clock at which the ramp begins, after its first sample. */
const rampBeginsSeconds = 3;

/** The monotonic clock of a host: on one machine the same for all. */
function clockBaseMicros(input: SyntheticMeasurement, hostIndex: number): number {
  return input.hostsShareOneMachine ? 5_000_000_000 : 5_000_000_000 + hostIndex * 777_000_000;
}

/** The echoes and broadcasts that were asked for; as good as none where there are none. */
function asked({ parameters: { workload } }: SyntheticMeasurement): {
  readonly echo: Omit<PhaseOf<'echo'>, 'kind' | 'bytes'>;
  readonly broadcast: Omit<PhaseOf<'broadcast'>, 'kind' | 'bytes'>;
} {
  return {
    echo: phasesOfKind(workload, 'echo')[0] ?? { ratePerSecond: 0, seconds: 0 },
    broadcast: phasesOfKind(workload, 'broadcast')[0] ?? { times: 0, intervalSeconds: 1 },
  };
}

/** Seconds after the first sample at which the phases of a measurement end. */
function phases(input: SyntheticMeasurement) {
  const { echo, broadcast } = asked(input);
  const rampEnds = rampBeginsSeconds + input.parameters.connections / input.parameters.connectRate;
  const echoEnds = rampEnds + echo.seconds;
  const ends = echoEnds + broadcast.times * broadcast.intervalSeconds + 3;
  return { rampEnds, echoEnds, ends };
}

/** The raw files of one measurement by path below `raw/<measurement>/`. */
export function measurementFiles(input: SyntheticMeasurement): Record<string, string> {
  const { ends } = phases(input);
  const steps = ['buildServer', 'buildLoad', 'prepare', 'start', 'ramp', 'drive', 'collect', 'stop'];
  const record: MeasurementRecordInput = {
    schema: 1,
    measurement: input.measurement,
    server: input.server,
    repeat: input.repeat,
    status: 'succeeded',
    executionId: `00000000-0000-4000-8000-${String(input.seed).padStart(12, '0')}`,
    beganUnixMillis: input.beganUnixMillis,
    endedUnixMillis: Math.round(input.beganUnixMillis + ends * 1000 + 2000),
    steps: steps.map((name) => ({ name, status: 'Success' })),
  };
  const files: Record<string, string> = {
    'measurement.json': JSON.stringify(record),
    'server/facts.json': JSON.stringify(facts(input, 'server', 'server')),
    'server/samples.jsonl': lines(hostSamples(input, 'server', 0)),
    'server/server.json': JSON.stringify(serverStart(input)),
    'server/units.txt': ['c1m-sample', ...serverUnitNames(input)]
      .map((unit) => `${unit} ActiveState=active Result=success ExecMainStatus=0\n`)
      .join(''),
    'server/server-1.out': '{"event":"listening","port":8088,"server":"x","version":"1.0"}\n',
  };
  for (let host = 0; host < 2; host += 1) {
    const name = `load-${host + 1}`;
    files[`${name}/facts.json`] = JSON.stringify(facts(input, name, 'load'));
    files[`${name}/samples.jsonl`] = lines(hostSamples(input, name, host + 1));
    files[`${name}/units.txt`] = ['c1m-sample', 'c1m-loadgen']
      .map((unit) => `${unit} ActiveState=active Result=success ExecMainStatus=0\n`)
      .join('');
    const processes = Array.from({ length: input.parameters.loadProcesses }, (_, index) =>
      loadProcess(input, host, index),
    );
    processes.push(publisher(input, host));
    for (const process of processes) files[`${name}/loadgen-${process.process}.json`] = JSON.stringify(process);
    files[`${name}/loadgen-status.json`] = JSON.stringify(loadStatus(input, processes));
  }
  return files;
}

function serverUnitNames({ parameters }: SyntheticMeasurement): readonly string[] {
  return Array.from({ length: parameters.serverProcesses }, (_, index) => `c1m-server-${index + 1}`);
}

/** Members of one load process: an even share, the first processes taking what is left over. */
function share({ parameters }: SyntheticMeasurement, host: number, index: number): number {
  const processes = 2 * parameters.loadProcesses;
  const place = host * parameters.loadProcesses + index;
  return Math.floor(parameters.connections / processes) + (place < parameters.connections % processes ? 1 : 0);
}

function openAt({ parameters }: SyntheticMeasurement, seconds: number): number {
  return Math.min(
    parameters.connections,
    Math.max(0, Math.floor((seconds - rampBeginsSeconds) * parameters.connectRate)),
  );
}

function hostSamples(input: SyntheticMeasurement, host: string, hostIndex: number): readonly HostSample[] {
  const { ends, echoEnds } = phases(input);
  const { broadcast } = asked(input);
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
        tcpInUse: server ? open + input.parameters.serverProcesses : Math.round(open / 2),
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

function facts(input: SyntheticMeasurement, host: string, role: 'server' | 'load'): HostFacts {
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

function serverStart(input: SyntheticMeasurement): ServerStart {
  return {
    schema: 1,
    server: input.server,
    memoryPreset: input.parameters.memoryPreset,
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

function counts(members: number): LoadCounts {
  return {
    wanted: members,
    open: members,
    established: members,
    attempts: members,
    connectFailures: {},
    abandoned: 0,
    lost: {},
  };
}

function loadProcess(input: SyntheticMeasurement, host: number, index: number): LoadProcessRaw {
  const { parameters, shape } = input;
  const { rampEnds, echoEnds } = phases(input);
  const members = share(input, host, index);
  const random = seededRandom(input.seed * 97 + host * 13 + index);
  const clock = clockBaseMicros(input, host + 1);
  const { echo, broadcast } = asked(input);
  const owners = Math.min(2, broadcast.times);
  const broadcasts = Array.from({ length: broadcast.times }, (_, seq): BroadcastArrivalsRaw => {
    const due = clock + (echoEnds + seq * broadcast.intervalSeconds) * 1e6;
    // The server goes through all members; this process' members lie spread over its round.
    const latencies = Array.from(
      { length: members },
      () => 400 + random() * parameters.connections * shape.micros + (random() < 0.01 ? random() * 20_000 : 0),
    );
    return {
      seq,
      members,
      received: members,
      duplicates: 0,
      outOfOrder: 0,
      firstArrivalMicros: Math.round(due + latencies.reduce((a, b) => Math.min(a, b), Infinity)),
      lastArrivalMicros: Math.round(due + latencies.reduce((a, b) => Math.max(a, b), 0)),
      latency: seq % owners === host ? encoded(latencies) : null,
    };
  });
  const echoes = Math.floor((echo.ratePerSecond * echo.seconds) / (2 * parameters.loadProcesses));
  const rampSeconds = Math.ceil(rampEnds - rampBeginsSeconds);
  return {
    schema: 2,
    host: `load-${host + 1}`,
    process: index,
    pid: 1000 + index,
    counts: counts(members),
    ramp: {
      beganMicros: clock + rampBeginsSeconds * 1e6,
      endedMicros: Math.round(clock + rampEnds * 1e6),
      connectLatency: encoded(Array.from({ length: Math.min(members, 200) }, () => 300 + random() * 900)),
      openOverTime: Array.from(
        { length: rampSeconds + 1 },
        (_, second) =>
          [
            clock + (rampBeginsSeconds + second) * 1e6,
            second >= rampSeconds ? members : Math.floor((members * second) / rampSeconds),
          ] as const,
      ),
    },
    phases: phasesRaw(input, clock, {
      echo: {
        sent: echoes,
        received: echoes,
        wrong: 0,
        notSent: 0,
        latency: encoded(Array.from({ length: echoes }, () => 150 + random() * 250 + (random() < 0.02 ? 3_000 : 0))),
      },
      broadcast: { broadcasts, publications: [] },
    }),
    strays: [],
    loop: {
      turn: encoded(Array.from({ length: 300 }, () => 20 + random() * 200)),
      lateness: encoded(Array.from({ length: 300 }, () => 5 + random() * 100)),
    },
    cpuSeconds: { user: members * 30e-6, system: members * 25e-6 },
    rssBytes: 58e6 + members * 300,
  };
}

/** The phases of a process: the first of each kind that it has something of. */
function phasesRaw(
  input: SyntheticMeasurement,
  clock: number,
  measured: { readonly echo?: object; readonly broadcast: object },
): readonly PhaseRaw[] {
  const { rampEnds, echoEnds } = phases(input);
  const { times, intervalSeconds } = asked(input).broadcast;
  // The last broadcast has arrived within a second.
  const span = {
    echo: [rampEnds, echoEnds],
    broadcast: [echoEnds, echoEnds + (times - 1) * intervalSeconds + 0.9],
  } as const;
  return input.parameters.workload.flatMap(({ kind }, place) => {
    const own = kind === 'echo' || kind === 'broadcast' ? measured[kind] : undefined;
    if (own === undefined || (kind !== 'echo' && kind !== 'broadcast')) return [];
    const [beganMicros, endedMicros] = span[kind].map((seconds) => Math.round(clock + seconds * 1e6));
    return [{ kind, place, beganMicros, endedMicros, maxTurnMicros: 900, maxLatenessMicros: 350, ...own } as PhaseRaw];
  });
}

/** The process that publishes: it has no members and no ramp. */
function publisher(input: SyntheticMeasurement, host: number): LoadProcessRaw {
  const { parameters, shape } = input;
  const { echoEnds } = phases(input);
  const clock = clockBaseMicros(input, host + 1);
  const { broadcast } = asked(input);
  const owners = Math.min(2, broadcast.times);
  const publications = Array.from({ length: broadcast.times }, (_, seq) => seq)
    .filter((seq) => seq % owners === host)
    .flatMap((seq) =>
      serverUnitNames(input).map((_, port) => {
        const dueMicros = Math.round(clock + (echoEnds + seq * broadcast.intervalSeconds) * 1e6);
        return {
          seq,
          port: 8088 + port,
          dueMicros,
          sentMicros: dueMicros + 40,
          answer: {
            members: Math.floor(parameters.connections / parameters.serverProcesses),
            failed: 0,
            elapsedMicros: Math.round((parameters.connections * shape.micros) / parameters.serverProcesses),
          },
        };
      }),
    );
  return {
    ...loadProcess(input, host, 0),
    process: parameters.loadProcesses,
    counts: { ...counts(0) },
    ramp: {
      beganMicros: Math.round(clock + (echoEnds - 1) * 1e6),
      endedMicros: null,
      connectLatency: encoded([]),
      openOverTime: [],
    },
    phases: phasesRaw(input, clock, { broadcast: { broadcasts: [], publications } }),
    cpuSeconds: { user: 0.01, system: 0.01 },
  };
}

function loadStatus(input: SyntheticMeasurement, processes: readonly LoadProcessRaw[]): LoadStatus {
  const members = processes.reduce((total, process) => total + process.counts.wanted, 0);
  return {
    unixMillis: input.beganUnixMillis + phases(input).ends * 1000,
    phase: 'holding',
    counts: counts(members),
    connectionsPerSecond: 0,
    processes: processes.length - 1,
    broadcastMessages: members * asked(input).broadcast.times,
    driving: null,
  };
}

function lines(samples: readonly HostSample[]): string {
  return samples.map((sample) => `${JSON.stringify(sample)}\n`).join('');
}
