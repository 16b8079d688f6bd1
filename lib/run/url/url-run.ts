import { networkInterfaces } from 'node:os';
import { endpointsOf } from '../../../assets/loadgen/connections/target.ts';
import type { UrlTarget } from '../../../assets/loadgen/commands/url/url-target.ts';
import { shownUrl } from '../../../assets/loadgen/websocket/shown-url.ts';
import type { Workload } from '../../../assets/loadgen/workload/phase-kinds.ts';
import type { Calibration, RunRecordInput } from '../../results/schema/run-record.ts';

/** What is asked of a server that listens elsewhere. */
export interface UrlLoad {
  /** With its credentials: for the load generator, never kept. */
  readonly url: string;
  readonly connections: number;
  /** Connections opened a second. */
  readonly connectRate: number;
  readonly workload: Workload;
  readonly loadProcesses: number;
  /** Words of the load generator's command line that say how connections are made. */
  readonly connectionWords: readonly string[];
}

/** A run against a URL. */
export interface UrlRun {
  readonly runId: string;
  readonly load: UrlLoad;
  readonly target: UrlTarget;
  readonly repeats: number;
  readonly sources: readonly string[];
  readonly localPorts: string | null;
  readonly beganUnixMillis: number;
  readonly gitCommit: string | null;
  readonly calibration: Calibration | null;
}

/** Characters of a URL that a table has room for. */
const titleMost = 48;

/** The addresses that connections go to, each once. */
export function addressesOf({ target }: UrlTarget): string[] {
  return [...new Set(endpointsOf(target).map(({ address }) => address))];
}

/** The record of a run against a URL, for its `run.json`. */
export function describeUrlRun(run: UrlRun, endedUnixMillis: number | null): RunRecordInput {
  const { load, target } = run;
  const url = shownUrl(load.url);
  const addresses = addressesOf(target);
  return {
    schema: 2,
    runId: run.runId,
    beganUnixMillis: run.beganUnixMillis,
    endedUnixMillis,
    where: 'url',
    hostsShareOneMachine: addresses.every(isOfThisMachine),
    target: {
      url,
      addresses,
      options: optionsShown(load.connectionWords),
      sources: [...run.sources],
      localPorts: run.localPorts,
    },
    lab: { name: 'url', load: { hosts: 1, secondaryAddresses: Math.max(0, run.sources.length - 1) } },
    parameters: {
      servers: [url],
      connections: load.connections,
      workload: load.workload,
      connectRate: load.connectRate,
      serverProcesses: null,
      loadProcesses: load.loadProcesses,
      memoryPreset: null,
      tls: target.server.isSecure,
      deflate: target.target.deflate === true,
      repeats: run.repeats,
    },
    servers: [{ name: url, title: titleOf(url) }],
    gitCommit: run.gitCommit,
    versions: { node: process.version },
    calibration: run.calibration,
  };
}

/** What a table calls the server: its URL without the scheme and a path that says nothing. */
function titleOf(url: string): string {
  const title = url.replace(/^wss?:\/\//, '').replace(/\/$/, '');
  return title.length <= titleMost ? title : `${title.slice(0, titleMost - 1)}…`;
}

function isOfThisMachine(address: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return address.startsWith('127.') || own.some((one) => one.address === address);
}

/** Options without their values, any of which may be a secret or a file's name; of a header its own name. */
function optionsShown(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const [option = '', value] = word.split(/=(.*)/s);
    // These two stand by themselves.
    if (option === '--sources' || option === '--local-ports') return [];
    const header = option === '--header' ? ` ${(value ?? '').split(':', 1)[0] ?? ''}` : '';
    return [`${option}${header}`];
  });
}
