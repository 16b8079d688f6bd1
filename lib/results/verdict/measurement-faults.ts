import type { RawHost } from '../raw/raw-run.ts';
import type { MeasurementFault } from '../schema/verdict.ts';
import { samplerShare } from '../statistics/processor-time.ts';
import { growth, type Evidence } from './evidence.ts';
import { samplerShareMost, stolenShareMost } from './thresholds.ts';

/** What was wrong with the measuring itself: no wall that connections ran into. */
export function measurementFaults(evidence: Evidence): readonly MeasurementFault[] {
  const { hosts } = evidence.raw;
  // Hosts on one machine see the same processors.
  const machines = evidence.hostsShareOneMachine ? hosts.slice(0, 1) : hosts;
  return [
    ...hosts.flatMap((host) => [...untuned(evidence, host), ...samplerCost(host)]),
    ...machines.flatMap((host) => stolen(evidence, host)),
  ];
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

function stolen({ hostsShareOneMachine }: Evidence, host: RawHost): readonly MeasurementFault[] {
  const all = growth(host, ({ cpu }) => cpu.busySeconds + cpu.idleSeconds);
  const share = all === 0 ? 0 : growth(host, ({ cpu }) => cpu.stolenSeconds ?? 0) / all;
  if (share <= stolenShareMost) return [];
  return [
    {
      fault: 'stolenProcessors',
      effect: 'noted',
      host: hostsShareOneMachine ? null : host.host,
      evidence: `the hypervisor kept ${(100 * share).toFixed(1)} % of the processors' time for other machines: what ran meanwhile was late without knowing it`,
    },
  ];
}
