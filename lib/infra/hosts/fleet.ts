import { createHash } from 'node:crypto';
import { CfnWaitCondition, CfnWaitConditionHandle, Stack, Token, Validations } from 'aws-cdk-lib';
import { CfnPlacementGroup } from 'aws-cdk-lib/aws-ec2';
import { InstanceProfile, type IRole } from 'aws-cdk-lib/aws-iam';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { hostsOf } from '../../config/hosts.ts';
import { fitOf } from '../../config/lab-fit.ts';
import type { Lab } from '../../config/lab.ts';
import { acknowledge } from '../acknowledge.ts';
import { checkFit } from '../check-props.ts';
import { tagWithLab } from '../tag-with-lab.ts';
import { LabHost } from './lab-host.ts';
import { LabNetwork } from './network.ts';
import { userDataScript, type UserDataProps } from './user-data.ts';

/** Props of {@link LabFleet}. */
export interface LabFleetProps {
  /** The lab whose hosts these are. */
  readonly lab: Lab;
  /** What every host gets a copy of, as an archive: the content of the package's `assets`. */
  readonly assets: Asset;
  /** What the hosts may do, see `hostRole`. */
  readonly role: IRole;
  /** Where hosts upload their raw files to: `s3://bucket/prefix`, such as the `uri` of `LabResults`. */
  readonly resultsUri: string;
}

/** How long a deploy waits for the hosts to be ready, in seconds: boot, packages, addresses. */
const readinessTimeoutSeconds = 1200;

/**
 * The hosts with their network, which live and die together. A load interface can be attached to one host at a time and its
 * addresses are fixed, so CloudFormation could not put a new host beside the old one: when anything about the hosts changes, a
 * whole new fleet in a network of its own takes the old one's place. That is why {@link fleetId} is part of its name.
 */
export class LabFleet extends Construct {
  /** The two subnets and their security groups. */
  readonly network: LabNetwork;
  /** The server first. */
  readonly hosts: readonly LabHost[];
  /** Complete when every host has said that it is ready. */
  readonly ready: CfnWaitCondition;

  constructor(scope: Construct, id: string, props: LabFleetProps) {
    super(scope, id);
    const { lab } = props;
    const fit = fitOf(lab);
    checkFit(this, fit);
    for (const [index, warning] of fit.warnings.entries()) {
      Validations.of(this).addWarning(`c1mlab:fit${index}`, warning);
    }
    if (!Token.isUnresolved(props.resultsUri) && !/^s3:\/\/[^/']+(\/[^']*)?$/.test(props.resultsUri)) {
      throw new Error(`${this.node.path}: 'resultsUri' must be s3://bucket/prefix, got ${props.resultsUri}`);
    }
    tagWithLab(this, lab);
    const stack = Stack.of(this);
    const hosts = hostsOf(lab);
    acknowledge(this, {
      'CloudFormation-Validate::W3010': 'The instance types are not offered in every zone, so a lab file may name one.',
    });
    this.network = new LabNetwork(this, 'Network', { lab });
    const placementGroup = lab.network.clusterPlacement
      ? new CfnPlacementGroup(this, 'Placement', { strategy: 'cluster' })
      : undefined;
    const instanceProfile = new InstanceProfile(this, 'Profile', { role: props.role });

    // A creation policy on the instances would deadlock: a host waits for its load interface, whose attachment waits for the host.
    const handle = new CfnWaitConditionHandle(this, 'ReadyHandle');
    this.ready = new CfnWaitCondition(this, 'Ready', {
      handle: handle.ref,
      count: hosts.length,
      timeout: String(readinessTimeoutSeconds),
    });

    const userData: UserDataProps = {
      region: stack.region,
      readinessUrl: handle.ref,
      assetsBucket: props.assets.s3BucketName,
      assetsKey: props.assets.s3ObjectKey,
      resultsUri: props.resultsUri,
    };
    this.hosts = hosts.map((host) => {
      const labHost = new LabHost(this, host.name === 'server' ? 'Server' : `Load${host.index + 1}`, {
        lab,
        host,
        network: this.network,
        instanceProfile,
        userData: userDataScript(lab, host, userData),
        ...(placementGroup === undefined ? {} : { placementGroup }),
      });
      // What a host may do, and its way out, must be there before it boots.
      labHost.instance.node.addDependency(props.role, this.network.egressEstablished);
      // The time-out runs from the launch of the hosts, not from the beginning of a deploy that makes a NAT gateway first.
      this.ready.node.addDependency(labHost.instance);
      return labHost;
    });
  }
}

/**
 * The id of a lab's fleet: it changes with whatever the hosts are made of. `assetHash` is the hash of the assets they fetch. Every
 * setting counts but those that no host, and nothing that a host depends on, is made of; so does a new one, until it is named here.
 * The tags are among them: CloudFormation replaces a placement group whose tags change, and a host whose launch template does.
 */
export function fleetId(lab: Lab, assetHash: string): string {
  const {
    connections: _connections,
    results: _results,
    schedule: _schedule,
    notify: _notify,
    budget: _budget,
    ...ofHosts
  } = lab;
  const nothing = { region: '', readinessUrl: '', assetsBucket: '', assetsKey: '', resultsUri: '' };
  const text = JSON.stringify([ofHosts, assetHash, hostsOf(lab).map((host) => userDataScript(lab, host, nothing))]);
  return `Fleet${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}
