import type { MeasurementRecord } from '../schema/measurement-record.ts';
import type { MeasurementFault, Verdict, Wall } from '../schema/verdict.ts';
import { connectionWalls } from './connection-walls.ts';
import type { Evidence } from './evidence.ts';
import { generatorWalls } from './generator-walls.ts';
import { hostWalls } from './host-walls.ts';
import { measurementFaults } from './measurement-faults.ts';
import { processorWalls } from './processor-walls.ts';
import { processWalls } from './process-walls.ts';
import { symptoms } from './symptoms.ts';

const gravity: readonly Wall['effect'][] = ['invalidates', 'stopped', 'slowed', 'noted'];

/**
 * The verdict on a measurement: valid unless the lab itself was at fault, reached when all connections wanted were open at one time, and
 * the walls that the evidence shows, the gravest first.
 */
export function judge(evidence: Evidence): Verdict {
  const { reached, result } = evidence;
  const { wanted, peak, established } = result.connections;
  const causes = [
    ...processWalls(evidence),
    ...connectionWalls(evidence),
    ...generatorWalls(evidence),
    ...hostWalls(evidence),
    ...processorWalls(evidence),
  ];
  // What explains why attempts failed need not be told again by how they did.
  const explained = causes.some(
    ({ wall, effect }) => effect === 'stopped' || wall === 'addressesLost' || wall === 'loadProcessDied',
  );
  const walls = gravestFirst([...causes, ...(explained ? [] : symptoms(evidence))]);
  const faults = gravestFirst(measurementFaults(evidence));
  const spoiling = [...walls, ...faults].filter(({ effect }) => effect === 'invalidates');
  const nothingMeasured = established === 0;
  const reasons = spoiling.map((wall) => `invalid: ${sentence(wall)}`);
  const neverBegan = nothingMeasured && failedBeforeRamp(evidence.raw.record);
  if (neverBegan) reasons.push('failed before a connection was tried');
  else if (nothingMeasured) reasons.push('invalid: no connection was ever established, so there is nothing to judge');
  if (!reached && !neverBegan) {
    // A wall of the lab itself has been told above; it may be the whole explanation.
    const stopping = walls.find(({ effect }) => effect === 'stopped') ?? spoiling[0];
    reasons.push(
      `stopped at ${peak} of ${wanted} connections: ${stopping === undefined ? 'no wall was found in the evidence' : sentence(stopping)}`,
    );
  }
  // A server that died once all was open is no failure to reach, but what came after it is not the server's.
  const died = walls.find(({ wall }) => wall === 'serverDied');
  if (reached && died !== undefined) reasons.push(`the server died: ${sentence(died)}`);
  reasons.push(...result.missing.map((what) => `incomplete: ${what}`));
  return {
    valid: spoiling.length === 0 && !nothingMeasured,
    reached,
    stoppedAt: reached ? null : peak,
    complete: result.missing.length === 0 && died === undefined,
    walls,
    measurementFaults: faults,
    reasons,
  };
}

/** Whether a measurement failed before its load hosts began to open connections: built or started badly, it says nothing of holding them. */
export function failedBeforeRamp({ status, steps }: Pick<MeasurementRecord, 'status' | 'steps'>): boolean {
  return status === 'failed' && steps.some((step) => step.name === 'ramp' && step.status === 'Pending');
}

function gravestFirst<T extends Pick<Wall, 'effect'>>(seen: readonly T[]): T[] {
  return seen.toSorted((a, b) => gravity.indexOf(a.effect) - gravity.indexOf(b.effect));
}

function sentence({ host, evidence }: Wall | MeasurementFault): string {
  return host === null ? evidence : `${host}: ${evidence}`;
}
