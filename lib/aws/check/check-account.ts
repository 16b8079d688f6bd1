import { fitOf } from '../../config/lab-fit.ts';
import type { Lab } from '../../config/lab.ts';
import type { AwsClients } from '../account/aws-access.ts';
import { ok, unavailable, type Result } from '../account/result.ts';
import { tryCall, serviceError, understandFailure } from '../account/service-failure.ts';
import { askPrices } from '../cost/ask-prices.ts';
import { dollars } from '../cost/describe-cost.ts';
import { billedOf, billOf, hourOf, type BillLine } from '../cost/lab-price.ts';
import { checkImage } from './check-image.ts';
import { checkVcpus, checkVpcs } from './check-quotas.ts';
import { checkSubnet } from './check-subnet.ts';
import { checkTypes } from './check-types.ts';
import { checkZone } from './check-zone.ts';
import type { Finding } from './finding.ts';
import { readOfferings, readZones, type Zone } from './zones.ts';

/** What an account is good for. */
export interface AccountCheck {
  readonly findings: readonly Finding[];
  /** The zone to deploy to; null when there is none or it is not known. */
  readonly zone: Zone | null;
  /** What the lab would cost an hour. */
  readonly bill: readonly BillLine[];
}

/** How an account is checked. */
export interface CheckOptions {
  readonly now: Date;
  /** The zone that is found will be named in the lab file. */
  readonly willNameZone: boolean;
}

/**
 * Asks an account everything that could stop a deploy of the lab. Throws LabError `environment` when the account does not
 * let itself be asked at all: no credentials, expired ones, no right to ask EC2, no network.
 */
export async function checkAccount(clients: AwsClients, lab: Lab, options: CheckOptions): Promise<AccountCheck> {
  const zones = await firstAnswer(clients);
  const types = [...new Set([lab.server.instanceType, lab.load.instanceType])];
  const offerings = await tryCall('ec2:DescribeInstanceTypeOfferings', () => readOfferings(clients, types));
  const choice = checkZone(lab, { region: clients.region, zones, offerings }, options.willNameZone);
  const [subnet, image, limits, vcpus, vpcs, prices] = await Promise.all([
    checkSubnet(clients, lab),
    checkImage(clients, lab),
    checkTypes(clients, lab),
    checkVcpus(clients, lab),
    lab.network.existing === undefined ? checkVpcs(clients) : null,
    askPrices(clients, {
      instanceTypes: types,
      zone: choice.zone?.name ?? lab.network.availabilityZone,
      now: options.now,
    }),
  ]);
  const bill = billOf(billedOf(lab), prices);
  const findings = [
    zones.ok
      ? ({ check: 'credentials', state: 'ok', text: `EC2 answers in ${clients.region}` } as const)
      : ({ check: 'credentials', state: 'not known', text: zones.reason } as const),
    checkArithmetic(lab),
    choice.finding,
    ...subnet,
    ...image,
    ...limits,
    vcpus,
    ...(vpcs === null ? [] : [vpcs]),
    checkPrice(lab, bill),
  ];
  return { findings, zone: choice.zone, bill };
}

/** The first question shows whether there is any point in asking on. */
async function firstAnswer(clients: AwsClients): Promise<Result<readonly Zone[]>> {
  const action = 'ec2:DescribeAvailabilityZones';
  try {
    return ok(await readZones(clients));
  } catch (error) {
    const failure = understandFailure(action, error);
    if (failure.kind === 'other') return unavailable(failure.text);
    throw serviceError(action, error);
  }
}

function checkArithmetic(lab: Lab): Finding {
  const { errors } = fitOf(lab);
  const check = 'lab';
  if (errors.length > 0) {
    return {
      check,
      state: 'failed',
      text: errors.join('; '),
      fix: 'correct the lab file; c1m plan makes one that fits',
    };
  }
  return {
    check,
    state: 'ok',
    text: `${lab.connections} connections fit 1 ${lab.server.instanceType} and ${lab.load.hosts} ${lab.load.instanceType} on paper`,
  };
}

function checkPrice(lab: Lab, bill: readonly BillLine[]): Finding {
  const hour = hourOf(bill);
  if (!hour.ok) return { check: 'price', state: 'not known', text: hour.reason };
  const { hours } = lab.lifetime;
  return {
    check: 'price',
    state: 'ok',
    text: `${dollars(hour.value)} an hour, ${dollars(hour.value * hours)} in the ${hours} h that a host lives without a run`,
  };
}
