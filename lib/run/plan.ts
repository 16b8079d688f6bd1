import { maxServerProcesses } from '../config/hosts.ts';
import { LabError } from '../config/lab-error.ts';
import type { Lab } from '../config/lab.ts';
import type { MemoryPresetName, ServerDescription } from '../config/servers.ts';
import type { RunRequest } from './run-request.ts';

/** What the hosts can hold. On one machine the server and the load hosts share memory and file descriptors. */
export interface Capacity {
  /** Descriptors that one process may open (the hard limit of RLIMIT_NOFILE). */
  readonly openFilesPerProcess: number;
  /** Descriptors that the machine may still open; null where each host is a machine of its own and has enough. */
  readonly openFilesLeft: number | null;
  /** Memory that is to be had on the server's machine, bytes; null where it is not known before the run. */
  readonly availableBytes: number | null;
  /** The preset that fits these hosts when none is asked for. */
  readonly memoryPreset: MemoryPresetName;
  /** Load processes a host runs at least: one for each processor that it has for them. */
  readonly minimumLoadProcesses: number;
}

/** How one server will be measured: the parameters of one benchmark execution. */
export interface MeasurementPlan {
  readonly server: string;
  readonly connections: number;
  readonly connectRate: number;
  readonly broadcasts: number;
  readonly intervalSeconds: number;
  readonly echoRate: number;
  readonly echoSeconds: number;
  readonly serverProcesses: number;
  readonly loadProcesses: number;
  readonly memoryPreset: MemoryPresetName;
  /** What the run will take by the figures of server.json, bytes: of the server's machine, or of the one machine that all share. */
  readonly expectedBytes: number;
}

/** Descriptors a process needs beside its connections: jars, logs, epoll, listeners. */
const reservedDescriptors = 600;
/** Kernel memory of a connection when both ends are on this machine, bytes: 6.2 kB unreclaimable was measured, with a margin. */
const kernelPairBytes = 7000;
/** Kernel memory of one end of a connection, bytes: what a host has that is a machine of its own. */
const kernelEndBytes = kernelPairBytes / 2;
/** Private memory of a load process, bytes: 62 of them took 873 MB together. */
const loadProcessBytes = 16e6;
/** Local ports of one address: 1024 to 65535 without those reserved for servers. */
const portsPerAddress = 65_535 - 1024 + 1 - maxServerProcesses;

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
const count = (value: number): string => value.toLocaleString('en').replaceAll(',', ' ');

/**
 * Plans the measurement of one server, and says before anything starts whether it fits.
 * Throws LabError `environment` when it does not, naming the wall and what would fit.
 */
export function planMeasurement(
  request: RunRequest,
  server: ServerDescription,
  lab: Lab,
  capacity: Capacity,
): MeasurementPlan {
  const { connections } = request;
  const perProcess = Math.min(
    capacity.openFilesPerProcess - reservedDescriptors,
    server.singleProcessConnections ?? Number.POSITIVE_INFINITY,
  );
  if (perProcess < 1) {
    throw new LabError(
      'environment',
      `a process may open only ${count(capacity.openFilesPerProcess)} files here, which leaves nothing for connections`,
      `raise the hard limit of open files (ulimit -Hn) to ${count(reservedDescriptors * 2)} or more`,
    );
  }
  const serverProcesses = request.serverProcesses ?? Math.max(1, Math.ceil(connections / perProcess));
  const perHost = Math.ceil(connections / lab.load.hosts);
  const loadPerProcess = capacity.openFilesPerProcess - reservedDescriptors;
  const loadProcesses =
    request.loadProcesses ?? Math.max(1, capacity.minimumLoadProcesses, Math.ceil(perHost / loadPerProcess));

  checkProcesses(request, serverProcesses, perProcess);
  checkPorts(connections, serverProcesses, lab);
  checkDescriptors(connections, serverProcesses, loadProcesses * lab.load.hosts, capacity);

  const oneMachine = capacity.openFilesLeft !== null;
  const { bytesPerConnection, baseBytes } = server.expected;
  const connectionBytes = (oneMachine ? kernelPairBytes : kernelEndBytes) + bytesPerConnection;
  const loadBytes = oneMachine ? loadProcesses * lab.load.hosts * loadProcessBytes : 0;
  const fixed = serverProcesses * baseBytes + loadBytes;
  const expectedBytes = connections * connectionBytes + fixed;
  if (capacity.availableBytes !== null && expectedBytes > capacity.availableBytes) {
    const fitting = Math.floor((capacity.availableBytes - fixed) / connectionBytes / 1000) * 1000;
    throw new LabError(
      'environment',
      `${count(connections)} connections to ${server.name} need about ${gigabytes(expectedBytes)}, and ${gigabytes(capacity.availableBytes)} of memory are available`,
      fitting > 0 ? `ask for at most --connections ${fitting}, or free memory` : 'free memory, or use a larger machine',
    );
  }

  return {
    server: server.name,
    connections,
    // The ramp takes at least five seconds, so that memory is sampled while it grows.
    connectRate: request.connectRate ?? Math.max(500, Math.min(15_000, Math.ceil(connections / 5))),
    broadcasts: request.broadcasts,
    intervalSeconds: request.intervalSeconds,
    echoRate: request.echoRate,
    echoSeconds: request.echoSeconds,
    serverProcesses,
    loadProcesses,
    memoryPreset: request.memoryPreset ?? capacity.memoryPreset,
    expectedBytes,
  };
}

function checkProcesses(request: RunRequest, serverProcesses: number, perProcess: number): void {
  if (serverProcesses > maxServerProcesses) {
    throw new LabError(
      'environment',
      `${count(request.connections)} connections need ${serverProcesses} server processes of ${count(perProcess)}, and a lab has at most ${maxServerProcesses}`,
      `ask for at most --connections ${perProcess * maxServerProcesses}, or raise the hard limit of open files (ulimit -Hn)`,
    );
  }
  if (request.connections > serverProcesses * perProcess) {
    throw new LabError(
      'environment',
      `${count(request.connections)} connections do not fit into ${serverProcesses} server process(es) of ${count(perProcess)}`,
      `leave --server-processes out, or give at least ${Math.ceil(request.connections / perProcess)}`,
    );
  }
}

function checkPorts(connections: number, serverProcesses: number, lab: Lab): void {
  const addresses = Math.max(1, lab.load.secondaryAddresses) * lab.load.hosts;
  const most = addresses * portsPerAddress * serverProcesses;
  if (connections > most) {
    throw new LabError(
      'environment',
      `${count(connections)} connections need more than ${count(portsPerAddress)} local ports x ${addresses} client addresses x ${serverProcesses} server port(s) = ${count(most)}`,
      'give the load hosts more secondary addresses, add load hosts, or start more server processes',
    );
  }
}

function checkDescriptors(connections: number, servers: number, loads: number, capacity: Capacity): void {
  if (capacity.openFilesLeft === null) return;
  const needed = 2 * connections + (servers + loads) * 100;
  if (needed > capacity.openFilesLeft) {
    throw new LabError(
      'environment',
      `${count(connections)} connections open ${count(needed)} files on this machine, which allows ${count(capacity.openFilesLeft)} more`,
      `as root: sysctl -w fs.file-max=${Math.ceil((needed * 1.1) / 1e5) * 1e5 + 1e6}, or ask for at most --connections ${Math.floor((capacity.openFilesLeft - (servers + loads) * 100) / 2)}`,
    );
  }
}

/** The parameters of the Benchmark document for a plan. */
export function benchmarkParameters(plan: MeasurementPlan): Record<string, string[]> {
  return {
    Server: [plan.server],
    Connections: [String(plan.connections)],
    ConnectRate: [String(plan.connectRate)],
    Broadcasts: [String(plan.broadcasts)],
    IntervalSeconds: [String(plan.intervalSeconds)],
    EchoRate: [String(plan.echoRate)],
    EchoSeconds: [String(plan.echoSeconds)],
    ServerProcesses: [String(plan.serverProcesses)],
    LoadProcesses: [String(plan.loadProcesses)],
    MemoryPreset: [plan.memoryPreset],
  };
}
