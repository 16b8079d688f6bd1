import type { RawHost } from './raw-run.ts';

/** The sampler begins right after the facts were written: samples that begin at another time than this, milliseconds, are of another run. */
const samplesWithinMillis = 60_000;

/** What the raw files of a measurement are held against. */
export interface Belonging {
  /** The hosts of the lab; null where that is not known. */
  readonly hosts: readonly string[] | null;
  /** The execution whose raw files these are; null where that is not known. */
  readonly executionId: string | null;
}

/**
 * Leaves out what does not belong to a measurement, and names it among the problems: a host that the lab does not have, a folder or file
 * that was copied from another host, process or run. Counted, it would be counted twice.
 */
export function refuseForeign(
  hosts: readonly RawHost[],
  belonging: Belonging,
): { readonly hosts: readonly RawHost[]; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const kept = hosts.flatMap((host) => {
    const why = whyForeign(host, belonging);
    if (why === null) return [withoutForeignFiles(host, belonging)];
    problems.push(`host ${host.host} is left out: ${why}`);
    return [];
  });
  return { hosts: kept, problems };
}

function whyForeign({ host, facts }: RawHost, { hosts, executionId }: Belonging): string | null {
  if (hosts !== null && !hosts.includes(host)) return 'the lab has no host of that name';
  if (facts === null) return null;
  if (facts.host !== host) return `its facts.json was written on ${facts.host}`;
  return isOfAnotherRun(facts.run, executionId) ? 'its facts.json is of another run' : null;
}

function withoutForeignFiles(host: RawHost, { executionId }: Belonging): RawHost {
  const problems = [...host.problems];
  const loadProcesses = host.loadProcesses.filter((raw) => {
    const why =
      raw.host !== host.host
        ? `was written on ${raw.host}`
        : isOfAnotherRun(raw.run, executionId)
          ? 'is of another run'
          : null;
    if (why !== null) problems.push(`${host.host}/loadgen-${raw.process}.json is left out: it ${why}`);
    return why === null;
  });
  const [first] = host.samples;
  const isForeign =
    first !== undefined &&
    host.facts !== null &&
    Math.abs(first.unixMillis - host.facts.unixMillis) > samplesWithinMillis;
  if (isForeign)
    problems.push(`${host.host}/samples.jsonl is left out: its samples are of another time than facts.json`);
  return { ...host, loadProcesses, samples: isForeign ? [] : host.samples, problems };
}

function isOfAnotherRun(run: string | undefined, executionId: string | null): boolean {
  return run !== undefined && executionId !== null && run !== executionId;
}
