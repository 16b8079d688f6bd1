import { closeSync } from 'node:fs';
import { access, constants, statfs } from 'node:fs/promises';
import path from 'node:path';
import { hostsOf } from '../../config/hosts.ts';
import { LabError } from '../../config/lab-error.ts';
import type { Lab } from '../../config/lab.ts';
import { makeFolder } from '../../config/system/make-folder.ts';
import { withUnit } from '../../text/units.ts';
import { hostEnvironment } from './host-environment.ts';
import type { HostProcess, LocalHost } from './local-host.ts';
import { readNamespaceFacts, type NeededProgram } from './namespace-facts.ts';
import { startNamespaceProcess, type NamespaceProcess } from './namespace-process.ts';
import { preflightError, namespaceError } from './namespace-errors.ts';
import { makeOutsideBuildFolders, type OutsideServer } from './outside-servers.ts';
import { startHost } from './start-host.ts';
import { within } from '../within.ts';

/** How long commands are waited for whose hosts have ended. */
const leftMillis = 2000;

/** What a build or a result needs at least, bytes. */
const roomLeast = 20e6;

/** Where the local lab finds and keeps things on this machine; every path is absolute. */
export interface LocalHostsOptions {
  /** The repository's `assets/`. */
  readonly assetsFolder: string;
  /** The Node that hosts get as `/opt/c1mlab/bin/node`, 24 or newer. */
  readonly nodeBinary: string;
  /** `/opt/c1mlab/build` of every host, kept between runs; made when it is not there. */
  readonly buildFolder: string;
  /**
   * `/opt/c1mlab/results` of every host, where raw files are uploaded to; made when it is not there. Without it each host keeps
   * its own on its temporary file system, where `path` of the host finds them until it ends.
   */
  readonly resultsFolder?: string;
  /** Servers that every host has under `/opt/c1mlab/assets/servers` beside those of the assets. Default: none. */
  readonly outsideServers?: readonly OutsideServer[];
  /** The operator's environment variables. Default: those of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly log?: (message: string) => void;
}

/** The hosts of a local lab, the server first. */
export interface LocalHosts {
  readonly hosts: readonly LocalHost[];
  /** Ends every process of the hosts and resolves when the last has gone, and with them namespaces, mounts and files. */
  close(): Promise<void>;
}

/**
 * Makes the hosts of a lab on this machine: Linux namespaces joined by a bridge, in a user namespace unless the caller is root.
 * They end with the process that made them, however that ends. Throws a LabError of code `environment` that names what the
 * machine lacks and the command that allows it.
 */
export async function createLocalHosts(lab: Lab, options: LocalHostsOptions): Promise<LocalHosts> {
  const operator = options.environment ?? process.env;
  const facts = readNamespaceFacts(operator['PATH'] ?? '');
  const unfit = preflightError(facts);
  if (unfit) throw unfit;
  const programs = facts.programs as Readonly<Record<NeededProgram, string>>;
  await makeUsableFolder(options.buildFolder, 'build');
  if (options.resultsFolder !== undefined) await makeUsableFolder(options.resultsFolder, 'results');
  const outsideServers = await makeOutsideBuildFolders(options.outsideServers ?? [], options.buildFolder);

  const started = performance.now();
  const environment = hostEnvironment(operator);
  const namespaces: NamespaceProcess[] = [];
  const commands = new Map<HostProcess, Promise<unknown>>();
  const held = new Set<number>();
  const close = async (): Promise<void> => {
    await Promise.all(namespaces.map((namespace) => namespace.close()));
    // They end with their hosts, but for those that are stopped; whoever left these is not waited for.
    for (const command of commands.keys()) command.kill('SIGKILL');
    await within(leftMillis, Promise.all(commands.values()));
    for (const fd of held) closeSync(fd);
    held.clear();
  };
  try {
    const onNamespace = (namespace: NamespaceProcess): void => {
      namespaces.push(namespace);
    };
    const bridge = await startBridge(programs, environment, facts.isRoot, onNamespace);
    const onCommand = (command: HostProcess): void => {
      const ended = command.closed.catch(() => {}).finally(() => commands.delete(command));
      commands.set(command, ended);
    };
    const onHeld = (fd: number): void => {
      held.add(fd);
    };
    const made = { programs, environment, ...bridge, outsideServers, onNamespace, onCommand, onHeld };
    const materials = { resultsFolder: '', ...options, lab, ...made };
    const starting = hostsOf(lab).map((host, index) => startHost(materials, host, index));
    // Every one is waited for, so that closing after a failure knows all there is to close.
    await Promise.allSettled(starting);
    const hosts = await Promise.all(starting);
    for (const namespace of namespaces) namespace.unref();
    options.log?.(`${hosts.length} local hosts are ready after ${Math.round(performance.now() - started)} ms`);
    return { hosts, close };
  } catch (error) {
    await close();
    throw error instanceof LabError ? error : namespaceError(facts, (error as Error).message);
  }
}

/** Starts the process that holds the bridge, as root where root may, else in a user namespace. */
async function startBridge(
  programs: Readonly<Record<NeededProgram, string>>,
  environment: Readonly<Record<string, string>>,
  isRoot: boolean,
  onNamespace: (namespace: NamespaceProcess) => void,
): Promise<{ readonly bridge: NamespaceProcess; readonly inUserNamespace: boolean }> {
  const script = [programs.bash, path.join(import.meta.dirname, 'bridge.sh'), programs.ip];
  const start = async (...flags: readonly string[]): Promise<NamespaceProcess> => {
    const argv = [programs.unshare, ...flags, '--net', '--mount', '--', ...script];
    const bridge = await startNamespaceProcess(argv, environment);
    onNamespace(bridge);
    await bridge.waitForLine('bridged');
    return bridge;
  };
  if (isRoot) {
    try {
      return { bridge: await start(), inUserNamespace: false };
    } catch {
      // Root without CAP_SYS_ADMIN, as in many containers: a user namespace may still be allowed, and its error says more.
    }
  }
  return { bridge: await start('--user', '--map-root-user'), inUserNamespace: true };
}

async function makeUsableFolder(folder: string, what: string): Promise<void> {
  try {
    await makeFolder(folder);
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < roomLeast) throw new Error(`only ${withUnit('bytes', bavail * bsize)} are free there`);
  } catch (error) {
    throw new LabError(
      'environment',
      `the ${what} folder ${folder} cannot be written to: ${(error as Error).message}`,
      'Choose a folder that you may write to, or free some space',
      { cause: error },
    );
  }
}
