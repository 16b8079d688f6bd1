import { hostsOf } from '../../lib/config/hosts.ts';
import type { Lab } from '../../lib/config/lab.ts';
import { hostTags } from '../../lib/config/host/tags.ts';
import { documentsOf } from '../../lib/documents/documents-of.ts';
import { instance, instances, readyAccount } from '../aws/account.ts';
import { ec2Xml, items, stackXml, type Responder } from '../aws/fake-aws.ts';
import { bucketName, deployedLab } from '../aws/backend/fake-account.ts';

/** The only execution that this account knows. */
export const executionId = '01234567-89ab-cdef-0123-456789abcdef';

/** What an account answers in which a lab is deployed. Its one execution drives for so many looks, or until it is stopped. */
export function deployedAccount(lab: Lab, looks = 2): Readonly<Record<string, Responder>> {
  let isStopped = false;
  const documents = new Map(documentsOf(lab).map(({ name, content }) => [name, content]));
  const json = (value: unknown): string => JSON.stringify(value);
  return {
    ...readyAccount,
    'cloudformation:DescribeStacks': () => stackXml('CREATE_COMPLETE'),
    'ec2:DescribeInstances': () => hostInstances(lab),
    'ec2:DescribeTags': () => tags,
    'ec2:DescribeVolumes': () => ec2Xml('DescribeVolumes', ''),
    'ssm:GetParameter': ({ Name: name }) =>
      json({ Parameter: { Value: String(name).startsWith('/cdk-bootstrap/') ? '21' : json(deployedLab(lab)) } }),
    'ssm:GetDocument': ({ Name: name }) => json({ Name: name, Content: json(documents.get(String(name))) }),
    'ssm:ListDocumentVersions': () => json({ DocumentVersions: [] }),
    'ssm:DescribeInstanceInformation': () =>
      json({
        InstanceInformationList: hostsOf(lab).map((_host, index) => ({
          InstanceId: `i-${index}`,
          PingStatus: 'Online',
        })),
      }),
    'ssm:StartAutomationExecution': () => json({ AutomationExecutionId: executionId }),
    'ssm:GetAutomationExecution': (_parameters, before) =>
      json({ AutomationExecution: executionOf(lab, before < looks && !isStopped) }),
    'ssm:StopAutomationExecution': () => {
      isStopped = true;
      return '{}';
    },
    'ssm:SendCommand': () => json({ Command: { CommandId: 'c-1' } }),
    'ssm:ListCommands': () => json({ Commands: [{ Status: 'Success' }] }),
    'ssm:ListCommandInvocations': () => json({ CommandInvocations: [{ CommandId: 'c-1', InstanceId: 'i-0' }] }),
    'ssm:GetCommandInvocation': () => json({ StandardOutputContent: '', StandardErrorContent: 'no' }),
    's3:ListBuckets': () =>
      `<ListAllMyBucketsResult><Buckets><Bucket><Name>${bucketName}</Name></Bucket></Buckets></ListAllMyBucketsResult>`,
    's3:GetBucketTagging': () =>
      `<Tagging><TagSet><Tag><Key>c1mlab:lab</Key><Value>${lab.name}</Value></Tag></TagSet></Tagging>`,
    's3:ListObjectsV2': () =>
      `<ListBucketResult><KeyCount>1</KeyCount><Contents><Key>runs/${executionId}/server/note.txt</Key><Size>2</Size></Contents></ListBucketResult>`,
    's3:GetObject': () => 'ok',
  };
}

/** The same account while its execution runs, as nobody has started it from here. */
export const runningNow: Responder = () =>
  JSON.stringify({
    AutomationExecutionMetadataList: [{ AutomationExecutionId: executionId, DocumentName: 'C1mLab-Benchmark' }],
  });

/** The lab's hosts, the last one in this state. */
export function hostInstances(lab: Lab, state = 'running'): string {
  const hosts = hostsOf(lab);
  return instances(
    hosts.map((host, index) =>
      instance(`i-${index}`, host.role === 'server' ? lab.server.instanceType : lab.load.instanceType, {
        instanceState: `<name>${index === hosts.length - 1 ? state : 'running'}</name>`,
        tagSet: Object.entries(hostTags(lab, host))
          .map(([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`)
          .join(''),
      }),
    ),
  );
}

const tags = ec2Xml(
  'DescribeTags',
  items(
    'tagSet',
    ['instance', 'vpc', 'spot-instances-request', 'vpc-endpoint'].map((resourceType) => ({
      resourceType,
      resourceId: `${resourceType}-1`,
    })),
  ),
);

function executionOf(lab: Lab, isRunning: boolean): object {
  return {
    AutomationExecutionId: executionId,
    AutomationExecutionStatus: isRunning ? 'InProgress' : 'Failed',
    DocumentName: `${lab.name}-Benchmark`,
    CurrentStepName: 'drive',
    ExecutionStartTime: 1_795_340_000,
    Parameters: {
      Server: ['node'],
      Connections: ['100'],
      ConnectRate: ['100'],
      Workload: ['broadcast times=1 every=1s'],
      ServerProcesses: ['1'],
      LoadProcesses: ['1'],
      MemoryPreset: ['modern'],
    },
    StepExecutions: [
      { StepName: 'drive', StepStatus: isRunning ? 'InProgress' : 'Failed', Outputs: { CommandId: ['c-1'] } },
    ],
  };
}

/** A document that somebody has changed, so that its versions are looked at. */
export const changedDocument: Responder = ({ Name: name }) => JSON.stringify({ Name: name, Content: '{}' });
