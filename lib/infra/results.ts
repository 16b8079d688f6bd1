import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { checkWholeNumber } from './check-props.ts';

/** Props of {@link LabResults}. */
export interface LabResultsProps {
  /**
   * Days after which results are deleted: 1 to 3650.
   * @default 30
   */
  readonly keepDays?: number;
  /**
   * Whether the bucket outlives the stack, with what it holds until that expires.
   * @default false
   */
  readonly keep?: boolean;
}

/** The prefix that hosts write under; the rest of the bucket is not theirs. */
const prefix = 'runs';

/**
 * The bucket that hosts upload their raw files to: private, TLS only, expiring. Unless it is kept, it must be emptied before the
 * stack is deleted.
 */
export class LabResults extends Construct {
  /** The bucket itself, to give others rights on it. */
  readonly bucket: IBucket;
  /** What results are uploaded under: `s3://bucket/runs`. */
  readonly uri: string;
  /** Every raw file, as an ARN. */
  readonly rawFilesArn: string;

  constructor(scope: Construct, id: string, props: LabResultsProps = {}) {
    super(scope, id);
    const keepDays = props.keepDays ?? 30;
    checkWholeNumber(this, 'keepDays', keepDays, [1, 3650]);
    const bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      // Emptying it here would take a custom resource, whose log group stays behind; c1m empties it.
      removalPolicy: props.keep === true ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      lifecycleRules: [{ expiration: Duration.days(keepDays), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    });
    acknowledge(bucket, {
      'AwsSolutions-S1':
        'Only the hosts of the lab write here and only its owner reads: access logs would need a second bucket.',
    });
    // A bucket that is kept still takes TLS only.
    if (props.keep === true) bucket.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.bucket = bucket;
    this.rawFilesArn = bucket.arnForObjects(`${prefix}/*`);
    this.uri = `s3://${bucket.bucketName}/${prefix}`;
  }

  /** The right to upload raw files, and nothing else: neither reading nor listing nor deleting. */
  uploadStatement(): PolicyStatement {
    return new PolicyStatement({
      actions: ['s3:PutObject', 's3:AbortMultipartUpload'],
      resources: [this.rawFilesArn],
    });
  }
}
