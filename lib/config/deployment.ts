import * as v from 'valibot';
import { LabError } from './lab-error.ts';
import { parseLab, type Lab } from './lab.ts';

/** What a standard SSM parameter holds at most, in characters. */
export const maxDeploymentLength = 4096;

const deploymentSchema = v.object({
  schema: v.literal(1),
  /** The whole lab that was deployed, with its defaults filled in. */
  lab: v.unknown(),
  /** Where hosts upload raw files to: `s3://bucket/prefix`. */
  resultsUri: v.pipe(v.string(), v.regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/[a-z0-9/-]+$/)),
  /** The role that a benchmark can run under when nobody starts it. */
  automationRoleArn: v.string(),
  /** The hash of each document's content (lib/documents/document-hash.ts), by the document's name. */
  documents: v.record(v.string(), v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/))),
});

/** What a deployed lab says of itself: the value of its SSM parameter. */
export interface Deployment {
  readonly lab: Lab;
  readonly resultsUri: string;
  readonly automationRoleArn: string;
  readonly documents: Readonly<Record<string, string>>;
}

/** The name of the SSM parameter in which a deployed lab describes itself. */
export function deploymentParameterName(labName: string): string {
  return `/c1mlab/${labName}`;
}

/** What the name of a lab's bucket begins with: CloudFormation makes it of the stack's name, and cuts a long one. */
export function bucketPrefix(labName: string): string {
  return `${labName.toLowerCase()}-`.slice(0, 16);
}

/** The parameter's value, ready to be written as JSON. */
export function deploymentValue(deployment: Deployment): object {
  return { schema: 1, ...deployment } satisfies v.InferInput<typeof deploymentSchema>;
}

/** Reads the parameter's value; throws LabError `environment` when it is not what this version of the lab writes. */
export function parseDeployment(text: string, labName: string): Deployment {
  const name = deploymentParameterName(labName);
  const hint = 'deploy the lab again with this version: c1m up --yes';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LabError('environment', `the SSM parameter ${name} is not JSON`, hint, { cause: error });
  }
  const parsed = v.safeParse(deploymentSchema, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new LabError(
      'environment',
      `the SSM parameter ${name} does not describe a lab: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`,
      hint,
    );
  }
  const { lab, resultsUri, automationRoleArn, documents } = parsed.output;
  try {
    return { lab: parseLab(lab, `the SSM parameter ${name}`), resultsUri, automationRoleArn, documents };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    throw new LabError('environment', error.message, hint, { cause: error });
  }
}
