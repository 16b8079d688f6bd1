import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { LabError } from '../../config/lab-error.ts';
import type { ConformanceCase } from './conformance-case.ts';

/** What was observed of one server, as `c1m verify --record` writes it. */
const tableSchema = v.strictObject({
  framework: v.pipe(v.string(), v.description('Name and version of what was observed.')),
  observed: v.pipe(
    v.record(v.string(), v.array(v.string())),
    v.description(
      'By case: what the server did, each of several things when it did not always do the same. Cases in which it did exactly what the standard asks for are left out.',
    ),
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
    throw new LabError('environment', `${file}: ${(error as Error).message}`, 'regenerate it: c1m verify --record', {
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

/** What a kept table says of a case: each of several things when the server did not always do the same. */
export function observedIn(table: ConformanceTable, { name, asks }: ConformanceCase): readonly string[] {
  return table.observed[name] ?? [asks];
}
