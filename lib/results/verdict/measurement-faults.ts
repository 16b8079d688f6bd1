import type { RawHost } from '../raw/raw-run.ts';
import type { MeasurementFault } from '../schema/verdict.ts';
import { samplerShare } from '../statistics/processor-time.ts';
import type { Evidence } from './evidence.ts';
import { samplerShareMost } from './thresholds.ts';

/** What was wrong with the measuring itself: no wall that connections ran into. */
export function measurementFaults(evidence: Evidence): readonly MeasurementFault[] {
  return evidence.raw.hosts.flatMap((host) => [...untuned(evidence, host), ...samplerCost(host)]);
}

function untuned({ hostsShareOneMachine }: Evidence, host: RawHost): readonly MeasurementFault[] {
  const wrong = host.facts?.sysctls.filter(({ ok }) => !ok) ?? [];
  const refused = wrong.filter(({ actual }) => actual !== null);
  // What a namespace cannot see or may not change belongs to the whole machine; a machine of its own must have it.
  const grave = !hostsShareOneMachine && wrong.length > 0;
  if (!grave && refused.length === 0) return [];
  const list = (grave ? wrong : refused).map(
    ({ key, wanted, actual }) => `${key} should be ${wanted}, is ${actual ?? 'not visible'}`,
  );
  return [
    {
      fault: 'untunedHost',
      effect: grave ? 'invalidates' : 'noted',
      host: host.host,
      evidence: grave ? list.join('; ') : `${list.join('; ')} (machine-wide, and not the lab's to change here)`,
    },
  ];
}

function samplerCost(host: RawHost): readonly MeasurementFault[] {
  const share = samplerShare(host);
  if (share === null || share <= samplerShareMost) return [];
  return [
    {
      fault: 'samplerCost',
      effect: 'noted',
      host: host.host,
      evidence: `sampling took ${(100 * share).toFixed(1)} % of a processor`,
    },
  ];
}
