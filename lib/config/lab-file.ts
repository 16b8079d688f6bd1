import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { applyEdits, modify } from 'jsonc-parser';
import type { Lab, LabInput } from './lab.ts';
import { LabError } from './lab-error.ts';
import { labOf, type PresetName } from './presets.ts';
import { readTextFile } from './system/read-file.ts';

/** What names a lab: the flags of `c1m`, or the context of `cdk` (`-c lab=FILE -c preset=NAME`). */
export interface LabChoice {
  /** Path of the lab file. @default - no file */
  readonly lab?: string | undefined;
  /** What the file is laid over. @default - the file's own, else `article` */
  readonly preset?: string | undefined;
  /** Who answers for the lab, unless the file says it. */
  readonly owner?: string | undefined;
  /** The availability zone, in place of the file's. */
  readonly zone?: string | undefined;
}

/** A lab that was chosen, and the file it was read from. */
export interface ChosenLab {
  readonly lab: Lab;
  /** Absolute path of the lab file; null when there is none. */
  readonly file: string | null;
  /** What was given, before the defaults were filled in. */
  readonly input: LabInput & { readonly preset?: PresetName };
}

/** Reads the lab that is named; without any, the article's. Throws LabError `usage` for what is no lab. */
export function chooseLab({ lab: named, preset, owner, zone }: LabChoice, workingFolder: string): ChosenLab {
  const file = named === undefined ? null : resolve(workingFolder, named);
  const read = file === null ? {} : readLabFile(file).content;
  const base = { ...(preset === undefined ? {} : { preset }), ...(owner === undefined ? {} : { owner }) };
  const settings = isSettings(read) ? withZone({ ...base, ...read }, zone) : read;
  const lab = labOf(settings, named ?? 'the command line');
  // What labOf takes is of this shape.
  return { lab, file, input: settings as ChosenLab['input'] };
}

/**
 * Writes the availability zone into a lab file; every other setting keeps its place and value. Throws LabError `environment` when
 * it cannot be written.
 */
export function writeZone(file: string, zone: string): void {
  try {
    const { text } = readLabFile(file);
    const formattingOptions = {
      insertSpaces: !text.includes('\n\t'),
      tabSize: 2,
      eol: text.includes('\r\n') ? '\r\n' : '\n',
    };
    const changed = applyEdits(text, modify(text, ['network', 'availabilityZone'], zone, { formattingOptions }));
    // Of two members with one name JSON.parse takes the last, and the edit the first.
    if (labOf(JSON.parse(changed), file).network.availabilityZone !== zone) throw new Error("it has 'network' twice");
    writeFileSync(file, changed);
  } catch (error) {
    throw new LabError(
      'environment',
      `the lab file ${file} cannot be written: ${reasonOf(error)}`,
      `write "network": { "availabilityZone": "${zone}" } into it yourself, or deploy with -c zone=${zone}`,
      { cause: error },
    );
  }
}

function readLabFile(path: string): { readonly text: string; readonly content: unknown } {
  try {
    const text = readTextFile(path);
    return { text, content: JSON.parse(text) };
  } catch (error) {
    throw new LabError(
      'usage',
      `the lab file '${path}' cannot be read: ${reasonOf(error)}`,
      'give the path of a JSON file, such as lab.json; {} is the default lab',
      { cause: error },
    );
  }
}

type Settings = Readonly<Record<string, unknown>>;

function withZone(settings: Settings, zone: string | undefined): Settings {
  const { network = {} } = settings;
  if (zone === undefined || !isSettings(network)) return settings;
  return { ...settings, network: { ...network, availabilityZone: zone } };
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
