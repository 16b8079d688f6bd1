import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { endpointsOf } from '../connections/target.ts';
import { failureAdvice } from '../measure/failure-advice.ts';
import { addCauses, describeCauses, explainCauses, totalOf } from '../measure/failure-causes.ts';
import { summarize, type Summary } from '../measure/summary.ts';
import { whyLate } from '../measure/why-late.ts';
import { processesFor } from '../supervisor/open-files.ts';
import type { LoadOptions } from '../supervisor/load-options.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import type { Workload } from '../workload/phase-kinds.ts';
import { editWorkload, readWorkload } from '../workload/workload.ts';
import { endSignal } from './end-signal.ts';
import { errorText } from './error-text.ts';
import { EnvironmentError, exitCodes, UsageError } from './exit-codes.ts';
import { writeStatus } from './hold.ts';
import { optionNames, Options, portRange } from './options.ts';
import { withoutCredentials } from './server-url.ts';
import { freePorts, portFinder } from './url/free-ports.ts';
import { shortfallOf } from './url/shortfall.ts';
import { summaryText } from './url/summary-text.ts';
import { handshakeSeconds, readUrlTarget, urlOptionTable } from './url/url-target.ts';

const names = [
  'url',
  'connections',
  'sources',
  'local-ports',
  'processes',
  'rate',
  'hold',
  'workload',
  'broadcasts',
  'interval-seconds',
  'echo-rate',
  'echo-seconds',
  'run-folder',
  'host',
  ...optionNames(urlOptionTable, 'value'),
];

const tickMillis = 100;
/** A workload is given up when no connection has been open for so long, but in a storm: that has a deadline of its own. */
const noneOpenMillis = 15_000;

/** Loads one server from this machine and prints the result; 0 when every connection was opened and held, and nothing is missing. */
export async function standalone(args: readonly string[]): Promise<number> {
  const options = new Options(
    args,
    names,
    ['json', ...optionNames(urlOptionTable, 'flag')],
    optionNames(urlOptionTable, 'list'),
  );
  const load = await loadOptions(options);
  const holdSeconds = options.number('hold', 0, 86400, 10);
  const workload = workloadOf(options, holdSeconds);
  const keep = keeperOf(options.has('run-folder') ? options.text('run-folder') : null);
  const progress = process.stderr.isTTY ? rewrittenLine : plainLines();
  const end = endSignal();
  const supervisor = new Supervisor(load);
  const ticker = setInterval(() => progress(progressLine(supervisor)), tickMillis);
  try {
    // A disk that is full is told at the end, when it may not be any more.
    const failure = await run(supervisor, workload, holdSeconds, end, async () => void (await keep(supervisor)));
    const notKept = await keep(supervisor);
    const summary = summarize(await supervisor.collectRaws());
    clearInterval(ticker);
    progress(null);
    const shortfall =
      failure === null && supervisor.failure === null ? shortfallOf(summary, load.plan.connections) : null;
    const reason = end.aborted ? 'interrupted' : (failure ?? supervisor.failure ?? shortfall?.reason ?? null);
    const reached = reason === null || (!end.aborted && shortfall?.exitCode === exitCodes.incomplete);
    const late = whyLate(summary);
    if (options.flag('json')) {
      process.stdout.write(
        `${JSON.stringify({ url: withoutCredentials(options.text('url')), reached, reason, late, ...summary })}\n`,
      );
    } else process.stdout.write(summaryText(summary));
    const exitCode = end.aborted ? exitCodes.interrupted : (shortfall?.exitCode ?? exitCodes.failed);
    // The last of them is what the exit code stands for.
    if (late !== null) {
      const hint = 'give it fewer connections or messages, or a machine of its own';
      process.stderr.write(errorText(late, hint, exitCodes.late));
    }
    if (reason !== null)
      process.stderr.write(errorText(reason, shortfall?.hint ?? hintFor(reason, summary, exitCode), exitCode));
    if (notKept !== null)
      throw new EnvironmentError(notKept, { hint: 'check that there is room and that this user may write there' });
    if (reason === null) return late === null ? exitCodes.done : exitCodes.late;
    return exitCode;
  } finally {
    clearInterval(ticker);
    await supervisor.stop();
  }
}

/** The workload that was asked for: none where nothing was, for then connections are only held. */
function workloadOf(options: Options, holdSeconds: number): Workload {
  const number = (name: string, otherwise?: number): number | undefined =>
    options.has(name) ? options.number(name, 0, 1e9) : otherwise;
  const isGiven = options.has('workload');
  const adds = (name: string, value: number): number | undefined =>
    !isGiven && options.has(name) && number(name) !== 0 ? value : undefined;
  const workload = editWorkload(isGiven ? readWorkload(options.text('workload')) : [], {
    broadcasts: number('broadcasts'),
    intervalSeconds: number('interval-seconds', adds('broadcasts', 1)),
    echoRate: number('echo-rate'),
    echoSeconds: number('echo-seconds', adds('echo-rate', Math.max(holdSeconds, 0.001))),
  });
  if (workload.some(({ kind }) => kind === 'restart')) {
    throw new UsageError('--workload has a restart, and a server that only has a URL cannot be restarted from here', {
      hint: 'leave the restart out, or measure a server of the lab (npm start)',
    });
  }
  return workload;
}

async function loadOptions(options: Options): Promise<LoadOptions> {
  const { server, target, publishTarget, sources, leftOut } = await readUrlTarget(options.text('url'), options);
  const connections = options.integer('connections', 1, 1e7);
  for (const { address, why } of leftOut) {
    process.stderr.write(`${server.hostName}: ${address} takes no connection (${why}), and gets none\n`);
  }
  return {
    host: options.has('host') ? options.text('host') : hostname(),
    plan: {
      connections,
      hosts: 1,
      hostIndex: 0,
      processes: options.integer('processes', 1, 4096, processesFor(connections)),
      serverPorts: endpointsOf(target).map(({ port }) => port),
      sources,
      localPorts: options.has('local-ports')
        ? portRange(options.text('local-ports'))
        : freePorts(portRange(kernelPortRange()), Math.ceil(connections / sources.length), portFinder(target, sources)),
    },
    target,
    publishTarget,
    ratePerSecond: options.has('rate') ? options.number('rate', 0.001, 1e7) : null,
    handshakeSeconds,
  };
}

function kernelPortRange(): string {
  return readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().replace(/\s+/, '-');
}

/**
 * Writes what has been measured until now into the folder of a run, if there is one; gives why it cannot be written, or null. Makes the
 * folder, and throws EnvironmentError where it cannot be: nobody measures for minutes to hear that at the end.
 */
function keeperOf(folder: string | null): (supervisor: Supervisor) => Promise<string | null> {
  if (folder !== null && statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    try {
      mkdirSync(folder);
    } catch (error) {
      throw new EnvironmentError(`--run-folder cannot be made: ${(error as Error).message}`, {
        hint: 'name a folder in one that is there and that this user may write to',
      });
    }
  }
  return async (supervisor) => {
    if (folder === null) return null;
    try {
      await supervisor.collect(folder);
      writeStatus(folder, supervisor.status());
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };
}

/**
 * Opens, drives and holds, unless nothing could be opened; why the workload failed, or null. `keep` is called and waited for after the
 * ramp and after each phase, so that nothing is written while something is measured.
 */
async function run(
  supervisor: Supervisor,
  workload: Workload,
  holdSeconds: number,
  end: AbortSignal,
  keep: () => Promise<void>,
): Promise<string | null> {
  const wait = async (over: () => boolean): Promise<void> => {
    while (!over() && !end.aborted && supervisor.failure === null) {
      await new Promise((resolve) => setTimeout(resolve, tickMillis));
    }
  };
  await wait(() => supervisor.rampEnded);
  await keep();
  if (supervisor.counts().open === 0) return null;
  const holdUntil = Date.now() + holdSeconds * 1000;
  let failure: string | null = null;
  let driven = workload.length === 0;
  if (!driven && !end.aborted && supervisor.failure === null) {
    const givenUp = new AbortController();
    const watch = watchOpen(supervisor, (reason) => {
      failure = reason;
      givenUp.abort();
    });
    supervisor
      .drive(workload, AbortSignal.any([end, givenUp.signal]), keep)
      .catch((error: unknown) => (failure ??= (error as Error).message))
      .finally(() => {
        clearInterval(watch);
        driven = true;
      });
  }
  // Where nothing is open any more, nothing is held.
  await wait(() => driven && (Date.now() >= holdUntil || supervisor.counts().open === 0));
  return failure;
}

/** Tells when no connection has been open for too long while a workload is driven. */
function watchOpen(supervisor: Supervisor, onNoneOpen: (reason: string) => void): NodeJS.Timeout {
  let noneSince: number | null = null;
  return setInterval(() => {
    const { counts, driving } = supervisor.status();
    if (driving === null || driving.kind === 'storm' || counts.open > 0) noneSince = null;
    else noneSince ??= Date.now();
    if (noneSince === null || Date.now() - noneSince < noneOpenMillis) return;
    const seconds = noneOpenMillis / 1000;
    onNoneOpen(
      `no connection has been open for ${seconds} s in phase ${driving?.kind} (lost: ${describeCauses(counts.lost)})`,
    );
  }, tickMillis);
}

function progressLine(supervisor: Supervisor): string {
  const { phase, counts, connectionsPerSecond, driving } = supervisor.status();
  const failed = totalOf(counts.connectFailures);
  return [
    `${phase}: ${counts.open} of ${counts.wanted} open`,
    ...(phase === 'ramping' ? [`${connectionsPerSecond}/s`] : []),
    ...(failed > 0 ? [`${failed} failed attempts`] : []),
    ...(totalOf(counts.lost) > 0 ? [`${totalOf(counts.lost)} lost`] : []),
    ...(driving === null
      ? []
      : [driving.kind, ...Object.entries(driving.counts).map(([name, count]) => `${count} ${name}`)]),
  ].join(', ');
}

/** What helps: what the causes of failure say of themselves, or what a run that ends so commonly needs. */
function hintFor(reason: string, summary: Summary, exitCode: number): string | undefined {
  if (reason.startsWith('publishing failed')) return publishingHint;
  const told = explainCauses(addCauses([summary.connectFailures, summary.lost]));
  if (told.length > 0) return told.join('; ');
  return (exitCode === exitCodes.notReached ? failureAdvice(summary) : undefined) ?? hints[exitCode];
}

const publishingHint =
  'check that what listens there takes broadcasts (docs/contracts.md), give another --publish-url, or leave broadcast out of --workload';

const hints: Readonly<Record<number, string>> = {
  [exitCodes.notReached]:
    'check that a server listens there and read its output; it may lack descriptors, backlog or memory for so many',
  [exitCodes.incomplete]:
    'see what the server has logged; a smaller --workload shows how much it can do; leave echo out where messages are not returned as they came, and broadcast where what is published does not reach every connection',
  [exitCodes.interrupted]: 'nothing to do: what was measured until then is shown',
};

function rewrittenLine(line: string | null): void {
  process.stderr.write(line === null ? '\r\u001b[K' : `\r${line}\u001b[K`);
}

const silenceMillis = 5000;

/** A line when it is new, at most one a second, and an old one again before the silence gets long. */
function plainLines(): (line: string | null) => void {
  let last = '';
  let lastMillis = 0;
  return (line) => {
    const passed = Date.now() - lastMillis;
    if (line === null || passed < 1000 || (line === last && passed < silenceMillis)) return;
    last = line;
    lastMillis = Date.now();
    process.stderr.write(`${line}\n`);
  };
}
