import type { FlagParametersForType } from '@stricli/core';
import { Options, optionNames, type OptionDescription } from '../../../assets/loadgen/commands/options.ts';
import { urlOptionTable } from '../../../assets/loadgen/commands/url/url-target.ts';
import type { LabContext } from '../context.ts';
import { secondsWithin } from './parse.ts';

type Table = typeof urlOptionTable;
type OptionName = keyof Table;

/** `tls-resume` as a flag is called in code. */
type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

/** How connections to a URL are made: the options that the load generator's own command line has. */
type ConnectionFlags = {
  readonly [Name in OptionName as Camel<Name>]?: Table[Name]['kind'] extends 'flag'
    ? boolean
    : Table[Name]['kind'] extends 'list'
      ? readonly string[]
      : string;
};

/** Flags of `c1m run` that only go with `--url`. */
export interface UrlFlags extends ConnectionFlags {
  readonly sources?: string;
  readonly localPorts?: string;
  readonly hold?: number;
}

const day = 86_400;

const optionEntries = Object.entries<OptionDescription>(urlOptionTable).map(
  ([name, option]) => ({ name, flag: camel(name), ...option }) as const,
);

/** The names of {@link UrlFlags}, but for those that servers of the lab can be measured with, too. */
export const urlFlagNames: readonly string[] = [
  'sources',
  'localPorts',
  'hold',
  ...optionEntries.map(({ flag }) => flag).filter((flag) => flag !== 'deflate'),
];

/** How each of {@link UrlFlags} is written and read. */
export const urlFlagParameters: FlagParametersForType<UrlFlags, LabContext> = {
  sources: {
    kind: 'parsed',
    parse: String,
    optional: true,
    placeholder: 'IP,IP',
    brief:
      'With --url: source addresses of this machine; each allows about 28 000 connections to a port [default = any]',
  },
  localPorts: {
    kind: 'parsed',
    parse: String,
    optional: true,
    placeholder: 'FIRST-LAST',
    brief: 'With --url: local ports to use [default = net.ipv4.ip_local_port_range]',
  },
  hold: {
    kind: 'parsed',
    parse: secondsWithin(1, day),
    optional: true,
    placeholder: 'S',
    brief: 'With --url: hold the connections idle for this many seconds after the workload',
  },
  ...(Object.fromEntries(
    optionEntries.map(({ flag, kind, placeholder, about }) => [flag, parameterOf(kind, placeholder, about)]),
  ) as unknown as FlagParametersForType<ConnectionFlags, LabContext>),
};

function parameterOf(kind: OptionDescription['kind'], placeholder: string, about: string): object {
  const brief = `With --url: ${about}`;
  if (kind === 'flag') return { kind: 'boolean', optional: true, withNegated: false, brief };
  const variadic = kind === 'list' ? { variadic: true } : {};
  return { kind: 'parsed', parse: String, optional: true, placeholder, brief, ...variadic };
}

function camel(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The same flags as words of the load generator's command line, each value in one word with its option. */
export function connectionWords(flags: UrlFlags): readonly string[] {
  const given = flags as Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  const options = [...optionEntries, { name: 'sources', flag: 'sources' }, { name: 'local-ports', flag: 'localPorts' }];
  return options.flatMap(({ name, flag }) => {
    const value = given[flag];
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    return [value].flat().map((one) => `--${name}=${one}`);
  });
}

/** Words of {@link connectionWords}, to be read as the load generator reads them. */
export function readConnectionWords(words: readonly string[]): Options {
  const names = ['sources', 'local-ports', ...optionNames(urlOptionTable, 'value')];
  return new Options(words, names, optionNames(urlOptionTable, 'flag'), optionNames(urlOptionTable, 'list'));
}
