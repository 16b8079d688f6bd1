import {
  GetDocumentCommand,
  InvalidDocument,
  InvalidDocumentVersion,
  ListDocumentVersionsCommand,
} from '@aws-sdk/client-ssm';
import type { Deployment } from '../../config/deployment.ts';
import { LabError } from '../../config/lab-error.ts';
import { documentHash } from '../../documents/document-hash.ts';
import { documentsOf } from '../../documents/documents-of.ts';
import type { AwsClients } from '../account/aws-access.ts';

/** How many versions of a changed document are looked at for the one that was deployed; the newest first. */
const versionsLookedAt = 20;

/**
 * Sees that every document of the lab is the one that was deployed, and the one that this version of the lab would deploy: a
 * result must be made by the documents it is compared under. Throws LabError `environment` that names the first which is not.
 */
export async function checkDocuments(clients: AwsClients, deployment: Deployment): Promise<void> {
  const { lab } = deployment;
  for (const { name, content } of documentsOf(lab)) {
    const deployedHash = deployment.documents[name];
    const hash = await hashOf(clients, name);
    if (hash === null) {
      throw new LabError(
        'environment',
        `the lab's document ${name} is missing in ${clients.region}`,
        'redeploy the lab: c1m down --yes, then c1m up --yes',
      );
    }
    if (hash !== deployedHash) {
      throw new LabError(
        'environment',
        `the document ${name} has been changed since it was deployed`,
        await howToRestore(clients, name, deployedHash),
      );
    }
    if (hash !== documentHash(content)) {
      throw new LabError(
        'environment',
        `the document ${name} was deployed by a different version of the lab`,
        'deploy the lab again: c1m up --yes',
      );
    }
  }
}

/** CloudFormation does not notice what it has not changed itself, so that the deployed version must be made the default again. */
async function howToRestore(clients: AwsClients, name: string, deployedHash: string | undefined): Promise<string> {
  const { DocumentVersions: versions } = await clients.ssm.send(
    new ListDocumentVersionsCommand({ Name: name, MaxResults: versionsLookedAt }),
  );
  for (const { DocumentVersion: version = '' } of versions ?? []) {
    if ((await hashOf(clients, name, version)) === deployedHash) {
      return `put it back: aws ssm update-document-default-version --name ${name} --document-version ${version}`;
    }
  }
  return 'no version of it is the deployed one; redeploy the lab: c1m down --yes, then c1m up --yes';
}

/** The hash of a version's content, of the default version's when none is given; null when there is no such document. */
async function hashOf(clients: AwsClients, name: string, version?: string): Promise<string | null> {
  try {
    const answer = await clients.ssm.send(
      new GetDocumentCommand({
        Name: name,
        DocumentFormat: 'JSON',
        ...(version === undefined ? {} : { DocumentVersion: version }),
      }),
    );
    return documentHash(JSON.parse(answer.Content ?? ''));
  } catch (error) {
    if (error instanceof InvalidDocument || error instanceof InvalidDocumentVersion) return null;
    // What is no JSON is none of ours.
    if (error instanceof SyntaxError) return '';
    throw error;
  }
}
