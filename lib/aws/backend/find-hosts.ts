import { paginateDescribeInstances, type Instance } from '@aws-sdk/client-ec2';
import { paginateDescribeInstanceInformation, type InstanceInformation } from '@aws-sdk/client-ssm';
import { hostsOf, type Host } from '../../config/hosts.ts';
import { LabError } from '../../config/lab-error.ts';
import type { Lab } from '../../config/lab.ts';
import { expiryTag, latestEnd } from '../../config/host/tags.ts';
import type { AwsClients } from '../account/aws-access.ts';

/** A host of a lab as it is in the account. */
export interface HostState {
  readonly host: Host;
  /** Null when there is no instance for this host. */
  readonly instance: HostInstance | null;
}

/** The instance of a host. */
interface HostInstance {
  readonly id: string;
  readonly type: string;
  /** As EC2 spells it: pending, running, shutting-down, terminated, stopping, stopped. */
  readonly state: string;
  /** Why it is in this state, when somebody or something put it there. */
  readonly stateReason: string | null;
  readonly launchedUnixMillis: number;
  /** When it is terminated from outside at the latest; null when it has no expiry tag. */
  readonly endsUnixMillis: number | null;
  /** As SSM spells it: Online, ConnectionLost, Inactive; null when the agent has never been heard. */
  readonly ping: string | null;
  readonly agentVersion: string | null;
}

/** States in the order in which an instance is preferred, when several were made for one host. */
const states = ['running', 'pending', 'stopping', 'stopped', 'shutting-down', 'terminated'];

/** Every host that the lab should have, with its instance and what the agent there last said. */
export async function findHosts(clients: AwsClients, lab: Lab): Promise<readonly HostState[]> {
  const instances: Instance[] = [];
  const filters = [{ Name: 'tag:c1mlab:lab', Values: [lab.name] }];
  for await (const page of paginateDescribeInstances({ client: clients.ec2 }, { Filters: filters })) {
    for (const { Instances: found } of page.Reservations ?? []) instances.push(...(found ?? []));
  }
  const agents = new Map<string, InstanceInformation>();
  const ssmFilters = [{ Key: 'tag:c1mlab:lab', Values: [lab.name] }];
  for await (const page of paginateDescribeInstanceInformation({ client: clients.ssm }, { Filters: ssmFilters })) {
    for (const agent of page.InstanceInformationList ?? []) agents.set(agent.InstanceId ?? '', agent);
  }
  return hostsOf(lab).map((host) => {
    const name = `${lab.name}/${host.name}`;
    const [best] = instances
      .filter(({ Tags: tags }) => tags?.some(({ Key, Value }) => Key === 'c1mlab:host' && Value === name))
      .map((instance) => describeInstance(instance, agents.get(instance.InstanceId ?? '')))
      .sort((a, b) => rank(a) - rank(b) || b.launchedUnixMillis - a.launchedUnixMillis);
    return { host, instance: best ?? null };
  });
}

function rank({ state }: HostInstance): number {
  const place = states.indexOf(state);
  return place === -1 ? states.length : place;
}

function describeInstance(instance: Instance, agent: InstanceInformation | undefined): HostInstance {
  const launched = instance.LaunchTime ?? new Date(0);
  const expiry = instance.Tags?.find(({ Key }) => Key === expiryTag)?.Value;
  return {
    id: instance.InstanceId ?? '',
    type: instance.InstanceType ?? '',
    state: instance.State?.Name ?? 'unknown',
    stateReason: instance.StateReason?.Message ?? null,
    launchedUnixMillis: launched.getTime(),
    endsUnixMillis: latestEnd(launched, expiry)?.getTime() ?? null,
    ping: agent?.PingStatus ?? null,
    agentVersion: agent?.AgentVersion ?? null,
  };
}

/** What keeps a host from working, in words; null when it is running. */
export function whyNotRunning({ host, instance }: HostState): string | null {
  if (instance === null || instance.state === 'terminated') return `${host.name} is missing`;
  if (instance.state === 'running') return null;
  const reason = instance.stateReason === null ? '' : ` (${instance.stateReason})`;
  return `${host.name} (${instance.id}) is ${instance.state}${reason}`;
}

/** Sees that every host is running and its agent answers. Throws LabError `environment` that names those that do not. */
export function checkHosts(clients: AwsClients, lab: Lab, hosts: readonly HostState[]): void {
  const trouble = hosts.map(whyNotRunning).filter((why) => why !== null);
  if (trouble.length > 0) {
    const stopped = hosts.flatMap(({ instance }) => (instance?.state === 'stopped' ? [instance.id] : []));
    // EC2 gives a host with two interfaces no new public address when it is started again ("Amazon EC2 instance IP addressing").
    const canStart = stopped.length === trouble.length && lab.network.egress !== 'public';
    const again = `raise hosts.generation (now ${lab.hosts.generation}) in the lab file, then c1m up --yes --lab FILE`;
    throw new LabError(
      'environment',
      `the lab ${lab.name} in ${clients.region} is incomplete: ${trouble.join(', ')}`,
      canStart
        ? `start them: aws ec2 start-instances --region ${clients.region} --instance-ids ${stopped.join(' ')}`
        : `to replace hosts that are ${stopped.length === trouble.length ? 'stopped, which lose their public address' : 'gone'}, ${again}`,
    );
  }
  const silent = hosts.flatMap(({ host, instance }) =>
    instance === null || instance.ping === 'Online'
      ? []
      : [`${host.name} (${instance.id}): ${instance.ping ?? 'never heard of'}`],
  );
  if (silent.length > 0) {
    throw new LabError(
      'environment',
      `the SSM agent does not answer on ${silent.join(', ')}`,
      `a host that has just started needs a minute; otherwise reboot it: aws ec2 reboot-instances --region ${clients.region} --instance-ids …`,
    );
  }
}
