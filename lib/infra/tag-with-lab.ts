import { Tags } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { Lab } from '../config/lab.ts';
import { labTags } from '../config/host/tags.ts';

/** Gives everything in a construct the tags of the lab: documents, roles, the host reaper and `c1m` identify hosts only by these tags. */
export function tagWithLab(construct: IConstruct, lab: Lab): void {
  for (const [key, value] of Object.entries(labTags(lab))) {
    // A parameter has the stack's tags; emulators of CloudFormation stumble over the form in which it would take its own.
    Tags.of(construct).add(key, value, { excludeResourceTypes: ['AWS::SSM::Parameter'] });
  }
}
