import { serverUnitPrefix, type HostSample } from '../../../assets/host/raw.ts';
import type { RawHost, RawMeasurement } from '../raw/raw-run.ts';
import { sum } from './numbers.ts';

/** Memory of the server processes alone in a sample, bytes. */
export function serverBytes(sample: HostSample): number {
  return sum(serverUnits(sample).map((unit) => unit.anonymousBytes));
}

/** Memory of the kernel for sockets in a sample, bytes: it cannot be told by process, so it is the machine's. */
export function kernelBytes(sample: HostSample): number {
  return sample.memory.slabUnreclaimableBytes + sample.sockets.bufferBytes;
}

/** The server processes of a sample. */
export function serverUnits(sample: HostSample): readonly HostSample['units'][string][] {
  return Object.entries(sample.units).flatMap(([name, unit]) => (name.startsWith(serverUnitPrefix) ? [unit] : []));
}

/** The server's host of a measurement; undefined when it left no files. */
export function serverHost({ hosts }: RawMeasurement): RawHost | undefined {
  return hosts.find((host) => host.host === 'server' || host.facts?.role === 'server');
}
