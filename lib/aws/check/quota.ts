import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  NoSuchResourceException,
} from '@aws-sdk/client-service-quotas';
import type { AwsClients } from '../account/aws-access.ts';
import { ok, unavailable, type Result } from '../account/result.ts';
import { tryCall } from '../account/service-failure.ts';

/** A quota of an account in one region, as the Service Quotas console and `aws service-quotas` name it. */
export interface QuotaName {
  readonly service: 'ec2' | 'vpc';
  readonly code: string;
  readonly title: string;
}

/** The quotas that a lab comes near to, by AWS's own codes (Service Quotas). */
export const quotas = {
  onDemandVcpus: { service: 'ec2', code: 'L-1216C47A', title: 'Running On-Demand Standard instances, in vCPUs' },
  spotVcpus: { service: 'ec2', code: 'L-34B43A08', title: 'All Standard Spot Instance Requests, in vCPUs' },
  vpcs: { service: 'vpc', code: 'L-F678F1CE', title: 'VPCs per Region' },
} as const satisfies Readonly<Record<string, QuotaName>>;

/** What the account is allowed: its own quota, or AWS's default while nobody has asked for another. */
export async function readQuota({ quotas: client }: AwsClients, { service, code }: QuotaName): Promise<Result<number>> {
  const request = { ServiceCode: service, QuotaCode: code };
  const answer = await tryCall('servicequotas:GetServiceQuota', async () => {
    try {
      return await client.send(new GetServiceQuotaCommand(request));
    } catch (error) {
      if (!(error instanceof NoSuchResourceException)) throw error;
      return client.send(new GetAWSDefaultServiceQuotaCommand(request));
    }
  });
  if (!answer.ok) return answer;
  const value = answer.value.Quota?.Value;
  return value === undefined ? unavailable(`Service Quotas has no value of ${code}`) : ok(value);
}

/** The command that asks AWS for more. */
export function askForMore({ service, code }: QuotaName, value: number, region: string): string {
  return `ask for more: aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${value} --region ${region} (often granted within hours)`;
}
