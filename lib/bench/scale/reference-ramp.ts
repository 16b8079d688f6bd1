import { chmodSync, copyFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { articleLab } from '../../config/lab.ts';
import { startLocalLab } from '../../local/local-backend.ts';
import type { LocalHost } from '../../local/hosts/local-host.ts';

const firstServerPort = 8088;
const firstLocalPort = 1024;
const lastLocalPort = 65_535;
/** Attempts under way over all clients together, as many as the load generator has. */
const inFlightInAll = 512;
const inFlightLeast = 16;
const program = '/opt/c1mlab/runs/reference-client';

/** What the ramp of the C clients came to. */
export interface ReferenceRamp {
  /** From the start of the first client to the last open connection. */
  readonly seconds: number;
  readonly clientCpuSeconds: number;
}

/** What is to be opened. */
export interface ReferenceTask {
  readonly server: string;
  readonly connections: number;
  readonly serverProcesses: number;
  readonly memoryPreset: string;
  /** The compiled client. */
  readonly client: string;
}

/**
 * Opens as many connections with the client in C, to the same server, started by the lab's own host commands on hosts made anew; one client
 * for each server process, spread over the load hosts. The server must have been built.
 */
export async function rampReference(task: ReferenceTask): Promise<ReferenceRamp> {
  const lab = await startLocalLab(articleLab);
  try {
    const [server, ...load] = lab.hosts;
    if (server === undefined || load.length === 0) throw new Error('the local lab has no hosts');
    await Promise.all(lab.hosts.map((host) => hostCommand(host, 'prepare', { Run: 'reference' })));
    await hostCommand(server, 'start', {
      Run: 'reference',
      Server: task.server,
      ServerProcesses: String(task.serverProcesses),
      MemoryPreset: task.memoryPreset,
      Tls: 'no',
      Deflate: 'no',
    });
    for (const host of load) {
      const copy = host.path(program);
      copyFileSync(task.client, copy);
      chmodSync(copy, 0o755);
    }
    const began = performance.now();
    const cpu = await Promise.all(
      Array.from({ length: task.serverProcesses }, (_, n) =>
        openAll(task, server, load[n % load.length]!, n, Math.floor(n / load.length)),
      ),
    );
    const seconds = (performance.now() - began) / 1000;
    return { seconds, clientCpuSeconds: cpu.reduce((sum, each) => sum + each, 0) };
  } finally {
    await lab.close();
  }
}

async function hostCommand(host: LocalHost, name: string, parameters: Readonly<Record<string, string>>): Promise<void> {
  const env = Object.fromEntries(Object.entries(parameters).map(([key, value]) => [`SSM_${key}`, value]));
  const running = host.spawn([`/opt/c1mlab/assets/host/${name}`], { env });
  let words = '';
  running.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  running.stdout.resume();
  const { code } = await running.closed;
  if (code !== 0) throw new Error(`${name} on ${host.name} ended with exit code ${code}: ${words.trim()}`);
}

/** Opens the share of the n-th client; its processor time in seconds once all are open. */
async function openAll(
  task: ReferenceTask,
  server: LocalHost,
  host: LocalHost,
  n: number,
  onHost: number,
): Promise<number> {
  const { connections, serverProcesses } = task;
  const share = Math.floor((connections * (n + 1)) / serverProcesses) - Math.floor((connections * n) / serverProcesses);
  const sources = [host.address, ...host.secondaryAddresses];
  const sharesAnAddress = Math.floor((lastLocalPort - firstLocalPort + 1) / Math.ceil(connections / serverProcesses));
  // Clients on one host have ranges of local ports of their own, as the load generator's processes have.
  const source = sources[Math.floor(onHost / sharesAnAddress)];
  if (source === undefined) throw new Error(`${host.name} has too few addresses for ${connections} connections`);
  const localPort = firstLocalPort + (onHost % sharesAnAddress) * Math.ceil(connections / serverProcesses);
  const inFlight = Math.max(inFlightLeast, Math.floor(inFlightInAll / serverProcesses));
  const words = [server.address, firstServerPort + n, share, source, localPort, inFlight].map(String);
  const client = host.spawn([program, ...words]);
  client.stderr.resume();
  for await (const line of createInterface({ input: client.stdout })) {
    const [event, opened, , cpuMicros] = line.split(' ');
    if (event !== 'open') continue;
    if (Number(opened) !== share) throw new Error(`a C client opened ${opened} of ${share} connections`);
    return Number(cpuMicros) / 1e6;
  }
  throw new Error('a C client ended before its connections were open');
}
