import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { LabError } from '../../config/lab-error.ts';

/** What was observed of one server, as `c1m verify --record` writes it. */
const tableSchema = v.strictObject({
  framework: v.pipe(v.string(), v.description('Name and version of what was observed.')),
  observed: v.pipe(
    v.record(v.string(), v.array(v.string())),
    v.description('By case: what the server did, each of several things when it did not always do the same.'),
  ),
});

/** The conformance table of a server: observations by the name of their case. */
export type ConformanceTable = v.InferOutput<typeof tableSchema>;

/** The file in a server's folder that keeps its conformance table. */
export const conformanceFile = 'conformance.json';

/** The table that is kept in a server's folder, or null where there is none. Throws LabError `environment` when it is broken. */
export function conformanceOf(serverFolder: string): ConformanceTable | null {
  const file = join(serverFolder, conformanceFile);
  if (!existsSync(file)) return null;
  try {
    return v.parse(tableSchema, JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new LabError('environment', `${file}: ${(error as Error).message}`, 'make it again: c1m verify --record', {
      cause: error,
    });
  }
}

/** A table as its file holds it: a case a line. */
export function tableText({ framework, observed }: ConformanceTable): string {
  const lines = Object.entries(observed).map(
    ([name, whats]) => `    ${JSON.stringify(name)}: [${whats.map((what) => JSON.stringify(what)).join(', ')}]`,
  );
  return `{\n  "framework": ${JSON.stringify(framework)},\n  "observed": {\n${lines.join(',\n')}\n  }\n}\n`;
}

/** What was observed now and is not kept, as `case: observed instead of kept`, by the name of the case. */
export function differences(kept: ConformanceTable, observed: Readonly<Record<string, string>>): readonly string[] {
  const names = new Set([...Object.keys(kept.observed), ...Object.keys(observed)]);
  return [...names].flatMap((name) => {
    const known = kept.observed[name] ?? [];
    const now = observed[name] ?? 'not observed';
    return known.includes(now) ? [] : [`${name}: ${now} instead of ${known.join(' or ') || 'nothing that is kept'}`];
  });
}
