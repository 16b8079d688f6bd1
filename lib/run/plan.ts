import { phasesOfKind, plannedSeconds, type Workload } from '../../assets/loadgen/workload/phase-kinds.ts';
import { formatWorkload } from '../../assets/loadgen/workload/workload.ts';
import { maxServerProcesses } from '../config/hosts.ts';
import { LabError } from '../config/lab-error.ts';
import { kernelBytesPerConnection, portsPerAddress } from '../config/lab-fit.ts';
import type { Lab } from '../config/lab.ts';
import type { MemoryPresetName, ServerDescription } from '../config/servers.ts';
import { driveTimeoutSeconds } from '../documents/host-commands.ts';
import { wholeNumber, withUnit } from '../text/units.ts';
import type { RunRequest } from './run.ts';

/** What the hosts can hold. On one machine the server and the load hosts share memory and file descriptors. */
export interface Capacity {
  /** Descriptors that one process may open (the hard limit of RLIMIT_NOFILE). */
  readonly openFilesPerProcess: number;
  /** Descriptors that the machine may still open; null where each host is a machine of its own and has enough. */
  readonly openFilesLeft: number | null;
  /** Memory available on the server's machine, bytes; null where it is not known before the run. */
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
  readonly workload: Workload;
  readonly serverProcesses: number;
  readonly loadProcesses: number;
  readonly memoryPreset: MemoryPresetName;
  readonly tls: boolean;
  readonly deflate: boolean;
  /** What the run will take by the figures of server.json, bytes: of the server's machine, or of the one machine that all share. */
  readonly expectedBytes: number;
}

/** Descriptors a process needs beside its connections: jars, logs, epoll, listeners. */
const reservedDescriptors = 600;
/** Kernel memory planned for one end of a connection, bytes: what an idle one takes, and a margin for buffers in use. */
const kernelEndBytes = kernelBytesPerConnection + 400;
/** What TLS adds to a server's memory a connection where its server.json does not say, bytes: what Node takes. */
const unknownTlsBytes = 40_000;
/** The same for compression: both ways' streams of zlib with its defaults, which many libraries keep for each connection. */
const unknownDeflateBytes = 300_000;
/** Private memory of a load process, bytes: 62 of them took 873 MB together. */
const loadProcessBytes = 16e6;

/** How long opening the connections may take, seconds: Ramp waits 7000 s, and the last ones take their time. */
const longestRampSeconds = 6600;
/** How long the workload may take, seconds: the units on the hosts run for a day, and the ramp is before. */
const longestWorkloadSeconds = 22 * 3600;
/**
 * What a run may take with the rights of whoever starts it, seconds: an automation ends after 12 hours then, and not with a role of
 * its own (Systems Manager User Guide, "Configuring a service role (assume role) access for automations"). An hour is for builds,
 * collecting and stopping.
 */
const longestAsStarterSeconds = 11 * 3600;

/** What keeps a measurement from fitting onto the hosts, and what moves it out of the way beside asking for fewer connections. */
interface Obstacle {
  readonly message: string;
  readonly hint: string | null;
}

/**
 * Plans the measurement of one server, and says before anything starts whether it fits. Throws LabError `environment` when it does
 * not, naming the wall and how many connections would fit, and LabError `usage` for what takes longer than a run may.
 */
export function planMeasurement(
  request: RunRequest,
  server: ServerDescription,
  lab: Lab,
  capacity: Capacity,
): MeasurementPlan {
  if (capacity.openFilesPerProcess <= reservedDescriptors) {
    throw new LabError(
      'environment',
      `a process may open only ${wholeNumber(capacity.openFilesPerProcess)} files here, which leaves nothing for connections`,
      `raise the hard limit of open files (ulimit -Hn) to ${wholeNumber(reservedDescriptors * 2)} or more`,
    );
  }
  const plan = sizesOf(request, server, lab, capacity);
  const obstacle = obstacleTo(plan, perServerProcess(server, capacity), lab, capacity);
  if (obstacle !== null) {
    const fitting = mostFitting(request, server, lab, capacity);
    const fewer = fitting > 0 ? `ask for at most --connections ${fitting}` : null;
    const hints = [fewer, obstacle.hint].filter((hint) => hint !== null);
    throw new LabError('environment', obstacle.message, hints.join(', or '));
  }
  checkTimes(plan);
  checkLifetime(plan, lab, capacity);
  return plan;
}

/** Connections that one process of the server holds at most. */
function perServerProcess(server: ServerDescription, capacity: Capacity): number {
  return Math.min(
    capacity.openFilesPerProcess - reservedDescriptors,
    server.singleProcessConnections ?? Number.POSITIVE_INFINITY,
  );
}

/**
 * Server processes for a run: as few as can hold its connections. Where that is more than one, a process also has descriptors for those
 * that come back from a storm while it still holds what was cut: without them, accept fails, and some servers then let nobody in any more.
 */
function serverProcessesFor(
  { connections, workload }: RunRequest,
  server: ServerDescription,
  capacity: Capacity,
): number {
  const least = Math.max(1, Math.ceil(connections / perServerProcess(server, capacity)));
  if (least === 1) return least;
  const cutPercent = Math.max(0, ...phasesOfKind(workload, 'storm').map((storm) => storm.cutPercent));
  const files = connections * (1 + cutPercent / 100);
  const roomy = Math.ceil(files / (capacity.openFilesPerProcess - reservedDescriptors));
  return Math.max(least, Math.min(roomy, maxServerProcesses));
}

function sizesOf(request: RunRequest, server: ServerDescription, lab: Lab, capacity: Capacity): MeasurementPlan {
  const { connections } = request;
  const serverProcesses = request.serverProcesses ?? serverProcessesFor(request, server, capacity);
  const perHost = Math.ceil(connections / lab.load.hosts);
  const loadPerProcess = capacity.openFilesPerProcess - reservedDescriptors;
  const loadProcesses =
    request.loadProcesses ?? Math.max(1, capacity.minimumLoadProcesses, Math.ceil(perHost / loadPerProcess));

  const oneMachine = capacity.openFilesLeft !== null;
  const { expected } = server;
  const connectionBytes =
    (oneMachine ? 2 : 1) * kernelEndBytes +
    expected.bytesPerConnection +
    (request.tls ? (expected.tlsBytesPerConnection ?? unknownTlsBytes) : 0) +
    (request.deflate ? (expected.deflateBytesPerConnection ?? unknownDeflateBytes) : 0);
  const loadBytes = oneMachine ? loadProcesses * lab.load.hosts * loadProcessBytes : 0;
  return {
    server: server.name,
    connections,
    // The ramp takes five seconds, so that memory is sampled while it grows; a small run, whose memory is noise, need not wait.
    connectRate: request.connectRate ?? Math.max(500, Math.min(15_000, Math.ceil(connections / 5))),
    workload: request.workload,
    serverProcesses,
    loadProcesses,
    memoryPreset: request.memoryPreset ?? capacity.memoryPreset,
    tls: request.tls,
    deflate: request.deflate,
    expectedBytes: connections * connectionBytes + serverProcesses * expected.baseBytes + loadBytes,
  };
}

/** A host on AWS ends itself so many hours after Prepare; Drive refuses a workload for which too few are left. */
function checkLifetime(plan: MeasurementPlan, { lifetime }: Lab, { openFilesLeft }: Capacity): void {
  if (openFilesLeft !== null) return;
  const { connections, connectRate, workload } = plan;
  const minutes = Math.floor((connections / connectRate + plannedSeconds(workload)) / 60) + 1;
  if (minutes < lifetime.hours * 60) return;
  throw new LabError(
    'environment',
    `opening ${wholeNumber(connections)} connections and the workload take up to ${minutes} minutes, but a host of the lab ends ${lifetime.hours * 60} minutes after a run begins`,
    'use a shorter --workload (fewer --broadcasts, a shorter --interval), or raise lifetime.hours in the lab file and deploy again',
  );
}

/** The first wall that a plan would hit: processes, ports, descriptors, memory; null when it fits. */
function obstacleTo(plan: MeasurementPlan, perProcess: number, lab: Lab, capacity: Capacity): Obstacle | null {
  const { connections, serverProcesses, expectedBytes } = plan;
  if (serverProcesses > maxServerProcesses) {
    return {
      message: `${wholeNumber(connections)} connections need ${serverProcesses} server processes of ${wholeNumber(perProcess)}, and a lab has at most ${maxServerProcesses}`,
      hint: 'raise the hard limit of open files (ulimit -Hn)',
    };
  }
  if (connections > serverProcesses * perProcess) {
    return {
      message: `${wholeNumber(connections)} connections do not fit into ${serverProcesses} server process(es) of ${wholeNumber(perProcess)}`,
      hint: `remove --server-processes, or give at least ${Math.ceil(connections / perProcess)}`,
    };
  }
  const addresses = Math.max(1, lab.load.secondaryAddresses) * lab.load.hosts;
  const most = addresses * portsPerAddress * serverProcesses;
  if (connections > most) {
    return {
      message: `${wholeNumber(connections)} connections need more than ${wholeNumber(portsPerAddress)} local ports x ${addresses} client addresses x ${serverProcesses} server port(s) = ${wholeNumber(most)}`,
      hint: 'give the load hosts more secondary addresses, add load hosts, or start more server processes',
    };
  }
  const openFiles = 2 * connections + (serverProcesses + plan.loadProcesses * lab.load.hosts) * 100;
  if (capacity.openFilesLeft !== null && openFiles > capacity.openFilesLeft) {
    return {
      message: `${wholeNumber(connections)} connections open ${wholeNumber(openFiles)} files on this machine, which allows ${wholeNumber(capacity.openFilesLeft)} more`,
      hint: `as root: sysctl -w fs.file-max=${Math.ceil((openFiles * 1.1) / 1e5) * 1e5 + 1e6}`,
    };
  }
  if (capacity.availableBytes !== null && expectedBytes > capacity.availableBytes) {
    return {
      message: `${wholeNumber(connections)} connections to ${plan.server} need about ${withUnit('bytes', expectedBytes)}, and ${withUnit('bytes', capacity.availableBytes)} of memory are available`,
      hint: 'free memory, or use a larger machine',
    };
  }
  return null;
}

/** The most connections that hit no wall, in whole thousands where there are some; 0 when not even one fits. */
function mostFitting(request: RunRequest, server: ServerDescription, lab: Lab, capacity: Capacity): number {
  const fits = (connections: number): boolean => {
    const plan = sizesOf({ ...request, connections }, server, lab, capacity);
    return obstacleTo(plan, perServerProcess(server, capacity), lab, capacity) === null;
  };
  let [fitting, tooMany] = [0, request.connections];
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2);
    if (fits(middle)) fitting = middle;
    else tooMany = middle;
  }
  return fitting < 1000 ? fitting : Math.floor(fitting / 1000) * 1000;
}

/** Throws LabError `usage` for a ramp or a workload that takes many hours: the documents would cut it off. */
export function checkTimes(plan: Pick<MeasurementPlan, 'connections' | 'connectRate' | 'workload'>): void {
  const { connections, connectRate, workload } = plan;
  const rampSeconds = connections / connectRate;
  if (rampSeconds > longestRampSeconds) {
    throw new LabError(
      'usage',
      `${wholeNumber(connections)} connections at ${wholeNumber(connectRate)} a second take ${wholeNumber(Math.ceil(rampSeconds))} s to open, and a ramp may take ${wholeNumber(longestRampSeconds)} s`,
      `give --connect-rate ${Math.ceil(connections / longestRampSeconds)} or more`,
    );
  }
  const seconds = plannedSeconds(workload);
  if (seconds > longestWorkloadSeconds) {
    throw new LabError(
      'usage',
      `the workload takes up to ${wholeNumber(Math.ceil(seconds / 3600))} h, and a measurement may take ${longestWorkloadSeconds / 3600} h`,
      'use fewer --broadcasts, a shorter --interval, or shorter phases',
    );
  }
}

/** The parameters of the Benchmark document for a plan. `automationRoleArn` is for long runs; null where there is none. */
export function benchmarkParameters(plan: MeasurementPlan, automationRoleArn: string | null): Record<string, string[]> {
  const isLong = plan.connections / plan.connectRate + plannedSeconds(plan.workload) > longestAsStarterSeconds;
  return {
    ...(isLong && automationRoleArn !== null ? { AutomationAssumeRole: [automationRoleArn] } : {}),
    Server: [plan.server],
    Connections: [String(plan.connections)],
    ConnectRate: [String(plan.connectRate)],
    Workload: [formatWorkload(plan.workload)],
    DriveTimeoutSeconds: [String(driveTimeoutSeconds(plannedSeconds(plan.workload)))],
    ServerProcesses: [String(plan.serverProcesses)],
    LoadProcesses: [String(plan.loadProcesses)],
    MemoryPreset: [plan.memoryPreset],
    Tls: [plan.tls ? 'yes' : 'no'],
    Deflate: [plan.deflate ? 'yes' : 'no'],
  };
}
