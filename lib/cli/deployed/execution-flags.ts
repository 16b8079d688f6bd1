import type { FlagParametersForType } from '@stricli/core';
import type { LabContext } from '../context.ts';
import { placeFlagParameters, type PlaceFlags } from '../flags/lab-flags.ts';

/** Flags of the commands that take up a run on AWS. */
export interface ExecutionFlags extends PlaceFlags {
  readonly out: string;
}

/** How {@link ExecutionFlags} are written. */
export const executionFlagParameters: FlagParametersForType<ExecutionFlags, LabContext> = {
  ...placeFlagParameters,
  out: {
    kind: 'parsed',
    parse: String,
    default: 'results',
    placeholder: 'DIR',
    brief: 'Where DIR/<run-id>/ lies',
  },
};

/** The one word that these commands take: which run. */
export const optionalRun = {
  kind: 'tuple',
  parameters: [{ brief: "A run's id, or an execution's", placeholder: 'run', parse: parseRun, optional: true }],
} as const;

/** Reads the id of a run or an execution, which is also the name of a folder. */
export function parseRun(input: string): string {
  if (!/^[\w-]{1,100}$/.test(input)) throw new Error(`expected the id of a run or of an execution, got '${input}'`);
  return input;
}
