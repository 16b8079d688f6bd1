import { buildCommand } from '@stricli/core';
import { counted, withUnit } from '../../../text/units.ts';
import type { LabContext } from '../../context.ts';
import { connect, findDeployedLab, labNameOf } from '../../deployed/deployed-lab.ts';
import { placeFlagParameters, type PlaceFlags } from '../../flags/lab-flags.ts';

/** Flags of `c1m empty`. */
export interface EmptyFlags extends PlaceFlags {
  readonly bucket?: string;
  readonly yes?: boolean;
}

/** `c1m empty`: deletes what is in the results bucket, without which `cdk destroy` fails. */
export const emptyCommand = buildCommand<EmptyFlags, [], LabContext>({
  docs: {
    brief: "Delete everything in the lab's results bucket, which cdk destroy requires",
    fullDescription:
      'Shows what is in the bucket; with --yes deletes it. First fetch what you want to keep. Use --bucket to name a bucket left after cdk destroy; it must carry the tag of the lab. Exit codes: 0 ok, 2 usage, 3 environment.',
  },
  parameters: {
    flags: {
      ...placeFlagParameters,
      bucket: {
        kind: 'parsed',
        parse: parseBucket,
        optional: true,
        placeholder: 'NAME',
        brief: 'Results bucket of a destroyed lab',
      },
      yes: { kind: 'boolean', optional: true, withNegated: false, brief: 'Delete it; this cannot be undone' },
    },
  },
  async func(flags) {
    const { deleteResults, listResults, resultsPlace, checkBucketOfLab } =
      await import('../../../aws/backend/result-files.ts');
    const clients = await connect(flags, this);
    const bucket = flags.bucket ?? resultsPlace((await findDeployedLab(flags, this)).deployment.resultsUri).bucket;
    if (flags.bucket !== undefined) await checkBucketOfLab(clients, bucket, labNameOf(flags, this));
    const files = await listResults(clients, { bucket, prefix: '' });
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const size = `${counted(files.length, 'file')}, ${withUnit('bytes', bytes)}`;
    if (flags.yes !== true) {
      this.process.stdout.write(`${bucket} holds ${size}; nothing is deleted. c1m empty --yes deletes it\n`);
      return;
    }
    await deleteResults(clients, bucket, files);
    this.process.stdout.write(`${bucket} is empty: ${size} deleted\n`);
  },
});

function parseBucket(input: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(input))
    throw new Error(`expected the name of a bucket, got '${input}'`);
  return input;
}
