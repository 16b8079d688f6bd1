import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { SendCommandCommand, SSMClient, StartAutomationExecutionCommand } from '@aws-sdk/client-ssm';
import { LabError } from '../../lib/config/lab-error.ts';
import { articleLab, parseLab } from '../../lib/config/lab.ts';
import { documentsOf } from '../../lib/documents/documents-of.ts';
import { createSsmRequestHandler } from '../../lib/local/ssm/request-handler.ts';

/** Values that a shell, a path or a line would read as more than text. */
const hostile = [
  '$(reboot)',
  '`reboot`',
  'a;reboot',
  "a'b",
  'a"b',
  'a b',
  '../a',
  'a\nb',
  'a|b',
  'echo | reboot',
  '{{ a }}',
  '',
];

/** A value for every parameter that the documents take without a default. */
const decent: Readonly<Record<string, string>> = {
  Server: 'node',
  Component: 'loadgen',
  Run: 'run-1',
  MemoryPreset: 'modern',
  Tls: 'no',
  Deflate: 'no',
  Part: 'first',
  Workload: 'echo rate=10/s for=1.5s, broadcast times=3 every=500ms bytes=1kB',
  TimeoutSeconds: '60',
  DriveTimeoutSeconds: '60',
};

describe('every parameter of every document', () => {
  const documents = documentsOf(articleLab);
  const requestHandler = createSsmRequestHandler({ documents, hosts: [] });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const ssm = new SSMClient({ region: 'local', credentials, requestHandler });
  after(() => requestHandler.close());

  const send = (name: string, type: string, parameters: Record<string, string[]>): Promise<unknown> =>
    type === 'Automation'
      ? ssm.send(new StartAutomationExecutionCommand({ DocumentName: name, Parameters: parameters }))
      : ssm.send(
          new SendCommandCommand({
            DocumentName: name,
            Targets: [{ Key: 'tag:c1mlab:lab', Values: ['C1mLab'] }],
            Parameters: parameters,
            TimeoutSeconds: 60,
            MaxConcurrency: '100%',
            MaxErrors: '0',
          }),
        );

  for (const { name, type, content } of documents) {
    const names = Object.keys(content.parameters ?? {});
    const good = Object.fromEntries(
      names.filter((each) => each !== 'AutomationAssumeRole').map((each) => [each, [decent[each] ?? '1']]),
    );

    test(`of ${name} takes what it is for`, async () => {
      await send(name, type, good);
    });

    for (const parameter of names) {
      test(`fails when ${parameter} of ${name} holds what a shell would read`, async () => {
        // Without a role the execution has the rights of whoever starts it.
        const values = parameter === 'AutomationAssumeRole' ? hostile.filter((value) => value !== '') : hostile;
        for (const value of values) {
          await assert.rejects(
            send(name, type, { ...good, [parameter]: [value] }),
            { name: /^Invalid(AutomationExecution)?Parameters(Exception)?$/ },
            `${parameter}=${JSON.stringify(value)} was taken`,
          );
        }
      });
    }
  }
});

test('fails when the name of a lab holds what a shell would read', () => {
  for (const name of hostile) assert.throws(() => parseLab({ name }, 'test'), LabError, name);
});
