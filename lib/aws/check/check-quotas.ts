import { paginateDescribeInstances, paginateDescribeVpcs, type Instance } from '@aws-sdk/client-ec2';
import { instanceTypeFacts } from '../../config/instance-types.ts';
import type { Lab } from '../../config/lab.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { ok, unavailable, type Result } from '../account/result.ts';
import { tryCall } from '../account/service-failure.ts';
import { typeCapacity } from '../account/type-capacity.ts';
import type { Finding } from './finding.ts';
import { askForMore, quotas, readQuota } from './quota.ts';

/** The families that the two vCPU quotas are of: A, C, D, H, I, M, R, T, Z (EC2 User Guide, "On-Demand Instance quotas"). */
const standardFamily = /^[acdhimrtz]\d/;

/** vCPUs that a lab's hosts have together; not known when EC2 does not say what one of its types has. */
async function vcpusOf(clients: AwsClients, { server, load }: Lab): Promise<Result<number>> {
  const types = [server.instanceType, load.instanceType];
  const found = await tryCall('ec2:DescribeInstanceTypes', () =>
    Promise.all(types.map((type) => typeCapacity(clients, type))),
  );
  if (!found.ok) return found;
  const [ofServer, ofLoad] = found.value;
  if (ofServer === undefined || ofLoad === undefined) {
    return unavailable(`EC2 does not say how many vCPUs ${types.join(' and ')} have`);
  }
  return ok(ofServer.vcpus + load.hosts * ofLoad.vcpus);
}

/** Whether the account may run the vCPUs of the lab beside what runs now. */
export async function checkVcpus(clients: AwsClients, lab: Lab): Promise<Finding> {
  const quota = lab.hosts.purchase === 'spot' ? quotas.spotVcpus : quotas.onDemandVcpus;
  const check = lab.hosts.purchase === 'spot' ? 'spot vCPU quota' : 'vCPU quota';
  const types = [lab.server.instanceType, lab.load.instanceType];
  const other = types.find((type) => !standardFamily.test(type));
  if (other !== undefined)
    return { check, state: 'not known', text: `${other} has a quota of its own, which is not looked at` };
  const hosts = await vcpusOf(clients, lab);
  if (!hosts.ok) return { check, state: 'not known', text: hosts.reason };
  const needed = hosts.value;
  const [allowed, running] = await Promise.all([
    readQuota(clients, quota),
    tryCall('ec2:DescribeInstances', () => readRunning(clients, lab)),
  ]);
  if (!allowed.ok) return { check, state: 'not known', text: `the lab needs ${needed}; ${allowed.reason}` };
  // Not enough for the lab alone: what runs beside it changes nothing.
  if (needed > allowed.value) {
    return {
      check,
      state: 'failed',
      text: `the lab needs ${needed}, the account may run ${allowed.value} in ${clients.region} (${quota.code})`,
      fix: `${askForMore(quota, needed, clients.region)}, or take smaller types`,
    };
  }
  if (!running.ok) {
    return {
      check,
      state: 'not known',
      text: `${allowed.value} are allowed, the lab needs ${needed}; ${running.reason}`,
    };
  }
  const { vcpus, ofLab, unknown } = running.value;
  const text = `the lab needs ${needed}, the account may run ${allowed.value} and runs ${vcpus} now${ofLab > 0 ? `, ${ofLab} of them this lab's own` : ''} (${quota.code})`;
  if (needed + vcpus > allowed.value) {
    const ask = askForMore(quota, needed + vcpus, clients.region);
    return {
      check,
      state: 'failed',
      text,
      fix:
        ofLab > 0
          ? `a changed lab is built beside the old one: destroy it first, or ${ask}`
          : `end what runs, or ${ask}`,
    };
  }
  if (unknown > 0) {
    return { check, state: 'not known', text: `${text}, beside ${unknown} instances whose vCPUs are not known` };
  }
  return { check, state: 'ok', text };
}

/** Whether the account may have one VPC more. */
export async function checkVpcs(clients: AwsClients): Promise<Finding> {
  const check = 'VPC quota';
  const [allowed, there] = await Promise.all([
    readQuota(clients, quotas.vpcs),
    tryCall('ec2:DescribeVpcs', async () => {
      let count = 0;
      for await (const { Vpcs = [] } of paginateDescribeVpcs({ client: clients.ec2 }, {})) count += Vpcs.length;
      return count;
    }),
  ]);
  if (!allowed.ok) return { check, state: 'not known', text: allowed.reason };
  if (!there.ok) return { check, state: 'not known', text: there.reason };
  const text = `${there.value} of ${allowed.value} VPCs are there, the lab makes one (${quotas.vpcs.code})`;
  if (there.value < allowed.value) return { check, state: 'ok', text };
  return {
    check,
    state: 'failed',
    text,
    fix: `delete one, give the lab one that is there (network.existing), or ${askForMore(quotas.vpcs, there.value + 1, clients.region)}`,
  };
}

/** vCPUs of standard families that run now and count towards the lab's quota. */
interface Running {
  readonly vcpus: number;
  /** Those of them that hosts of this lab have. */
  readonly ofLab: number;
  /** Instances whose vCPUs EC2 did not say. */
  readonly unknown: number;
}

async function readRunning({ ec2 }: AwsClients, lab: Lab): Promise<Running> {
  const spot = lab.hosts.purchase === 'spot';
  const states = [{ Name: 'instance-state-name', Values: ['pending', 'running'] }];
  let [vcpus, ofLab, unknown] = [0, 0, 0];
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters: states })) {
    for (const instance of Reservations.flatMap(({ Instances = [] }) => Instances)) {
      const { InstanceType = '', InstanceLifecycle, Tags = [] } = instance;
      if ((InstanceLifecycle === 'spot') !== spot || !standardFamily.test(InstanceType)) continue;
      const own = vcpusOfInstance(instance);
      if (own === undefined) unknown += 1;
      vcpus += own ?? 0;
      if (Tags.some(({ Key, Value }) => Key === 'c1mlab:lab' && Value === lab.name)) ofLab += own ?? 0;
    }
  }
  return { vcpus, ofLab, unknown };
}

function vcpusOfInstance({ InstanceType, CpuOptions }: Instance): number | undefined {
  const { CoreCount, ThreadsPerCore } = CpuOptions ?? {};
  if (CoreCount !== undefined && ThreadsPerCore !== undefined) return CoreCount * ThreadsPerCore;
  return instanceTypeFacts(InstanceType ?? '')?.vcpus;
}
