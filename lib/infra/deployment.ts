import { Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { deploymentParameterName, deploymentValue, maxDeploymentLength } from '../config/deployment.ts';
import type { Lab } from '../config/lab.ts';
import type { LabDocument } from '../documents/documents-of.ts';
import { documentHash } from '../documents/document-hash.ts';
import { propsError } from './check-props.ts';

/** Props of {@link LabDeployment}. */
export interface LabDeploymentProps {
  /** The lab that is described; its name is in the parameter's name. */
  readonly lab: Lab;
  /** The documents that the lab installs. */
  readonly documents: readonly LabDocument[];
  /** Where hosts upload raw files to: `s3://bucket/prefix`. */
  readonly resultsUri: string;
  /** The role that a scheduled benchmark may run under. */
  readonly automationRoleArn: string;
}

/** How long the values can be that CloudFormation fills in: a bucket's name, an ARN. */
const longestResultsUri = 's3:///runs'.length + 63;
const longestRoleArn = 'arn:aws-us-gov:iam::123456789012:role/'.length + 64;

/** The SSM parameter by which `c1m` finds the lab: what was deployed, and where its results are. */
export class LabDeployment extends Construct {
  constructor(scope: Construct, id: string, props: LabDeploymentProps) {
    super(scope, id);
    const { lab } = props;
    const documents = Object.fromEntries(props.documents.map(({ name, content }) => [name, documentHash(content)]));
    const value = (resultsUri: string, automationRoleArn: string): object =>
      deploymentValue({ lab, resultsUri, automationRoleArn, documents });
    const longest = JSON.stringify(value('x'.repeat(longestResultsUri), 'x'.repeat(longestRoleArn))).length;
    if (longest > maxDeploymentLength) {
      throw propsError(
        this.node.path,
        `the lab's description must be at most ${maxDeploymentLength} characters, got ${longest}; shorten its name or owner`,
      );
    }
    new StringParameter(this, 'Parameter', {
      parameterName: deploymentParameterName(lab.name),
      description: `The lab ${lab.name}, as c1m finds it`,
      stringValue: Stack.of(this).toJsonString(value(props.resultsUri, props.automationRoleArn)),
    });
  }
}
