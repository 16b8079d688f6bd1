import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  NoSuchBucket,
  paginateListObjectsV2,
  type ListObjectsV2CommandInput,
} from '@aws-sdk/client-s3';
import { LabError } from '../../config/lab-error.ts';
import { makeFolder } from '../../config/system/make-folder.ts';
import type { AwsClients } from '../account/aws-access.ts';

/** A place in a bucket. */
export interface ResultsPlace {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

/** An object of the results bucket. */
export interface ResultFile {
  readonly key: string;
  readonly bytes: number;
}

/** How many files are downloaded at once. */
const concurrentDownloads = 8;

/** The bucket and the prefix of a URI `s3://bucket/prefix`. */
export function resultsPlace(uri: string): ResultsPlace {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/?$/.exec(uri) ?? [];
  return { bucket, prefix };
}

/** Every object below a prefix. Throws LabError `environment` when the bucket is not there. */
export async function listResults(
  clients: AwsClients,
  { bucket, prefix }: ResultsPlace,
): Promise<readonly ResultFile[]> {
  const files: ResultFile[] = [];
  const input: ListObjectsV2CommandInput = { Bucket: bucket, ...(prefix === '' ? {} : { Prefix: `${prefix}/` }) };
  try {
    for await (const page of paginateListObjectsV2({ client: clients.s3 }, input)) {
      for (const { Key: key, Size: bytes } of page.Contents ?? []) {
        if (key !== undefined) files.push({ key, bytes: bytes ?? 0 });
      }
    }
  } catch (error) {
    if (!(error instanceof NoSuchBucket)) throw error;
    throw new LabError(
      'environment',
      `the results bucket ${bucket} does not exist`,
      'check with c1m status that this is the lab you mean; its contents are gone with the bucket',
      { cause: error },
    );
  }
  return files;
}

/**
 * Downloads every `<host>/…` below a place into a folder, keeping the paths. A host may write any key below its prefix, so what
 * would lie outside of the hosts' folders is left out.
 */
export async function downloadResults(clients: AwsClients, place: ResultsPlace, folder: string): Promise<void> {
  const files = (await listResults(clients, place)).map(({ key }) => ({
    key,
    path: pathOf(key.slice(place.prefix === '' ? 0 : place.prefix.length + 1)),
  }));
  const waiting = files[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const { key, path } of waiting) {
      if (path !== null) await downloadFile(clients, place.bucket, key, join(folder, path));
    }
  };
  await Promise.all(Array.from({ length: concurrentDownloads }, worker));
}

/** A key as a relative path `<host>/…`; null when it lies beside the hosts' folders, leads elsewhere, or is a folder's marker. */
function pathOf(key: string): string | null {
  const parts = key.split('/');
  const bad = parts.some((part) => part === '' || part === '.' || part === '..' || /[\0\\]/.test(part));
  return bad || parts.length < 2 ? null : parts.join('/');
}

async function downloadFile(clients: AwsClients, bucket: string, key: string, file: string): Promise<void> {
  await makeFolder(dirname(file));
  const { Body: body } = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (body === undefined) throw new Error(`S3 sent no content for ${key}`);
  // A download that breaks off leaves what was there before.
  await pipeline(body as Readable, createWriteStream(`${file}.part`));
  await rename(`${file}.part`, file);
}

/** Deletes objects, a thousand at a time. Throws LabError `environment` that names the first which stayed. */
export async function deleteResults(clients: AwsClients, bucket: string, files: readonly ResultFile[]): Promise<void> {
  for (let first = 0; first < files.length; first += 1000) {
    const objects = files.slice(first, first + 1000).map(({ key }) => ({ Key: key }));
    const { Errors: errors = [] } = await clients.s3.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
    );
    const [error] = errors;
    if (error !== undefined) {
      throw new LabError(
        'environment',
        `${errors.length} objects of ${bucket} could not be deleted, such as ${error.Key}: ${error.Code}`,
        'use an identity that may delete them, then retry',
      );
    }
  }
}

/** Sees that a bucket is the results bucket of a lab, by its tag. Throws LabError `usage` when it is another's. */
export async function checkBucketOfLab(clients: AwsClients, bucket: string, labName: string): Promise<void> {
  let owner: string | undefined;
  try {
    const { TagSet: tags } = await clients.s3.send(new GetBucketTaggingCommand({ Bucket: bucket }));
    owner = tags?.find(({ Key }) => Key === 'c1mlab:lab')?.Value;
  } catch (error) {
    if (!(error instanceof Error) || !['NoSuchTagSet', 'NoSuchBucket'].includes(error.name)) throw error;
  }
  if (owner === labName) return;
  throw new LabError(
    'usage',
    `${bucket} is not the results bucket of the lab ${labName}: it does not carry the tag c1mlab:lab=${labName}`,
    'name the bucket that cdk destroy could not delete, and its lab with --lab',
  );
}
