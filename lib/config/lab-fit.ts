import { instanceTypeFacts } from './instance-types.ts';
import { maxServerProcesses, type Host } from './hosts.ts';
import type { Lab } from './lab.ts';

/** Local ports one load address can use to one server port: 1024 to 65535 without those kept for servers. */
export const portsPerAddress = 65_535 - 1024 + 1 - maxServerProcesses;

/**
 * Kernel memory one end of an idle connection takes, in bytes: half of the 6.2 kB a pair of ends was measured to take on one
 * machine (both ends local, not reclaimable).
 */
export const kernelBytesPerConnection = 3_100;

/** What the load generator takes for a connection beside the kernel, in bytes, as measured on a prototype; rounded up. */
export const generatorBytesPerConnection = 700;

/** What of a host's memory may be planned for connections; the rest is the system's, Node's and the page cache's. */
export const plannableShare = 0.9;

/** What is wrong with a lab, and what cannot be told. */
export interface LabFit {
  /** Each a sentence with the setting, the value received, and the fix. Empty: the lab fits. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Checks a lab against the limits of its instance types and the arithmetic of ports, addresses and memory. */
export function fitOf(lab: Lab): LabFit {
  const errors: string[] = [];
  const warnings: string[] = [];
  const { server, load, network, lifetime } = lab;

  for (const role of ['server', 'load'] as const) {
    const fit = fitOfType(lab, role);
    errors.push(...fit.errors);
    warnings.push(...fit.warnings);
  }

  const addressesPerHost = Math.max(1, load.secondaryAddresses);
  const reachable = load.hosts * addressesPerHost * portsPerAddress;
  if (reachable < lab.connections) {
    const hosts = Math.ceil(lab.connections / (addressesPerHost * portsPerAddress));
    errors.push(
      `'connections' must be at most ${reachable} (${load.hosts} hosts x ${addressesPerHost} addresses x ${portsPerAddress} ports), got ${lab.connections}; ` +
        (hosts <= 50 ? `set load.hosts to ${hosts} or add addresses` : 'add addresses and hosts'),
    );
  }

  const serverMemory = instanceTypeFacts(server.instanceType)?.memoryGiB;
  const serverNeed = gib(lab.connections * kernelBytesPerConnection);
  if (serverMemory !== undefined && serverNeed > serverMemory * plannableShare) {
    errors.push(
      `'server.instanceType' must have more than ${rounded(serverNeed / plannableShare)} GiB for the kernel's part of ${lab.connections} connections alone, ${server.instanceType} has ${serverMemory}; choose a larger size`,
    );
  }
  const loadMemory = instanceTypeFacts(load.instanceType)?.memoryGiB;
  const loadNeed = gib((lab.connections / load.hosts) * (kernelBytesPerConnection + generatorBytesPerConnection));
  if (loadMemory !== undefined && loadNeed > loadMemory * plannableShare) {
    errors.push(
      `'load.instanceType' must have more than ${rounded(loadNeed / plannableShare)} GiB for ${Math.ceil(lab.connections / load.hosts)} connections a host, ${load.instanceType} has ${loadMemory}; choose a larger size or more hosts`,
    );
  }

  if (network.existing !== undefined && network.availabilityZone === undefined) {
    errors.push(
      `'network.availabilityZone' must be given with 'network.existing': it is the zone of ${network.existing.managementSubnetId}`,
    );
  }
  if (lifetime.maximumHours < lifetime.hours) {
    errors.push(
      `'lifetime.maximumHours' must be at least lifetime.hours (${lifetime.hours}), got ${lifetime.maximumHours}`,
    );
  }
  if (lab.hosts.image !== undefined && lab.hosts.kernel !== undefined) {
    errors.push(
      `'hosts.kernel' must not be given with 'hosts.image', which has a kernel of its own, got ${lab.hosts.kernel}; remove one of them`,
    );
  }
  warnings.push(...warningsOf(lab));
  return { errors, warnings };
}

/** What can be deployed and will probably not do what was meant. */
function warningsOf({ network, hosts, schedule, lifetime, budget, notify }: Lab): readonly string[] {
  const warnings: string[] = [];
  if (network.egress === 'endpoints' && hosts.image === undefined) {
    warnings.push(
      "'hosts.image' is not given with 'network.egress' endpoints: the registries of npm, Maven and Go cannot be reached, so neither the load generator nor a server can be built; docs/aws.md says how to make an image that holds the builds",
    );
  }
  if (network.egress !== 'endpoints' && network.existing?.routeTableId !== undefined) {
    warnings.push(`'network.existing.routeTableId' does nothing with 'network.egress' ${network.egress}`);
  }
  const everyHours = schedule === undefined ? null : hoursOfRate(schedule.expression);
  if (everyHours !== null && everyHours > lifetime.hours) {
    warnings.push(
      `'schedule.expression' starts a run every ${everyHours} h, and a host ends itself ${lifetime.hours} h after the last one: raise lifetime.hours, or most runs will find no hosts`,
    );
  }
  if (budget !== undefined && notify === undefined) {
    warnings.push("'budget' is given without 'notify': nobody hears when it is spent");
  }
  return warnings;
}

/** The hours between two runs of an expression such as `rate(6 hours)`; null for any other. */
function hoursOfRate(expression: string): number | null {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count === undefined) return null;
  return Number(count) * (unit === 'day' ? 24 : unit === 'hour' ? 1 : 1 / 60);
}

/** Checks the hosts of one role against the interfaces and addresses that their instance type takes. */
export function fitOfType(lab: Lab, role: Host['role']): LabFit {
  const type = lab[role].instanceType;
  const wanted = role === 'server' ? 0 : lab.load.secondaryAddresses;
  const facts = instanceTypeFacts(type);
  if (facts === undefined) {
    const warning = `'${role}.instanceType': the limits of ${type} are not known here, so nobody has checked that one of its interfaces takes ${1 + wanted} addresses`;
    return { errors: [], warnings: [warning] };
  }
  const errors: string[] = [];
  if (facts.interfaces < 2) {
    errors.push(
      `'${role}.instanceType' must have two interfaces, ${type} has ${facts.interfaces}; choose a larger size`,
    );
  }
  if (1 + wanted > facts.addressesPerInterface) {
    errors.push(
      `'load.secondaryAddresses' must be 0 to ${facts.addressesPerInterface - 1} on ${type}, got ${wanted}; use fewer addresses and more hosts, or a larger size`,
    );
  }
  return { errors, warnings: [] };
}

function gib(bytes: number): number {
  return bytes / 2 ** 30;
}

function rounded(value: number): string {
  return value.toFixed(1);
}
