import type { PriceBook } from '../aws/cost/price-book.ts';
import { billedOf, billOf, hourOf } from '../aws/cost/lab-price.ts';
import { dollars } from '../aws/cost/describe-cost.ts';
import { maxServerProcesses } from '../config/hosts.ts';
import { portsPerAddress } from '../config/lab-fit.ts';
import { textTable } from '../text/text-table.ts';
import { threeDigits, wholeNumber, withUnit } from '../text/units.ts';
import { connectionsPerProcess, connectRate, type Figure } from './figures.ts';
import type { Memory, ScalePlan } from './plan-scale.ts';

/** A plan as lines of text: what it takes, what stands against it, what it costs. */
export function describePlan(plan: ScalePlan, prices: PriceBook): readonly string[] {
  const { lab, labs } = plan;
  const hour = hourOf(billOf(billedOf(lab), prices));
  const hours = lab.lifetime.hours;
  const addresses = plan.addressesPerLoadHost;
  const rows = [
    ['labs', `${labs}, ${wholeNumber(plan.connections)} connections each`],
    ['server host', `${lab.server.instanceType}: ${memory(plan.serverMemory)}`],
    [
      'load hosts',
      `${lab.load.hosts} x ${lab.load.instanceType}, ${wholeNumber(plan.connectionsPerLoadHost)} connections each: ${memory(plan.loadMemory)}`,
    ],
    [
      'addresses, ports',
      `${addresses} secondary addresses a load host x ${wholeNumber(portsPerAddress)} ports x ${lab.load.hosts} hosts = ${wholeNumber(addresses * portsPerAddress * lab.load.hosts)} to one server port`,
    ],
    [
      'descriptors',
      `${plan.serverProcesses} server ${plan.serverProcesses === 1 ? 'process' : 'processes'} (a port each, ${maxServerProcesses} at most) of ${wholeNumber(connectionsPerProcess)} connections at most`,
    ],
    [
      'ramp',
      `${wholeNumber(plan.rampSeconds)} s at ${wholeNumber(connectRate)}/s; ${threeDigits(plan.serverProcessors)} processors busy on the server, ${threeDigits(plan.loadProcessors)} on each load host`,
    ],
    [
      'broadcast',
      `${wholeNumber(plan.connections)} messages, ${withUnit('bytes', plan.broadcastBytes)} from each server host: ${threeDigits(plan.broadcastSeconds)} s (assumed rate)`,
    ],
    ['quotas', quotaText(plan)],
    [
      'SSM',
      `${labs} ${labs === 1 ? 'execution' : 'executions at once (100 by default)'}; ${lab.load.hosts} of 50 load hosts a lab, found by tag and asked all at once; ramp within its 7 200 s: ${plan.rampSeconds <= 7200 ? 'yes' : 'NO'}; a host's output 2 500 characters, the rest in S3`,
    ],
    ['S3', `about ${withUnit('bytes', plan.rawBytes)} of raw files a measurement`],
    [
      'price',
      hour.ok
        ? `${dollars(labs * hour.value)} an hour, ${dollars(labs * hour.value * hours)} in ${hours} h`
        : `not known: ${hour.reason}`,
    ],
    ['lab file', JSON.stringify(plan.labFile)],
    ...(labs === 1 ? [] : [['', 'each lab with a name of its own; a VPC each, so network.prefix may be the same']]),
  ];
  return [plan.title, ...textTable(rows, ['left', 'left']).map((line) => `  ${line}`)];
}

/** Where each figure comes from, as lines of text. */
export function describeFigures(figures: readonly Figure[]): readonly string[] {
  const rows = figures.map(({ basis, what, value, source }) => [basis, what, value, source]);
  return textTable(rows, ['left', 'left', 'right', 'left']);
}

function quotaText({ vcpus, labs, lab }: ScalePlan): string {
  const code = lab.hosts.purchase === 'spot' ? 'L-34B43A08' : 'L-1216C47A';
  const vpcs = labs > 5 ? `; ${labs} VPCs (L-F678F1CE, 5 by default)` : '';
  return `${wholeNumber(vcpus)} vCPUs (${code}; a new account has 5)${vpcs}`;
}

function memory({ needed, plannable }: Memory): string {
  return `${threeDigits(needed / 2 ** 30)} of ${threeDigits(plannable / 2 ** 30)} GiB that may be planned`;
}
