import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Lab, LabInput } from '../../config/lab.ts';
import { LabError } from '../../config/lab-error.ts';
import { labOf, type PresetName } from '../../config/presets.ts';

/** A lab that a command line names, and the file it was read from. */
export interface ChosenLab {
  readonly lab: Lab;
  /** Absolute path and text of the lab file; null when there is none. */
  readonly file: { readonly path: string; readonly text: string } | null;
  /** What was given, before the defaults were filled in. */
  readonly input: LabInput & { readonly preset?: PresetName };
}

/** The flags that name a lab, as in `cdk -c lab=FILE -c preset=NAME`: the file's own settings win. */
export interface LabFlags {
  readonly lab?: string;
  readonly preset?: PresetName;
}

/** Reads the lab that the flags name; without any, the article's. Throws LabError `usage` for what is no lab. */
export function chooseLab(flags: LabFlags, workingFolder: string): ChosenLab {
  const base = flags.preset === undefined ? {} : { preset: flags.preset };
  if (flags.lab === undefined) return { lab: labOf(base, 'the command line'), file: null, input: base };
  const path = resolve(workingFolder, flags.lab);
  const text = readText(path);
  const input = parseJson(text, path);
  const settings = typeof input === 'object' && input !== null && !Array.isArray(input) ? { ...base, ...input } : input;
  const lab = labOf(settings, flags.lab);
  // What labOf takes is of this shape.
  return { lab, file: { path, text }, input: settings as ChosenLab['input'] };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): LabError {
  return new LabError(
    'usage',
    `the lab file '${path}' cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    'give the path of a JSON file, such as --lab lab.json; {} is the default lab',
    { cause: error },
  );
}
