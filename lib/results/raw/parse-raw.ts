import * as v from 'valibot';
import type { HostSample } from '../../../assets/host/raw.ts';
import { hostFactsSchema, hostSampleSchema, serverStartSchema } from './host-raw-schema.ts';
import { loadProcessSchema, loadStatusSchema } from './load-raw-schema.ts';
import type { RawHost, UnitEnd } from './raw-run.ts';

/** A file that was parsed, or the sentence that says why it could not be. */
export type Parsed<T> =
  { readonly value: T; readonly problem: null } | { readonly value: null; readonly problem: string };

/** Reads JSON text against a schema; the problem names the file and, where it can, the field. */
export function parseJson<T>(file: string, text: string, schema: v.GenericSchema<unknown, T>): Parsed<T> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return { value: null, problem: `${file} is cut short or no JSON (${text.length} characters)` };
  }
  const parsed = v.safeParse(schema, data);
  if (parsed.success) return { value: parsed.output, problem: null };
  const [issue] = parsed.issues;
  if (v.getDotPath(issue) === 'schema') {
    return { value: null, problem: `${file} is of another version of the lab (schema ${String(issue.input)})` };
  }
  return { value: null, problem: `${file}: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}` };
}

/** Lines of `samples.jsonl`: every whole line is used; a torn or strange one is counted in the problem. */
function parseSamples(
  file: string,
  text: string,
): { readonly samples: readonly HostSample[]; readonly problems: readonly string[] } {
  const samples: HostSample[] = [];
  let bad = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const { value } = parseJson(file, line, hostSampleSchema);
    if (value === null) bad += 1;
    else samples.push(value);
  }
  return {
    samples,
    problems: bad === 0 ? [] : [`${file}: ${bad} of ${samples.length + bad} lines are torn or unreadable`],
  };
}

/** Lines of `units.txt`, `<unit> ActiveState=… Result=… ExecMainStatus=…` in any order; other lines are left out. */
function parseUnitEnds(text: string): readonly UnitEnd[] {
  return text.split('\n').flatMap((line) => {
    const [unit, ...properties] = line.trim().split(/\s+/);
    if (unit === undefined || unit === '' || properties.length === 0) return [];
    const of = (name: string): string =>
      properties.find((property) => property.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
    return [
      { unit, activeState: of('ActiveState'), result: of('Result'), exitStatus: Number(of('ExecMainStatus')) || 0 },
    ];
  });
}

/** The raw files of a host from their texts, by file name. Nothing throws: what cannot be read is a problem. */
export function parseHost(host: string, files: Readonly<Record<string, string>>): RawHost {
  const problems: string[] = [];
  const parsed = <T>(name: string, schema: v.GenericSchema<unknown, T>): T | null => {
    const text = files[name];
    if (text === undefined) return null;
    const { value, problem } = parseJson(`${host}/${name}`, text, schema);
    if (problem !== null) problems.push(problem);
    return value;
  };
  const names = Object.keys(files).sort();
  const { samples, problems: sampleProblems } = parseSamples(`${host}/samples.jsonl`, files['samples.jsonl'] ?? '');
  problems.push(...sampleProblems);
  return {
    host,
    facts: parsed('facts.json', hostFactsSchema),
    samples,
    serverStart: parsed('server.json', serverStartSchema),
    loadStatus: parsed('loadgen-status.json', loadStatusSchema),
    loadProcesses: names
      .filter((name) => /^loadgen-\d+\.json$/.test(name))
      .flatMap((name) => {
        const raw = parsed(name, loadProcessSchema);
        if (raw === null || name === `loadgen-${raw.process}.json`) return raw ?? [];
        problems.push(`${host}/${name} is left out: it is a copy of loadgen-${raw.process}.json`);
        return [];
      })
      .sort((a, b) => a.process - b.process),
    unitEnds: parseUnitEnds(files['units.txt'] ?? ''),
    logs: Object.fromEntries(names.filter(isLog).map((name) => [name, files[name] ?? ''])),
    problems,
  };
}

/** Whether a file of a host is a log: what a unit printed. */
export function isLog(name: string): boolean {
  return /\.(log|out|err)$/.test(name);
}
