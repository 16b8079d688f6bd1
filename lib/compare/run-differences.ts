import { formatPhase } from '../../assets/loadgen/workload/parse-text.ts';
import { wholeNumber, withUnit } from '../text/units.ts';
import type { RunResult } from '../results/schema/run-result.ts';

/** Memory of two machines that is alike: a kernel keeps a little more or less of the same memory for itself. */
const memoryTolerance = 0.02;

/** What must be alike before figures of two runs may be set side by side, each as a text. */
const conditions: readonly { readonly name: string; readonly of: (run: RunResult) => string }[] = [
  { name: 'workload', of: ({ parameters }) => parameters.workload.map(formatPhase).join(', ') },
  { name: 'connections', of: ({ parameters }) => wholeNumber(parameters.connections) },
  { name: 'connect rate', of: ({ parameters }) => `${wholeNumber(parameters.connectRate)}/s` },
  { name: 'memory preset', of: ({ parameters }) => parameters.memoryPreset ?? 'not known' },
  { name: 'TLS', of: ({ parameters }) => (parameters.tls ? 'yes' : 'no') },
  { name: 'compression', of: ({ parameters }) => (parameters.deflate ? 'yes' : 'no') },
  { name: 'load hosts', of: ({ lab }) => String(lab.load.hosts) },
  {
    name: 'place',
    of: ({ where, hostsShareOneMachine }) => (where !== 'url' && hostsShareOneMachine ? 'one machine' : where),
  },
  { name: 'options of connections', of: ({ target }) => (target === null ? [] : target.options).join(' ') || 'none' },
  { name: 'processors', of: ({ hosts }) => hosts.map(({ cpus, cpuModel }) => `${cpus} x ${cpuModel}`).join(', ') },
  { name: 'kernel', of: ({ hosts }) => [...new Set(hosts.map(({ kernel }) => kernelVersion(kernel)))].join(', ') },
];

/** 6.18.44 of 6.18.44-build-7: the version. What follows its hyphen counts builds, which a distribution makes anew for every small mend. */
function kernelVersion(release: string): string {
  return release.split('-', 1).join('');
}

/**
 * Why the figures of two runs do not compare, as sentences; empty when the runs are alike. `except` names a condition that may differ:
 * the one whose cost is asked for.
 */
export function runDifferences(first: RunResult, other: RunResult, except?: 'TLS'): readonly string[] {
  const differences = conditions.flatMap(({ name, of }) => {
    const [here, there] = [of(first), of(other)];
    return here === there || name === except ? [] : [`${name}: ${here} in ${first.runId}, ${there} in ${other.runId}`];
  });
  return [...differences, ...memoryDifferences(first, other), ...tuningDifferences(first, other)];
}

function memoryDifferences(first: RunResult, other: RunResult): readonly string[] {
  return first.hosts.flatMap(({ host, memoryBytes }) => {
    const there = other.hosts.find((candidate) => candidate.host === host);
    if (there === undefined || Math.abs(there.memoryBytes - memoryBytes) <= memoryBytes * memoryTolerance) return [];
    return [`memory of ${host}: ${withUnit('bytes', memoryBytes)} and ${withUnit('bytes', there.memoryBytes)}`];
  });
}

function tuningDifferences(first: RunResult, other: RunResult): readonly string[] {
  return first.hosts.flatMap(({ host, sysctls }) => {
    const there = other.hosts.find((candidate) => candidate.host === host);
    return sysctls.flatMap(({ key, actual }) => {
      const value = there?.sysctls.find((candidate) => candidate.key === key)?.actual;
      return value === undefined || value === actual
        ? []
        : [`tuning of ${host}, ${key}: ${actual ?? 'not there'} and ${value ?? 'not there'}`];
    });
  });
}
