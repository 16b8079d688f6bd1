import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { PricingClient } from '@aws-sdk/client-pricing';
import { S3Client } from '@aws-sdk/client-s3';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SSMClient } from '@aws-sdk/client-ssm';
import { LabError } from '../../config/lab-error.ts';

/** How AWS is reached. What is left out, the SDK finds as it always does: environment, profile, instance. */
export interface AwsAccess {
  /** The region when the command line names none; undefined leaves it to the SDK (AWS_REGION, the profile). */
  readonly region?: string;
  /** What the SDK would send requests with; tests give their own. */
  readonly requestHandler?: EC2ClientConfig['requestHandler'];
  readonly credentials?: EC2ClientConfig['credentials'];
  /** AWS_ENDPOINT_URL, which the SDK reads by itself: here only to see that buckets cannot be part of its host name. */
  readonly endpointUrl?: string;
  /** Tries of one call, the first included. @default 4 */
  readonly maxAttempts?: number;
}

/** The clients of one account in one region. */
export interface AwsClients {
  readonly region: string;
  readonly cloudFormation: CloudFormationClient;
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  readonly s3: S3Client;
  readonly quotas: ServiceQuotasClient;
  readonly pricing: PricingClient;
}

/** How long a connection may take, and how long one may be silent that an answer is awaited on: the SDK itself waits for ever. */
const patience = { connectionTimeout: 5000, socketTimeout: 15_000 };

/** The Pricing API answers for all regions in this one (AWS Price List, "Endpoints"). */
const pricingRegion = 'us-east-1';

/** Clients for a region, the given one or the operator's own. Throws LabError `environment` when there is none. */
export async function connectAws(access: AwsAccess, wantedRegion?: string): Promise<AwsClients> {
  const region = wantedRegion ?? access.region ?? (await regionOfProfile());
  const options = {
    region,
    maxAttempts: access.maxAttempts ?? 4,
    requestHandler: access.requestHandler ?? patience,
    ...(access.credentials === undefined ? {} : { credentials: access.credentials }),
  };
  return {
    region,
    cloudFormation: new CloudFormationClient(options),
    ec2: new EC2Client(options),
    ssm: new SSMClient(options),
    s3: new S3Client({ ...options, forcePathStyle: /^https?:\/\/localhost[:/]?/.test(access.endpointUrl ?? '') }),
    quotas: new ServiceQuotasClient(options),
    pricing: new PricingClient({ ...options, region: pricingRegion }),
  };
}

async function regionOfProfile(): Promise<string> {
  try {
    return await new EC2Client({}).config.region();
  } catch (error) {
    throw new LabError(
      'environment',
      'no AWS region is given',
      'give --region, such as --region us-east-1, or set AWS_REGION or the region of your profile (aws configure)',
      { cause: error },
    );
  }
}
