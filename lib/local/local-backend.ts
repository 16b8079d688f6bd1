import { SSMClient } from '@aws-sdk/client-ssm';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { hostRoot } from '../config/host/host-env-file.ts';
import type { Lab } from '../config/lab.ts';
import { LabError } from '../config/lab-error.ts';
import { documentName } from '../documents/benchmark.ts';
import { documentsOf } from '../documents/documents-of.ts';
import type { Capacity } from '../run/plan.ts';
import type { LabBackend } from '../run/lab-backend.ts';
import { agentHost } from './agent-host.ts';
import { createLocalHosts } from './hosts/create-local-hosts.ts';
import type { LocalHost } from './hosts/local-host.ts';
import type { OutsideServer } from './hosts/outside-servers.ts';
import { RawPull } from './pull-raw.ts';
import { createSsmRequestHandler, type SsmRequestHandler } from './ssm/request-handler.ts';
import type { SsmHost } from './ssm/ssm-host.ts';
import { within } from './within.ts';

const projectFolder = join(import.meta.dirname, '../..');

/** How long commands that still run are waited for when a lab is closed. */
const closeMillis = 3000;

/** How long tuning a host may take. */
const tuneMillis = 30_000;

/** Memory that the machine keeps for itself, bytes. */
const reservedBytes = 1e9;

/**
 * Makes a lab on this machine: namespace hosts, and an SSM client whose requests are answered in this process by executing the
 * lab's documents on them. `outsideServers` are server folders from elsewhere that its hosts have too. Throws LabError
 * `environment` when the machine does not allow it.
 */
export async function makeLocalBackend(lab: Lab, outsideServers: readonly OutsideServer[] = []): Promise<LabBackend> {
  let local = await startLocalLab(lab, outsideServers);
  const rawPull = new RawPull();
  return {
    lab,
    where: 'local',
    region: null,
    oneMachine: true,
    get ssm() {
      return local.ssm;
    },
    detachable: false,
    automationRoleArn: null,
    pollMillis: 100,
    statusMillis: 1000,
    silenceMillis: 10_000,
    cancelMillis: 8000,
    pullMillis: 1000,
    defaults: { connections: 10_000, workload: 'quick' },
    readCapacity: async () => readCapacity(),
    lostHosts: async () =>
      local.hosts.filter((host) => !host.isAlive()).map(({ name }) => `${name}: its processes have been ended`),
    // Raw files lie on the hosts' own temporary file systems, so that a full disk of the operator's spoils no measurement.
    fetchRaw: async (executionId, folder) => {
      for (const host of local.hosts) {
        await rawPull.pull(host.path(`${hostRoot}/runs/${executionId}`), join(folder, host.name));
      }
    },
    renewHosts: async () => {
      await local.close();
      local = await startLocalLab(lab, outsideServers);
    },
    close: () => local.close(),
  };
}

/** Hosts, and the SSM that runs documents on them; both are made anew for each measurement. */
export interface LocalLab {
  readonly hosts: readonly LocalHost[];
  /** The same hosts as SSM manages them, in the same order. */
  readonly agents: readonly SsmHost[];
  readonly requestHandler: SsmRequestHandler;
  readonly ssm: SSMClient;
  close(): Promise<void>;
}

/** Makes the hosts of a lab and the SSM that manages them. Throws LabError `environment` when the machine does not allow it. */
export async function startLocalLab(lab: Lab, outsideServers: readonly OutsideServer[] = []): Promise<LocalLab> {
  const local = await createLocalHosts(lab, {
    assetsFolder: join(projectFolder, 'assets'),
    nodeBinary: process.execPath,
    buildFolder: join(projectFolder, '.cache/local/build'),
    outsideServers,
  });
  try {
    const { hosts } = local;
    await Promise.all(hosts.map(tune));
    const agents = hosts.map((host) => agentHost(lab, host));
    const requestHandler = createSsmRequestHandler({
      documents: documentsOf(lab),
      hosts: agents,
      // The load network has no way out, and a build needs its registries.
      managementDocuments: new Set([documentName(lab, 'Build')]),
    });
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    return {
      hosts,
      agents,
      requestHandler,
      ssm: new SSMClient({ region: 'local', credentials, requestHandler }),
      close: async () => {
        // What does not end by itself ends with its host.
        await Promise.all([within(closeMillis, requestHandler.close()), local.close()]);
      },
    };
  } catch (error) {
    await local.close();
    throw error;
  }
}

/** Applies the tuning as user data does on EC2: by the same script. */
async function tune(host: LocalHost): Promise<void> {
  const command = host.spawn(['/opt/c1mlab/assets/host/tune']);
  let words = '';
  command.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  command.stdout.resume();
  const timer = setTimeout(() => command.kill('SIGKILL'), tuneMillis);
  const { code } = await command.closed;
  clearTimeout(timer);
  if (code !== 0) {
    throw new LabError(
      'environment',
      `the local host ${host.name} could not be tuned: ${words.trim()}`,
      'report this as a bug in the lab',
    );
  }
}

function readCapacity(): Capacity {
  const openFiles = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  const [allocated = 0, , maximum = 0] = readFileSync('/proc/sys/fs/file-nr', 'utf8').trim().split(/\s+/).map(Number);
  const availableKilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return {
    openFilesPerProcess: Number(openFiles ?? 1024),
    openFilesLeft: maximum - allocated,
    availableBytes: Number(availableKilobytes ?? 0) * 1024 - reservedBytes,
    memoryPreset: 'small',
    // The server needs processors too: one load process a host until there are more than four.
    minimumLoadProcesses: Math.max(1, Math.floor(cpus().length / 4)),
  };
}
