import type { BroadcastArrivalsRaw } from '../../../assets/loadgen/phases/broadcast-log.ts';
import type { PhaseRaw } from '../../../assets/loadgen/phases/rooms.ts';
import type { LoadCounts, LoadProcessRaw, LoadStatus } from '../../../assets/loadgen/raw.ts';
import { seededRandom } from '../seeded-random.ts';
import { encoded } from '../statistics/histograms.ts';
import {
  requested,
  clockBaseMicros,
  phases,
  rampBeginsSeconds,
  serverProcessesOf,
  serverUnitNames,
  type SyntheticMeasurement,
} from './timetable.ts';

/** Members of one load process: an even share, the first processes taking what is left over. */
function share({ parameters }: SyntheticMeasurement, host: number, index: number): number {
  const processes = 2 * parameters.loadProcesses;
  const place = host * parameters.loadProcesses + index;
  return Math.floor(parameters.connections / processes) + (place < parameters.connections % processes ? 1 : 0);
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

export function loadProcess(input: SyntheticMeasurement, host: number, index: number): LoadProcessRaw {
  const { parameters, shape } = input;
  const { rampEnds, echoEnds } = phases(input);
  const members = share(input, host, index);
  const random = seededRandom(input.seed * 97 + host * 13 + index);
  const clock = clockBaseMicros(input, host + 1);
  const { echo, broadcast } = requested(input);
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
  const { times, intervalSeconds } = requested(input).broadcast;
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
export function publisher(input: SyntheticMeasurement, host: number): LoadProcessRaw {
  const { parameters, shape } = input;
  const { echoEnds } = phases(input);
  const clock = clockBaseMicros(input, host + 1);
  const { broadcast } = requested(input);
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
            members: Math.floor(parameters.connections / serverProcessesOf(input)),
            failed: 0,
            elapsedMicros: Math.round((parameters.connections * shape.micros) / serverProcessesOf(input)),
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

export function loadStatus(input: SyntheticMeasurement, processes: readonly LoadProcessRaw[]): LoadStatus {
  const members = processes.reduce((total, process) => total + process.counts.wanted, 0);
  return {
    unixMillis: input.beganUnixMillis + phases(input).ends * 1000,
    phase: 'holding',
    counts: counts(members),
    connectionsPerSecond: 0,
    processes: processes.length - 1,
    broadcastMessages: members * requested(input).broadcast.times,
    driving: null,
  };
}
