import type { Lab } from '../../config/lab.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { askPrices } from './ask-prices.ts';
import { findBilled } from './billed-hosts.ts';
import { describeDeployedCost, describeLabPrice } from './describe-cost.ts';

/** What the lab costs, in lines of text: the deployed one, else the one that would be deployed. Throws LabError `environment`. */
export async function costInAccount(clients: AwsClients, lab: Lab, now: Date): Promise<readonly string[]> {
  const deployed = await findBilled(clients, lab.name);
  const [first] = deployed.hosts;
  if (first === undefined && deployed.disks.length === 0) {
    const instanceTypes = [lab.server.instanceType, lab.load.instanceType];
    const prices = await askPrices(clients, { instanceTypes, zone: lab.network.availabilityZone, now });
    return [`${lab.name} is not deployed in ${clients.region}.`, ...describeLabPrice(lab, prices)];
  }
  const instanceTypes = deployed.hosts.map(({ instanceType }) => instanceType);
  const prices = await askPrices(clients, { instanceTypes, zone: first?.zone, now });
  return describeDeployedCost(lab.name, deployed, prices, now);
}
