import type { FlagParametersForType } from '@stricli/core';
import type { Workload } from '../../../assets/loadgen/workload/phase-kinds.ts';
import { workloadPresetNames } from '../../../assets/loadgen/workload/presets.ts';
import { editWorkload, formatWorkload, readWorkload } from '../../../assets/loadgen/workload/workload.ts';
import { asUsage } from '../../config/workload-usage.ts';
import { memoryPresetNames, type MemoryPresetName } from '../../config/servers.ts';
import type { Order } from '../../run/schedule.ts';
import type { LabContext } from '../context.ts';
import { placeFlagParameters } from './lab-flags.ts';
import { urlFlagParameters, type UrlFlags } from './url-flags.ts';
import { countWithin, parseNames, parsePositiveCount, secondsWithin } from './parse.ts';

/** Flags of `c1m run`; what is left out is planned or has the backend's default. */
export interface RunFlags extends UrlFlags {
  readonly local?: boolean;
  readonly lab?: string;
  readonly region?: string;
  readonly url?: string;
  readonly servers?: readonly string[];
  readonly connections?: number;
  readonly workload?: string;
  readonly broadcasts?: number;
  readonly interval?: number;
  readonly echoRate?: number;
  readonly echoSeconds?: number;
  readonly connectRate?: number;
  readonly memory?: MemoryPresetName;
  readonly tls?: boolean;
  readonly deflate?: boolean;
  readonly serverProcesses?: number;
  readonly loadProcesses?: number;
  readonly repeats?: number;
  readonly order?: Order;
  readonly out: string;
  readonly resume?: string;
}

/** The most that the load generator takes on a host (its commands `hold` and `drive`), or that a run of days comes to. */
const most = { broadcasts: 1e6, intervalSeconds: 86_400, echoRate: 1e7, loadProcesses: 4096, repeats: 1000 };
/** Where runs are written when nobody says so, relative to the working folder. */
export const defaultOut = 'results';

/** The shortest interval that the load generator keeps. */
const leastIntervalSeconds = 0.01;

/** The workload that flags ask for: theirs, else `byDefault`, with the short forms' changes. Throws LabError `usage`. */
export function workloadOf(flags: RunFlags, byDefault: Workload, folder: string): Workload {
  const { broadcasts, interval, echoRate, echoSeconds } = flags;
  return asUsage(() => {
    const given = flags.workload === undefined ? byDefault : readWorkload(flags.workload, folder);
    const workload = editWorkload(given, { broadcasts, intervalSeconds: interval, echoRate, echoSeconds });
    // One that is too long to be handed to the documents is better refused before anything starts.
    formatWorkload(workload);
    return workload;
  });
}

/** How each of {@link RunFlags} is written and read. */
export const runFlagParameters: FlagParametersForType<RunFlags, LabContext> = {
  local: { kind: 'boolean', optional: true, withNegated: false, brief: 'Run on this machine, without AWS' },
  ...placeFlagParameters,
  url: {
    kind: 'parsed',
    parse: String,
    optional: true,
    placeholder: 'ws://host:port/',
    brief: 'A running server to measure from this machine, ws:// or wss:// (docs/any-server.md)',
  },
  ...urlFlagParameters,
  servers: {
    kind: 'parsed',
    parse: parseNames,
    optional: true,
    placeholder: 'a,b',
    brief: "Names, languages, all, or folders such as ./mine [default = the article's five]",
  },
  connections: {
    kind: 'parsed',
    parse: parsePositiveCount,
    optional: true,
    placeholder: 'N',
    brief: 'Connections, such as 10000, 10k or 1.2M',
  },
  workload: {
    kind: 'parsed',
    parse: String,
    optional: true,
    placeholder: 'NAME|FILE|TEXT',
    brief: `What to run on the connections: ${workloadPresetNames.join(', ')}, a file, or phases such as 'echo rate=100/s for=10s, broadcast times=3' (docs/workloads.md)`,
  },
  broadcasts: {
    kind: 'parsed',
    parse: countWithin(0, most.broadcasts),
    optional: true,
    placeholder: 'K',
    brief: 'Broadcasts to every connection; 0 for none',
  },
  interval: {
    kind: 'parsed',
    parse: secondsWithin(leastIntervalSeconds, most.intervalSeconds),
    optional: true,
    placeholder: 'S',
    brief: 'Seconds between broadcasts',
  },
  echoRate: {
    kind: 'parsed',
    parse: countWithin(0, most.echoRate),
    optional: true,
    placeholder: 'R',
    brief: 'Echoed messages per second; 0 for none',
  },
  echoSeconds: {
    kind: 'parsed',
    parse: secondsWithin(0.001, most.intervalSeconds),
    optional: true,
    placeholder: 'S',
    brief: 'How many seconds to echo messages',
  },
  connectRate: {
    kind: 'parsed',
    parse: parsePositiveCount,
    optional: true,
    placeholder: 'R',
    brief: 'Connections to open per second',
  },
  memory: { kind: 'enum', values: memoryPresetNames, optional: true, brief: 'Preset of memory flags from server.json' },
  tls: {
    kind: 'boolean',
    optional: true,
    withNegated: false,
    brief: 'Use TLS; servers without it are skipped',
  },
  deflate: {
    kind: 'boolean',
    optional: true,
    withNegated: false,
    brief: 'Offer message compression (permessage-deflate); lab servers without it are skipped',
  },
  serverProcesses: {
    kind: 'parsed',
    parse: parsePositiveCount,
    optional: true,
    placeholder: 'P',
    brief: 'Server processes [default = as many as N needs]',
  },
  loadProcesses: {
    kind: 'parsed',
    parse: countWithin(1, most.loadProcesses),
    optional: true,
    placeholder: 'P',
    brief: 'Load processes per host [default = as many as N needs]',
  },
  repeats: {
    kind: 'parsed',
    parse: countWithin(1, most.repeats),
    optional: true,
    placeholder: 'n',
    brief: 'How often to measure each server [default = 1]',
  },
  order: {
    kind: 'enum',
    values: ['given', 'random'],
    optional: true,
    brief: 'given: as named in every round; random: shuffled each round [default = given]',
  },
  out: {
    kind: 'parsed',
    parse: String,
    default: defaultOut,
    placeholder: 'DIR',
    brief: 'Where DIR/<run-id>/ is written',
  },
  resume: {
    kind: 'parsed',
    parse: String,
    optional: true,
    placeholder: 'run-id',
    brief: 'Resume an interrupted run with its original settings',
  },
};
