import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, UsageError } from '../../../assets/loadgen/commands/exit-codes.ts';
import { bareHost, withoutCredentials } from '../../../assets/loadgen/commands/server-url.ts';
import { handshakeSeconds, readUrlTarget, type UrlTarget } from '../../../assets/loadgen/commands/url/url-target.ts';
import { processesFor } from '../../../assets/loadgen/supervisor/open-files.ts';
import { shownUrl } from '../../../assets/loadgen/websocket/shown-url.ts';
import type { PhaseKindName, Workload } from '../../../assets/loadgen/workload/phase-kinds.ts';
import { formatWorkload, parseWorkload } from '../../../assets/loadgen/workload/workload.ts';
import { lastCalibration } from '../../calibration/calibration-record.ts';
import { exitCodes, LabError } from '../../config/lab-error.ts';
import { counted, wholeNumber } from '../../text/units.ts';
import { gitCommit } from '../../run/git-commit.ts';
import { checkTimes } from '../../run/plan.ts';
import { makeRunFolder, newRunId, writeRunRecord, writingTo } from '../../run/run-folder.ts';
import { measureUrl } from '../../run/url/measure-url.ts';
import { probeServer, type ServerAbilities } from '../../run/url/probe-server.ts';
import { addressesOf, describeUrlRun, type UrlLoad, type UrlRun } from '../../run/url/url-run.ts';
import { flagWord } from '../flags/parse.ts';
import { workloadOf, type RunFlags } from '../flags/run-flags.ts';
import { connectionWords, readConnectionWords } from '../flags/url-flags.ts';
import type { LabContext } from '../context.ts';
import { publishResult } from './publish-result.ts';

/** Flags that say something of hosts or servers which a URL does not have. */
const flagsOfLabs = [
  'local',
  'lab',
  'region',
  'servers',
  'memory',
  'tls',
  'serverProcesses',
  'order',
  'resume',
] as const;

/** How long the server may take to answer an upgrade, as when it is loaded, and to show that it echoes or publishes. */
const probeDeadlines = { openMillis: handshakeSeconds * 1000, answerMillis: 3000 };

/** Sizes that a server which may serve others too will bear. */
const defaults = {
  connections: 1000,
  connectRate: 500,
  workload: parseWorkload('echo rate=100/s for=5s, broadcast times=3 every=2s'),
};

/** What is done with connections to a server that has nothing else to offer. */
const onlyHeld = parseWorkload('idle for=5s');

/** `c1m run --url`: measures a server that listens elsewhere from this machine, and reports; gives the exit code. */
export async function runUrl(given: string, flags: RunFlags, out: string, context: LabContext): Promise<number> {
  refuseFlagsOfLabs(flags);
  const words = connectionWords(flags);
  const target = await readTarget(given, words);
  const url = new URL(given).href;
  const request = readRequest(url, flags, context.workingFolder);
  const say = (line: string): void => context.process.stderr.write(`${line}\n`);
  const { hostName, port } = target.server;
  const addresses = addressesOf(target).join(', ');
  const place = `${bareHost(hostName) === addresses ? addresses : `${hostName} (${addresses})`} port ${port}`;
  say(`asking ${place} with two connections and two messages what it does`);
  const abilities = await probeServer(target.target, target.publishTarget, shownUrl(url), probeDeadlines);
  const load: UrlLoad = {
    url,
    ...request,
    workload: possibleWorkload(request.workload, url, flags, abilities),
    loadProcesses: flags.loadProcesses ?? processesFor(request.connections),
    connectionWords: words,
  };
  say(
    [
      `opening ${counted(load.connections, 'connection')} from this machine to ${place}, ${wholeNumber(load.connectRate)} a second`,
      ...(hasKind(load.workload, 'echo') ? [] : ['no echoes']),
      ...(hasKind(load.workload, 'broadcast') ? [] : ['no broadcasts']),
      `workload: ${formatWorkload(load.workload)}`,
    ].join('; '),
  );
  const run: UrlRun = {
    runId: newRunId(context.now(), context.random),
    load,
    target,
    repeats: flags.repeats ?? 1,
    sources: flags.sources?.split(',') ?? [],
    localPorts: flags.localPorts ?? null,
    beganUnixMillis: context.now().getTime(),
    gitCommit: gitCommit(),
    calibration: lastCalibration(),
  };
  const folder = join(out, run.runId);
  await makeRunFolder(folder);
  await writingTo(folder, () => measureAll(run, folder, context));
  const exitCode = await publishResult(context, folder);
  return context.interrupted.aborted ? exitCodes.interrupted : exitCode;
}

/** Makes every repeat, and leaves `run.json` and the raw files. A size that the load generator refuses leaves no folder. */
async function measureAll(run: UrlRun, folder: string, context: LabContext): Promise<void> {
  const { stdout, stderr } = context.process;
  await writeRunRecord(folder, describeUrlRun(run, null));
  for (let repeat = 1; repeat <= run.repeats && !context.interrupted.aborted; repeat += 1) {
    const measurement = run.repeats === 1 ? 'url' : `url-${repeat}`;
    const heading = run.repeats === 1 ? '' : `[${repeat}/${run.repeats}] `;
    const identity = { measurement, repeat, folder: join(folder, 'raw', measurement) };
    await measureUrl(run.load, identity, {
      onProgress: (line) => stderr.write(`${heading}${line}\n`),
      onUnkept: (summary) => stdout.write(`\n${summary}\n`),
      signal: context.interrupted,
    }).catch(async (error: unknown) => {
      if (error instanceof LabError && error.code === 'usage') await rm(folder, { recursive: true, force: true });
      throw error;
    });
  }
  await writeRunRecord(folder, describeUrlRun(run, Date.now()));
}

function refuseFlagsOfLabs(flags: RunFlags): void {
  const given = flagsOfLabs.filter((name) => flags[name] !== undefined);
  if (given.length === 0) return;
  const words = given.map(flagWord);
  throw new LabError(
    'usage',
    `${words.join(', ')} cannot be given with --url, which measures one running server`,
    flags.local === true
      ? 'remove that flag: npm run c1m -- run --url … (npm start gives --local)'
      : 'remove that flag, or remove --url',
  );
}

async function readTarget(url: string, words: readonly string[]): Promise<UrlTarget> {
  if (URL.canParse(url) && new URL(url).href.includes('#')) {
    throw new LabError(
      'usage',
      `--url ends with a fragment, which no server ever sees: '${withoutCredentials(url)}'`,
      'remove the part from # on',
    );
  }
  try {
    return await readUrlTarget(url, readConnectionWords(words));
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof UsageError) throw new LabError('usage', message, error.hint ?? hintFor(message));
    const hint = error instanceof EnvironmentError ? error.hint : undefined;
    throw new LabError('environment', message, hint ?? 'check that this machine has it', { cause: error });
  }
}

function hintFor(message: string): string {
  return /^--url (must|is missing)/.test(message)
    ? 'give --url ws://host:port/'
    : 'c1m run --help says what each flag takes';
}

/** What is asked, before anything is known of the server. Throws LabError `usage` for what cannot be asked of any. */
function readRequest(
  url: string,
  flags: RunFlags,
  folder: string,
): Pick<UrlLoad, 'connections' | 'connectRate' | 'workload'> {
  const request = {
    connections: flags.connections ?? defaults.connections,
    connectRate: flags.connectRate ?? defaults.connectRate,
    workload: workloadOf(flags, defaults.workload, folder),
  };
  if (hasKind(request.workload, 'restart')) {
    throw new LabError(
      'usage',
      `the workload restarts the server, but the lab cannot restart ${shownUrl(url)}`,
      'remove restart from --workload, or measure a server that the lab starts',
    );
  }
  checkTimes(request);
  return request;
}

/** What will be done of a workload: as asked, else what the server can. Throws LabError `usage` when it is asked for what it cannot. */
function possibleWorkload(
  asked: Workload,
  url: string,
  flags: RunFlags,
  { echoes, publishes, publishFailure }: ServerAbilities,
): Workload {
  const isGiven = flags.workload !== undefined;
  if (!echoes && hasKind(asked, 'echo') && (isGiven || (flags.echoRate ?? 0) > 0)) {
    throw new LabError(
      'usage',
      `${shownUrl(url)} does not send a message back unchanged`,
      isGiven ? 'remove echo from --workload' : 'remove --echo-rate, or give 0',
    );
  }
  const wantsBroadcasts = isGiven || (flags.broadcasts ?? 0) > 0 || flags.publishUrl !== undefined;
  if (!publishes && hasKind(asked, 'broadcast') && wantsBroadcasts) {
    const place = shownUrl(
      (flags.publishUrl === undefined ? new URL('/publish', url) : new URL(flags.publishUrl)).href,
    );
    throw new LabError(
      'usage',
      publishFailure === null
        ? `${place} does not send a message to every member and answer 'sent …'`
        : `cannot open a WebSocket connection to ${place}: ${publishFailure}`,
      `${isGiven ? 'remove broadcast from --workload' : 'remove --broadcasts, or give 0'}; docs/contracts.md says what /publish does`,
    );
  }
  // What nobody asked for by name is left out where the server has none of it.
  const possible = asked.filter(({ kind }) => (kind === 'echo' ? echoes : kind !== 'broadcast' || publishes));
  const held: Workload = flags.hold === undefined ? [] : parseWorkload(`idle for=${flags.hold}s`);
  return possible.length + held.length === 0 && asked.length > 0 ? onlyHeld : [...possible, ...held];
}

function hasKind(workload: Workload, kind: PhaseKindName): boolean {
  return workload.some((phase) => phase.kind === kind);
}
