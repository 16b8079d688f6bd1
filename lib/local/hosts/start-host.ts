import { openSync } from 'node:fs';
import { readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hostEnvFile, hostRoot } from '../../config/host/host-env-file.ts';
import type { Host } from '../../config/hosts.ts';
import { LabError } from '../../config/lab-error.ts';
import type { Lab } from '../../config/lab.ts';
import { tuningFile } from '../../config/host/tuning.ts';
import { entriesInUse } from './host-environment.ts';
import { hardwareAddress, hostsFile, networkCommands } from './host-network.ts';
import { startHostProcess } from './host-process.ts';
import type { HostProcess, LocalHost } from './local-host.ts';
import type { NeededProgram } from './namespace-facts.ts';
import type { BuildableOutsideServer } from './outside-servers.ts';
import { startNamespaceProcess, type NamespaceProcess } from './namespace-process.ts';

/** What all hosts of a lab are made from. */
export interface HostMaterials {
  readonly lab: Lab;
  readonly assetsFolder: string;
  readonly nodeBinary: string;
  readonly buildFolder: string;
  /** Empty: results stay on the host. */
  readonly resultsFolder: string;
  /** Server folders outside the assets, each with the folder that it is built in. */
  readonly outsideServers: readonly BuildableOutsideServer[];
  readonly programs: Readonly<Record<NeededProgram, string>>;
  /** What everything on a host finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The process that holds the bridge, whose namespaces the hosts' lie in. */
  readonly bridge: NamespaceProcess;
  readonly inUserNamespace: boolean;
  /** Hears of every process that is started, so that closing can wait for all of them. */
  readonly onNamespace: (namespace: NamespaceProcess) => void;
  readonly onCommand: (command: HostProcess) => void;
  /** Hears of every descriptor that is to be closed once no command is signalled any more. */
  readonly onHeld: (fd: number) => void;
}

/** The programs that every host has in `/opt/c1mlab/bin` beside Node. */
const hostPrograms = path.join(import.meta.dirname, '..', 'host-bin');

/** The text of `/opt/c1mlab/backend.env` here: results are files, and packages are never installed on this machine. */
const backendEnvFile = `C1M_RESULTS="file://${hostRoot}/results"\nC1M_PACKAGES=""\n`;

/** Makes one host, the `index`-th of the lab: its namespaces, file system and network. */
export async function startHost(materials: HostMaterials, host: Host, index: number): Promise<LocalHost> {
  const { programs, bridge, environment } = materials;
  const user = materials.inUserNamespace ? ['--preserve-credentials', '--user'] : [];
  const enterBridge = [programs.nsenter, ...user, '--net', '--mount', `--target=${bridge.pid}`, '--'];
  const unshare = [programs.unshare, '--net', '--mount', '--uts', '--pid', '--kill-child', '--mount-proc', '--'];
  const init = [programs.bash, path.join(import.meta.dirname, 'host-init.sh'), host.name, programs.ip];
  const { nodeBinary, assetsFolder, buildFolder, resultsFolder } = materials;
  const outside = materials.outsideServers.flatMap((server) => [server.name, server.folder, server.buildFolder]);
  const servers = [String(materials.outsideServers.length), ...outside];
  const layout = [nodeBinary, assetsFolder, buildFolder, resultsFolder, hostPrograms, ...servers];
  const namespace = await startNamespaceProcess(
    [...enterBridge, ...unshare, ...init, ...layout, ...entriesInUse('/tmp', environment)],
    environment,
  );
  materials.onNamespace(namespace);
  const onHost = (hostPath: string): string => `/proc/${namespace.pid}/root${path.posix.resolve('/', hostPath)}`;

  await namespace.waitForLine('mounted');
  for (const [file, text] of Object.entries(hostFiles(materials, host))) {
    await writeFile(onHost(`${hostRoot}/${file}`), text);
  }
  bridge.send(`${index} ${namespace.pid} ${hardwareAddress(host)}`);
  await bridge.waitForLine(`attached ${index}`);
  namespace.send('');
  await namespace.waitForLine('ready');

  const processes = `/proc/${namespace.pid}/ns/pid_for_children`;
  // The kernel gives the number of a namespace that is gone to the next one, maybe of another lab: this one stays as long as it is open.
  materials.onHeld(openSync(processes, 'r'));
  const processNamespace = await readlink(processes);
  const enterHost = ['--mount', '--uts', `--pid=${processes}`, `--target=${namespace.pid}`, '--'];
  return {
    ...host,
    isAlive: () => namespace.isAlive(),
    path: onHost,
    spawn: (argv, { env = {}, cwd = '/', network = 'load' } = {}) => {
      if (!namespace.isAlive()) throw hostGone(host);
      const enter = [programs.nsenter, ...user, ...(network === 'load' ? ['--net'] : []), ...enterHost];
      const command = startHostProcess(enter, argv, cwd, { ...environment, ...env }, processNamespace);
      materials.onCommand(command);
      return command;
    },
  };
}

/** The files of a host's layout, relative to `/opt/c1mlab`. */
function hostFiles({ lab }: HostMaterials, host: Host): Readonly<Record<string, string>> {
  return {
    'host.env': hostEnvFile(lab, host),
    'backend.env': backendEnvFile,
    'tuning.conf': tuningFile(lab, host),
    'run/network': networkCommands(lab, host),
    'run/hosts': hostsFile(lab),
  };
}

function hostGone(host: Host): LabError {
  return new LabError(
    'runFailed',
    `the local host ${host.name} has ended`,
    'Start the run again; if it happens again, check the kernel log (dmesg) for processes killed for lack of memory',
  );
}
