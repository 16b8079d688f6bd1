import { phasesOfKind, type PhaseOf } from '../../../assets/loadgen/workload/phase-kinds.ts';
import type { RunParameters } from '../../../lib/results/schema/run-record.ts';

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

/** Seconds on a host's clock at which the ramp begins, after its first sample. */
export const rampBeginsSeconds = 3;

/** The monotonic clock of a host: on one machine the same for all. */
export function clockBaseMicros(input: SyntheticMeasurement, hostIndex: number): number {
  return input.hostsShareOneMachine ? 5_000_000_000 : 5_000_000_000 + hostIndex * 777_000_000;
}

/** The echoes and broadcasts that were asked for; as good as none where there are none. */
export function requested({ parameters: { workload } }: SyntheticMeasurement): {
  readonly echo: Omit<PhaseOf<'echo'>, 'kind' | 'bytes'>;
  readonly broadcast: Omit<PhaseOf<'broadcast'>, 'kind' | 'bytes'>;
} {
  return {
    echo: phasesOfKind(workload, 'echo')[0] ?? { ratePerSecond: 0, seconds: 0 },
    broadcast: phasesOfKind(workload, 'broadcast')[0] ?? { times: 0, intervalSeconds: 1 },
  };
}

/** Seconds after the first sample at which the phases of a measurement end. */
export function phases(input: SyntheticMeasurement) {
  const { echo, broadcast } = requested(input);
  const rampEnds = rampBeginsSeconds + input.parameters.connections / input.parameters.connectRate;
  const echoEnds = rampEnds + echo.seconds;
  const ends = echoEnds + broadcast.times * broadcast.intervalSeconds + 3;
  return { rampEnds, echoEnds, ends };
}

/** Processes of the server; one where that is not known, as of a server at a URL. */
export const serverProcessesOf = ({ parameters }: SyntheticMeasurement): number => parameters.serverProcesses ?? 1;

export function serverUnitNames(input: SyntheticMeasurement): readonly string[] {
  return Array.from({ length: serverProcessesOf(input) }, (_, index) => `c1m-server-${index + 1}`);
}
