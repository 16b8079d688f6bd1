import { join } from 'node:path';
import { CfnOutput, IgnoreMode, Stack, type StackProps } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { fitOf } from '../config/lab-fit.ts';
import type { Lab } from '../config/lab.ts';
import { labTags } from '../config/host/tags.ts';
import { documentsOf } from '../documents/documents-of.ts';
import { automationRole } from './automation-role.ts';
import { checkFit } from './check-props.ts';
import { LabDeployment } from './deployment.ts';
import { LabDocuments } from './documents.ts';
import { HostReaper } from './host-reaper.ts';
import { fleetId, LabFleet } from './hosts/fleet.ts';
import { hostRole } from './hosts/host-role.ts';
import { LabBudget } from './options/budget.ts';
import { LabNotice } from './options/notice.ts';
import { LabSchedule } from './options/schedule.ts';
import { operatorPolicy } from './operator-policy.ts';
import { LabResults } from './results.ts';
import { tagWithLab } from './tag-with-lab.ts';

/** Props of {@link LabStack}. */
export interface LabStackProps extends StackProps {
  /** The whole lab: `labOf` makes it of a lab file. Its name is the stack's. */
  readonly lab: Lab;
  /**
   * The folder that hosts get a copy of, with the servers that can be built there.
   * @default - the package's own `assets`
   */
  readonly assetsFolder?: string;
}

/** What never belongs to the assets: installed packages, caches, and what builds leave beside their sources. */
const assetExcludes: readonly string[] = [
  'node_modules',
  '.cache',
  '.git',
  'target',
  'dist',
  '__pycache__',
  '*.log',
  '*.class',
  '.DS_Store',
];

/**
 * A whole lab: one server and its load hosts, the documents that run a benchmark on them, a bucket for the results, and what ends
 * it all in time.
 */
export class LabStack extends Stack {
  /** Where the hosts upload what they measure. */
  readonly results: LabResults;
  /** The hosts and their network. */
  readonly fleet: LabFleet;

  constructor(scope: Construct, id: string, props: LabStackProps) {
    const { lab, assetsFolder, tags = {}, ...stackProps } = props;
    super(scope, id, {
      stackName: lab.name,
      description:
        'C1mLab: a server and load hosts that hold a million WebSocket connections, and the SSM documents to benchmark it',
      // CloudFormation gives the stack's tags to everything in it that takes tags.
      tags: { ...labTags(lab), ...tags },
      ...stackProps,
    });
    checkFit(this, fitOf(lab));

    const assets = new Asset(this, 'Assets', {
      path: assetsFolder ?? join(import.meta.dirname, '../../assets'),
      exclude: [...assetExcludes],
      ignoreMode: IgnoreMode.GIT,
    });
    this.results = new LabResults(this, 'Results', lab.results);
    const documents = documentsOf(lab);
    new LabDocuments(this, 'Documents', { documents });
    new HostReaper(this, 'Lifetime', { labName: lab.name, maximumHours: lab.lifetime.maximumHours });
    this.fleet = new LabFleet(this, fleetId(lab, assets.assetHash), {
      lab,
      assets,
      role: hostRole(this, 'HostRole', { assets, results: this.results }),
      resultsUri: this.results.uri,
    });

    const automation = automationRole(this, 'AutomationRole', { labName: lab.name });
    const deployment = new LabDeployment(this, 'Deployment', {
      lab,
      documents,
      resultsUri: this.results.uri,
      automationRoleArn: automation.roleArn,
    });
    // Who reads it may count on the hosts.
    deployment.node.addDependency(this.fleet.ready);

    const { schedule, notify, budget } = lab;
    if (schedule !== undefined) new LabSchedule(this, 'Schedule', { lab, schedule, automationRole: automation });
    if (notify !== undefined) {
      const instanceIds = this.fleet.hosts.map(({ instance }) => instance.instanceId);
      new LabNotice(this, 'Notice', { lab, notify, instanceIds });
    }
    if (budget !== undefined) {
      new LabBudget(this, 'Budget', {
        labName: lab.name,
        monthlyUsd: budget.monthlyUsd,
        ...(notify === undefined ? {} : { notify }),
      });
    }

    tagWithLab(this, lab);

    new CfnOutput(this, 'ResultsUri', { value: this.results.uri, description: 'Raw files: <this>/<run>/<host>/' });
    new CfnOutput(this, 'AutomationRoleArn', {
      value: automation.roleArn,
      description: 'Who a scheduled benchmark may run as',
    });
    operatorPolicy(this, 'OperatorPolicy', {
      labName: lab.name,
      bucketArn: this.results.bucket.bucketArn,
      automationRoleArn: automation.roleArn,
    });
    new CfnOutput(this, 'ResultsBucket', { value: this.results.bucket.bucketName });
    new CfnOutput(this, 'AvailabilityZone', { value: this.fleet.network.managementSubnet.availabilityZone });
  }
}
