import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LoadStatus } from '../raw.ts';
import { serveControl, type ControlRequest } from '../supervisor/control-socket.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { endSignal } from './end-signal.ts';
import { exitCodes, UsageError } from './exit-codes.ts';
import { isPort, optionNames, Options, portRange } from './options.ts';
import { deflateOption } from './request-options.ts';
import { refuseTlsOptions, tlsOptionTable, tlsOptions } from './tls-options.ts';

const statusMillis = 1000;
/** How long the end of the ramp waits for the raw files at most. */
const collectMillis = 5000;
/** While a phase runs, what it has measured until then is written this often at most. */
const flushMillis = 2000;
/** So many times as long as it took to write passes until it is written again: 99.9 % of what is measured is not held up by it. */
const flushPauses = 1000;
// Many processes on one machine wait for each other, and so may as many of the server's: 62 cold JVMs on two cores load their classes
// for a minute before they answer.
const handshakeSecondsLeast = 10;
const handshakeSecondsAProcess = 2;

export const holdUsage =
  'hold --connections N --hosts H --host-index I --server ADDRESS --ports P,P --sources IP,IP --local-ports FIRST-LAST ' +
  '--processes K --rate CONNECTIONS_PER_SECOND --run-folder DIR --socket PATH [--tls [--server-name NAME] [--cacert FILE | --insecure] ' +
  '[--tls-resume]] [--deflate]';

const names = [
  'connections',
  'hosts',
  'host-index',
  'server',
  'ports',
  'sources',
  'local-ports',
  'processes',
  'rate',
  'run-folder',
  'socket',
  'server-name',
  ...optionNames(tlsOptionTable, 'value'),
];
const flags = ['tls', 'deflate', ...optionNames(tlsOptionTable, 'flag')];

/** Opens this host's share of the connections and holds it until SIGTERM or SIGINT; the exit code. */
export async function hold(args: readonly string[]): Promise<number> {
  const options = new Options(args, names, flags);
  const hosts = options.integer('hosts', 1, 1000);
  const [server = ''] = options.list('server', isIPv4, 'an IPv4 address');
  const ports = options.list('ports', isPort, 'ports').map(Number);
  if (new Set(ports).size < ports.length) throw new UsageError(`--ports names a port twice: ${ports.join(',')}`);
  const sources = options.list('sources', isIPv4, 'IPv4 addresses');
  if (new Set(sources).size < sources.length)
    throw new UsageError(`--sources names an address twice: ${sources.join(',')}`);
  const folder = options.text('run-folder');
  const socketPath = options.text('socket');
  const plan = {
    connections: options.integer('connections', 1, 1e9),
    hosts,
    hostIndex: options.integer('host-index', 0, hosts - 1),
    processes: options.integer('processes', 1, 4096),
    serverPorts: ports,
    sources,
    localPorts: portRange(options.text('local-ports')),
  };
  const isSecure = options.flag('tls');
  if (!isSecure) refuseTlsOptions(options, '--tls is missing');
  const serverName = options.has('server-name') ? options.text('server-name') : server;
  const tls = isSecure ? { tls: await tlsOptions(options, serverName) } : {};
  const target = { address: server, ports, path: '/', deflate: await deflateOption(options), ...tls };
  const ratePerSecond = options.number('rate', 0.001, 1e9);
  if (!existsSync(folder)) mkdirSync(folder);
  const end = endSignal();

  // Orders are heard before there is anything to order, so that nothing has been opened when the socket is taken.
  let supervisor: Supervisor | null = null;
  let writing: Promise<readonly string[]> = Promise.resolve([]);
  const collect = async (how: 'together' | 'inTurn' = 'together'): Promise<readonly string[]> => {
    writing = writing.catch(() => []).then(async () => supervisor?.collect(folder, how) ?? []);
    return writing;
  };
  const control = await serveControl(socketPath, async (request: ControlRequest, gone) => {
    if (supervisor === null) throw new Error('the load processes have not been started yet');
    if (request.type === 'collect') return collect();
    // A disk that is full is told at the end, when it may not be any more.
    return supervisor.drive(request.workload, gone, async () => void (await collect().catch(() => [])), request.part);
  });
  try {
    supervisor = new Supervisor({
      host: process.env['C1M_HOST'] ?? hostname(),
      plan,
      target,
      publishTarget: { ...target, path: '/publish' },
      ratePerSecond,
      handshakeSeconds: Math.max(handshakeSecondsLeast, plan.processes * handshakeSecondsAProcess),
    });
    // What each phase measured is on the disk before the next begins, whatever ends the processes then, and most of what the running
    // one has measured: seldom, since whoever writes does not read.
    let keptRamp = false;
    let flushDue = 0;
    const flush = async (): Promise<void> => {
      flushDue = Infinity;
      const began = performance.now();
      await collect('inTurn').catch(() => []);
      const each = (performance.now() - began) / plan.processes;
      flushDue = performance.now() + Math.max(flushMillis, flushPauses * each);
    };
    const publish = async (): Promise<void> => {
      const status = supervisor!.status();
      if (status.phase === 'holding' && !keptRamp) {
        keptRamp = true;
        await Promise.race([collect().catch(() => []), pause(collectMillis, undefined, { ref: false })]);
      }
      writeStatus(folder, status);
      if (status.phase !== 'driving') flushDue = performance.now() + flushMillis;
      else if (performance.now() >= flushDue) void flush();
    };
    await publish();
    const timer = setInterval(() => void publish(), statusMillis);
    if (!end.aborted) await once(end, 'abort');
    clearInterval(timer);
    await publish();
    await supervisor.stop();
  } finally {
    control.close();
    rmSync(socketPath, { force: true });
  }
  return supervisor.failure === null ? exitCodes.done : exitCodes.failed;
}

/** Replaces `loadgen-status.json` in a folder. */
export function writeStatus(folder: string, status: LoadStatus): void {
  const file = join(folder, 'loadgen-status.json');
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify(status)}\n`);
    renameSync(`${file}.new`, file);
  } catch (error) {
    // A full disk must not end what is being measured; the next status may fit again.
    process.stderr.write(`loadgen: cannot write ${file}: ${(error as Error).message}\n`);
  }
}
