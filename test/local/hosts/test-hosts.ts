import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Lab } from '../../../lib/config/lab.ts';
import { createLocalHosts, type LocalHosts } from '../../../lib/local/hosts/create-local-hosts.ts';
import type { HostCommandOptions, HostProcessExit, LocalHost } from '../../../lib/local/hosts/local-host.ts';

/** Why hosts cannot be made here, asked of the kernel and not of the code under test; false when they can. */
export function namespacesForbidden(): string | false {
  const user = process.geteuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const probe = spawnSync('unshare', [...user, '--net', '--mount', '--pid', '--fork', '--mount-proc', 'true']);
  if (probe.error) return `unshare cannot be run: ${probe.error.message}`;
  return probe.status === 0 ? false : `namespaces are not allowed here: ${probe.stderr.toString().trim()}`;
}

/** Hosts in a folder of their own, whose path has a space in it. */
export interface TestHosts extends LocalHosts {
  readonly folder: string;
  readonly buildFolder: string;
  readonly resultsFolder: string;
  readonly host: (name: string) => LocalHost;
  /** Ends the hosts and removes the folder. */
  readonly remove: () => Promise<void>;
}

/** The repository's assets. */
export const assetsFolder = path.join(import.meta.dirname, '../../../assets');

export async function makeTestHosts(lab: Lab): Promise<TestHosts> {
  const folder = await mkdtemp(path.join(tmpdir(), 'c1mlab hosts-'));
  const buildFolder = path.join(folder, 'build');
  const resultsFolder = path.join(folder, 'results');
  const made = await createLocalHosts(lab, {
    assetsFolder,
    nodeBinary: process.execPath,
    buildFolder,
    resultsFolder,
  });
  return {
    ...made,
    folder,
    buildFolder,
    resultsFolder,
    host: (name) => {
      const found = made.hosts.find((host) => host.name === name);
      if (!found) throw new Error(`the lab has no host ${name}`);
      return found;
    },
    remove: async () => {
      await made.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Outcome extends HostProcessExit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a bash script on a host to its end. */
export async function runOn(host: LocalHost, script: string, options: HostCommandOptions = {}): Promise<Outcome> {
  const command = host.spawn(['bash', '-c', script], options);
  let stdout = '';
  let stderr = '';
  command.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  command.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exit = await command.closed;
  return { ...exit, stdout, stderr };
}

/** Numbers of the processes that have this text in their environment, and that we may look at. */
export async function processesWith(text: string): Promise<readonly string[]> {
  const entries = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid));
  const found = await Promise.all(
    entries.map(async (entry) => {
      const environment = await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '');
      return environment.includes(text) ? [entry] : [];
    }),
  );
  return found.flat();
}

/** Says `listening <port>` and answers every connection with the address it came from. */
const addressServer = `
  const server = require('node:net').createServer((socket) => socket.end(socket.remoteAddress));
  server.listen(0, '0.0.0.0', () => console.log('listening', server.address().port));`;

/** Connects from each source to each target, and prints what the other side saw. */
const addressClient = `
  const { connect } = require('node:net');
  const [port, sources, targets] = process.argv.slice(1);
  for (const localAddress of sources.split(',')) for (const host of targets.split(',')) {
    connect({ port, host, localAddress }).on('data', (seen) => console.log(host + ' saw ' + seen))
      .on('error', (error) => console.log(error.message));
  }`;

/** Has every source of `from` connect to every target on `to`; returns what the targets saw. */
export async function connectAll(from: LocalHost, to: LocalHost): Promise<readonly string[]> {
  const listener = to.spawn(['node', '-e', addressServer]);
  const port = await new Promise<string>((resolve) => {
    listener.stdout.once('data', (line: Buffer) => resolve(line.toString().trim().replace('listening ', '')));
  });
  const sources = [from.address, ...from.secondaryAddresses].join(',');
  const targets = [to.address, ...to.secondaryAddresses].join(',');
  const { stdout } = await runOn(from, 'exec node -e "$CLIENT" "$PORT" "$SOURCES" "$TARGETS"', {
    env: { CLIENT: addressClient, PORT: port, SOURCES: sources, TARGETS: targets },
  });
  listener.kill();
  await listener.closed;
  return stdout.trim().split('\n').sort();
}
