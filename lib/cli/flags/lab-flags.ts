import type { FlagParametersForType } from '@stricli/core';
import { presets, type PresetName } from '../../config/presets.ts';
import type { LabContext } from '../context.ts';

/** The flags that name a lab, as in `cdk -c lab=FILE -c preset=NAME`: the file's own settings win. */
export interface LabFlags {
  readonly lab?: string;
  readonly preset?: PresetName;
}

/** Flags of the commands that ask an AWS account about a lab. */
export interface AccountFlags extends LabFlags {
  readonly region?: string;
}

const presetNames = Object.keys(presets).filter((name): name is PresetName => Object.hasOwn(presets, name));

/** How {@link LabFlags} are written. */
export const labFlagParameters: FlagParametersForType<LabFlags, LabContext> = {
  lab: {
    kind: 'parsed',
    parse: String,
    optional: true,
    placeholder: 'FILE',
    brief: 'A lab file, as in cdk -c lab=FILE',
  },
  preset: {
    kind: 'enum',
    values: presetNames,
    optional: true,
    brief: 'Preset that the lab file overrides [default = article]',
  },
};

/** How {@link AccountFlags} are written. */
export const accountFlagParameters: FlagParametersForType<AccountFlags, LabContext> = {
  ...labFlagParameters,
  region: {
    kind: 'parsed',
    parse: parseRegion,
    optional: true,
    placeholder: 'R',
    brief: 'AWS region [default = AWS_REGION, or that of your profile]',
  },
};

/** The same flags as words of a command line, each after a space: for a hint that can be copied. */
export function flagWords({ lab: file, preset, region: name }: AccountFlags): string {
  return Object.entries({ lab: file, preset, region: name })
    .map(([flag, value]) => (value === undefined ? '' : ` --${flag} ${value}`))
    .join('');
}

/** The flags that say which deployed lab is meant. */
export type PlaceFlags = Pick<AccountFlags, 'lab' | 'region'>;

const { lab, region } = accountFlagParameters;

/** How {@link PlaceFlags} are written. */
export const placeFlagParameters: FlagParametersForType<PlaceFlags, LabContext> = { lab, region };

function parseRegion(input: string): string {
  if (!/^[a-z]{2}(-[a-z0-9]+)+-\d$/.test(input)) throw new Error(`expected a region such as us-east-1, got '${input}'`);
  return input;
}
