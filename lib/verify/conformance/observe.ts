import assert from 'node:assert/strict';
import { closingCases, controlCases } from './closing.ts';
import type { BuiltServer } from '../built-server.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { observedIn, type ConformanceTable } from './conformance-table.ts';
import { frameCases, textCases } from './frames.ts';
import { handshakeCases } from './handshake.ts';

/** What can be observed: a server that is being verified. */
interface Observable {
  observe(): Promise<Readonly<Record<string, string>>>;
}

/** Every conformance case, by theme. */
export const conformanceThemes: Readonly<Record<string, readonly ConformanceCase[]>> = {
  'Opening handshake': handshakeCases,
  Frames: frameCases,
  Text: textCases,
  Pings: controlCases,
  Closing: closingCases,
};

/** All of {@link conformanceThemes}. */
export const conformanceCases: readonly ConformanceCase[] = Object.values(conformanceThemes).flat();

/** The names of all conformance cases. */
export const conformanceNames: readonly string[] = conformanceCases.map(({ name }) => name);

/** How often a server is observed for its table: what depends on timing then shows as several observations. */
const recordings = 4;

/** An observation as one line: what the client did, what the server did, and what the standard asks for. */
export function describeObservation(name: string, observed: string): string {
  const { what, section, asks } =
    conformanceCases.find((known) => known.name === name) ?? assert.fail(`no case ${name}`);
  return `${name}: ${what}: ${observed} (${section} asks for: ${asks})`;
}

/** The table of a server, to be kept: what it did in each of several observations, where that is not just what the standard asks. */
export async function recordTable(server: BuiltServer, verification: Observable): Promise<ConformanceTable> {
  const { name, version } = server.description.framework;
  const recorded: Readonly<Record<string, string>>[] = [];
  while (recorded.length < recordings) recorded.push(await verification.observe());
  const observed = conformanceCases.flatMap(({ name: each, asks }) => {
    const whats = [...new Set(recorded.flatMap((one) => one[each] ?? []))].sort();
    return whats.join(' or ') === asks ? [] : [[each, whats] as const];
  });
  return { framework: `${name} ${version}`, observed: Object.fromEntries(observed) };
}

/** What was observed now and is not kept, as `case: observed instead of kept`, by the name of the case. */
export function differences(kept: ConformanceTable, observed: Readonly<Record<string, string>>): readonly string[] {
  const unknown = Object.keys(kept.observed).filter((name) => !conformanceNames.includes(name));
  const changed = conformanceCases.flatMap((each) => {
    const known = observedIn(kept, each);
    const now = observed[each.name] ?? 'not observed';
    return known.includes(now) ? [] : [`${each.name}: ${now} instead of ${known.join(' or ')}`];
  });
  return [...changed, ...unknown.map((name) => `${name}: is kept, but there is no such case`)];
}

/** What the server on this port does in each case. All run beside each other, so that those who wait for silence wait once. */
export async function observeAll(port: number): Promise<Readonly<Record<string, string>>> {
  const observe = async ({ name, observe: how }: ConformanceCase) => [name, await how(port)] as const;
  return Object.fromEntries(await Promise.all(conformanceCases.map(observe)));
}
