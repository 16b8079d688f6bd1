import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../../assets/loadgen/commands/exit-codes.ts';
import { serverUrl, withoutCredentials, type ServerUrl } from '../../../assets/loadgen/commands/server-url.ts';
import { whyLate } from '../../../assets/loadgen/measure/why-late.ts';
import type { PhaseKindName, Workload } from '../../../assets/loadgen/workload/phase-kinds.ts';
import { formatWorkload, parseWorkload } from '../../../assets/loadgen/workload/workload.ts';
import { summaryText } from '../../../assets/loadgen/commands/url/summary-text.ts';
import { exitCodes, LabError } from '../../config/lab-error.ts';
import { counted, wholeNumber } from '../../report/units.ts';
import { gitCommit } from '../../run/git-commit.ts';
import { makeRunFolder, newRunId, writeWhole } from '../../run/run-folder.ts';
import { loadUrl } from '../../run/url/load-url.ts';
import { probeServer, type ServerAbilities } from '../../run/url/probe-server.ts';
import { urlRecordFile, type UrlLoad, type UrlRecord } from '../../run/url/url-record.ts';
import { workloadOf, type RunFlags } from '../flags/run-flags.ts';
import type { LabContext } from '../context.ts';

/** Flags that say something of hosts or servers which a URL does not have. */
const flagsOfLabs = [
  'local',
  'lab',
  'region',
  'servers',
  'memory',
  'tls',
  'serverProcesses',
  'repeats',
  'order',
  'resume',
] as const;

/** How long the server may take to show that it echoes or publishes. */
const probeMillis = 3000;

/** Sizes that a server which may serve others too will bear. */
const defaults = {
  connections: 1000,
  connectRate: 500,
  workload: parseWorkload('echo rate=100/s for=5s, broadcast times=3 every=2s'),
};

/** `c1m run --url`: measures a server that listens elsewhere, with the load generator on this machine; gives the exit code. */
export async function runUrl(url: string, flags: RunFlags, out: string, context: LabContext): Promise<number> {
  refuseFlagsOfLabs(flags);
  const server = await readUrl(url);
  const say = (line: string): void => context.process.stderr.write(`${line}\n`);
  const target = server.hostName === server.address ? server.address : `${server.hostName} (${server.address})`;
  say(`asking ${target} port ${server.port} with two connections and two messages what it does`);
  const load = planLoad(withoutCredentials(url), flags, await probeServer(server, probeMillis), context.workingFolder);
  const parts = [
    `opening ${counted(load.connections, 'connection')} from this machine to ${target} port ${server.port}, ${wholeNumber(load.connectRate)} a second`,
    ...(hasKind(load.workload, 'echo') ? [] : ['no echoes']),
    ...(hasKind(load.workload, 'broadcast') ? [] : ['no broadcasts']),
    ...(load.workload.length === 0 ? [] : [`workload: ${formatWorkload(load.workload)}`]),
  ];
  say(parts.join('; '));

  const beganUnixMillis = context.now().getTime();
  const runId = newRunId(context.now(), context.random);
  const folder = join(out, runId);
  await makeRunFolder(folder);
  const result = await loadUrl({ ...load, url }, say, context.interrupted).catch(async (error: unknown) => {
    // Empty it tells nothing.
    await rmdir(folder).catch(() => undefined);
    throw error;
  });
  const record: UrlRecord = {
    schema: 2,
    runId,
    beganUnixMillis,
    endedUnixMillis: context.now().getTime(),
    load,
    gitCommit: gitCommit(),
    invalid: whyLate(result),
    result,
  };
  // Shown first: figures that cannot be kept are seen at least.
  const exitCode = showUrlRecord(record, context);
  const file = join(folder, urlRecordFile);
  try {
    await writeWhole(file, `${JSON.stringify(record, null, 1)}\n`);
  } catch (error) {
    throw new LabError(
      'environment',
      `the result cannot be written to ${file}: ${(error as Error).message}`,
      'free space there, or give another folder with --out; what was measured is above',
      { cause: error },
    );
  }
  context.process.stdout.write(`result: ${file}\n`);
  return context.interrupted.aborted ? exitCodes.interrupted : exitCode;
}

/** Prints the table of a run against a URL, and gives the exit code that it deserves. */
export function showUrlRecord({ load, result, invalid }: UrlRecord, context: LabContext): number {
  const { stdout } = context.process;
  stdout.write(`\n${load.url}, as seen from the load generator (of the server itself nothing is known)\n\n`);
  stdout.write(summaryText(result));
  if (result.reason !== null) stdout.write(`\n${result.reached ? 'incomplete' : 'not reached'}: ${result.reason}\n`);
  if (invalid !== null) stdout.write(`\nINVALID: ${invalid}\n`);
  if (invalid !== null || (result.reached && result.reason !== null)) return exitCodes.resultInvalid;
  return result.reached ? exitCodes.ok : exitCodes.targetNotReached;
}

function refuseFlagsOfLabs(flags: RunFlags): void {
  const given = flagsOfLabs.filter((name) => flags[name] !== undefined);
  if (given.length === 0) return;
  const words = given.map((name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  throw new LabError(
    'usage',
    `${words.join(', ')} cannot be given with --url, which measures one server that listens already`,
    flags.local === true
      ? 'remove that flag: npm run c1m -- run --url … (npm start gives --local)'
      : 'remove that flag, or remove --url',
  );
}

async function readUrl(url: string): Promise<ServerUrl> {
  if (URL.canParse(url) && new URL(url).href.includes('#')) {
    throw new LabError(
      'usage',
      `--url ends with a fragment, which no server ever sees: '${withoutCredentials(url)}'`,
      'leave out what begins with #',
    );
  }
  try {
    return await serverUrl(url);
  } catch (error) {
    const message = (error as Error).message;
    if (error instanceof UsageError) throw new LabError('usage', message, 'give --url ws://host:port/');
    throw new LabError('environment', message, 'see that the name is right, or give an address', { cause: error });
  }
}

/** What will be done: as asked, else what the server can. Throws LabError `usage` when it is asked for what it cannot. */
function planLoad(url: string, flags: RunFlags, { echoes, publishes }: ServerAbilities, folder: string): UrlLoad {
  const asked = workloadOf(flags, defaults.workload, folder);
  const isGiven = flags.workload !== undefined;
  if (hasKind(asked, 'restart')) {
    throw new LabError(
      'usage',
      `the workload restarts the server, and ${url} is not the lab's to restart`,
      'take the restart out, or measure a server of the lab',
    );
  }
  if (!echoes && hasKind(asked, 'echo') && (isGiven || (flags.echoRate ?? 0) > 0)) {
    throw new LabError('usage', `${url} does not send a message back unchanged`, 'remove --echo-rate, or give 0');
  }
  if (!publishes && hasKind(asked, 'broadcast') && (isGiven || (flags.broadcasts ?? 0) > 0)) {
    throw new LabError(
      'usage',
      `${new URL('/publish', url).href} does not send a message to every member and answer 'sent …'`,
      'remove --broadcasts, or give 0; docs/contracts.md says what /publish does',
    );
  }
  return {
    url,
    connections: flags.connections ?? defaults.connections,
    connectRate: flags.connectRate ?? defaults.connectRate,
    // What nobody asked for by name is left out where the server has none of it.
    workload: asked.filter(({ kind }) => (kind === 'echo' ? echoes : kind !== 'broadcast' || publishes)),
    loadProcesses: flags.loadProcesses,
  };
}

function hasKind(workload: Workload, kind: PhaseKindName): boolean {
  return workload.some((phase) => phase.kind === kind);
}
