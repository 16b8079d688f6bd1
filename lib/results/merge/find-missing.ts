import { memberProcesses } from './merge-connections.ts';
import type { RawHost, RawMeasurement } from '../raw/raw-run.ts';
import type { RunParameters, RunRecord } from '../schema/run-record.ts';

/** The least part of the time between first and last sample that samples must cover, at one a second. */
const leastSampleShare = 0.5;

/** A time without samples that is longer than this is a time without eyes: a machine that is busy is late by less. */
const blindMillisMost = 10_000;

/**
 * Samples go on while Collect begins; a last one that is older than this was not followed by the next. One that is younger may just be late,
 * where the machine is busy: that a sampler is stopped then is what Collect says.
 */
const lastSampleMillis = 3000;

/** What a measurement lacks, as sentences: hosts, files, processes, steps, and parts that were cut short. Empty when it is complete. */
export function findMissing(raw: RawMeasurement, { parameters, lab, where }: RunRecord): string[] {
  const missing = [...raw.problems];
  if (raw.record.status !== 'succeeded') {
    missing.push(
      `the measurement ${statusPhrase[raw.record.status]}${raw.record.reason === null ? '' : `: ${inOneLine(raw.record.reason)}`}`,
    );
  }
  missing.push(...missingSteps(raw.record.steps, raw.record.reason));
  // Where nothing was ever uploaded, the reason above says it all.
  if (raw.record.status === 'failed' && raw.hosts.length === 0) return missing;
  const collectBegan = raw.record.steps.find(({ name }) => name === 'collect')?.beganUnixMillis ?? null;
  const loadHosts = Array.from({ length: lab.load.hosts }, (_, index) => `load-${index + 1}`);
  // A server at a URL is nobody's host.
  for (const name of where === 'url' ? loadHosts : ['server', ...loadHosts]) {
    const host = raw.hosts.find((candidate) => candidate.host === name);
    if (host === undefined) missing.push(`host ${name} left no files`);
    else {
      missing.push(...host.problems, ...missingSamples(host, collectBegan));
      missing.push(...missingOfHost(host, name === 'server' ? 'server' : 'load', parameters));
    }
  }
  return missing;
}

/** Steps that failed beside the one that is the reason, and in one sentence those that never ran. */
function missingSteps(steps: RawMeasurement['record']['steps'], reason: string | null): readonly string[] {
  const failed = steps.filter(({ status, failure }) => !['Success', 'Pending'].includes(status) && failure !== null);
  const unlike = failed.filter(({ name, failure }) => reason !== `${name}: ${failure ?? ''}`);
  // What is measured has been collected when Stop begins.
  const cut = steps.filter(
    ({ name, status, failure }) => name !== 'stop' && !['Success', 'Pending'].includes(status) && failure === null,
  );
  const pending = steps.filter(({ status }) => status === 'Pending').map(({ name }) => name);
  return [
    ...unlike.map(({ name, status, failure }) => `step ${name}: ${status}, ${inOneLine(failure ?? '')}`),
    ...cut.map(({ name, status }) => `step ${name}: ${status}`),
    ...(pending.length > 0 ? [`never ran: ${pending.join(', ')}`] : []),
  ];
}

/** What a host printed, with its lines told apart where they run on. */
function inOneLine(text: string): string {
  return text.split('\n').join(' | ');
}

const statusPhrase = {
  running: 'was cut off: its record was never finished',
  failed: 'failed',
  cancelled: 'was cancelled',
  skipped: 'was skipped',
  succeeded: 'succeeded',
} as const;

/** Times in which nobody looked at a host: its walls could not be seen. */
function missingSamples(host: RawHost, collectBegan: number | null): readonly string[] {
  const [first, last] = [host.samples[0], host.samples.at(-1)];
  if (first === undefined || last === undefined) return [`${host.host}: no samples`];
  const missing: string[] = [];
  const seconds = (last.monotonicMicros - first.monotonicMicros) / 1e6;
  if (host.samples.length - 1 < seconds * leastSampleShare) {
    missing.push(`${host.host}: only ${host.samples.length} samples in ${Math.round(seconds)} s`);
  }
  const longest = host.samples.reduce((most, { monotonicMicros }, index) => {
    const before = host.samples[index - 1]?.monotonicMicros ?? monotonicMicros;
    return Math.max(most, (monotonicMicros - before) / 1000);
  }, 0);
  if (longest > blindMillisMost) {
    missing.push(`${host.host}: no sample for ${Math.round(longest / 1000)} s: the sampler stood still`);
  }
  const sampler = host.unitEnds.find(({ unit }) => unit === 'c1m-sample');
  const lateMillis = collectBegan === null ? 0 : collectBegan - last.unixMillis;
  if (host.unitEnds.length > 0 && sampler?.activeState !== 'active') {
    missing.push(`${host.host}: the sampler ended before the measurement did`);
  } else if (lateMillis > lastSampleMillis) {
    missing.push(`${host.host}: no sample in the last ${Math.round(lateMillis / 1000)} s: the sampler stood still`);
  }
  return missing;
}

function missingOfHost(host: RawHost, role: 'server' | 'load', parameters: RunParameters): readonly string[] {
  const missing: string[] = [];
  if (host.facts === null) missing.push(`${host.host}: no facts.json`);
  if (role === 'server') {
    if (host.serverStart === null) missing.push(`${host.host}: no server.json`);
    else if (host.serverStart.processes.length < (parameters.serverProcesses ?? 0)) {
      missing.push(
        `${host.host}: ${host.serverStart.processes.length} of ${parameters.serverProcesses ?? 0} server processes started`,
      );
    }
    return missing;
  }
  const expected = Math.max(parameters.loadProcesses, host.loadStatus?.processes ?? 0);
  const left = memberProcesses(host, expected).length;
  if (left < expected) {
    missing.push(`${host.host}: ${left} of ${expected} load processes left a file`);
  }
  if (host.loadStatus?.phase === 'failed')
    missing.push(`${host.host}: ${host.loadStatus.reason ?? 'a load process died'}`);
  return missing;
}
