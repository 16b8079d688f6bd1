import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeDocumentCommand,
  DescribeInstanceInformationCommand,
  GetDocumentCommand,
  ListCommandsCommand,
  ListDocumentsCommand,
  paginateDescribeInstanceInformation,
  PutParameterCommand,
  type SSMClientConfig,
} from '@aws-sdk/client-ssm';
import { describe, test } from 'node:test';
import { createSsmRequestHandler } from '../../../lib/local/ssm/request-handler.ts';
import { eventually } from './eventually.ts';
import { automationDocument, createTestLab, hostIds, runDocument, send, start, stepOf } from './test-lab.ts';

async function raw(target: string, body: unknown): Promise<{ status: number; answer: unknown }> {
  const handler = createSsmRequestHandler({ documents: [], hosts: [] });
  const { response } = await handler.handle({ headers: { 'X-Amz-Target': target }, body });
  return { status: response.statusCode, answer: JSON.parse(new TextDecoder().decode(response.body)) };
}

describe('the request handler', () => {
  test('is what SSMClient takes as its requestHandler', () => {
    const handler = createSsmRequestHandler({ documents: [], hosts: [] });
    // The last type of the SDK's union takes any object: that one does not count.
    const typed: Exclude<SSMClientConfig['requestHandler'], Record<string, unknown> | undefined> = handler;
    assert.equal(typeof typed, 'object');
  });

  test('answers JSON with times in seconds', async () => {
    const { status, answer } = await raw('AmazonSSM.ListCommands', '{}');
    assert.equal(status, 200);
    assert.deepEqual(answer, { Commands: [] });
  });

  test('fails on an operation that it does not know, by name', async (t) => {
    const lab = await createTestLab(t, []);
    const request = new PutParameterCommand({ Name: 'a', Value: 'b', Type: 'String' });
    await assert.rejects(lab.ssm.send(request), {
      name: 'UnknownOperationException',
      message: /AmazonSSM\.PutParameter/,
    });
    for (const target of ['AmazonSSM.toString', 'ListCommands', '']) {
      const { status, answer } = await raw(target, '{}');
      assert.equal(status, 400);
      assert.equal((answer as { readonly __type: string }).__type, 'UnknownOperationException');
    }
  });

  test('fails on a body that is no JSON', async () => {
    const { status, answer } = await raw('AmazonSSM.ListCommands', 'nonsense');
    assert.equal(status, 400);
    assert.equal((answer as { readonly __type: string }).__type, 'SerializationException');
  });

  test('fails on input of the wrong type, and says where', async (t) => {
    const lab = await createTestLab(t, []);
    await assert.rejects(lab.ssm.send(new ListCommandsCommand({ MaxResults: 51 })), {
      name: 'ValidationException',
      message: /^1 validation error detected: Value 51 at 'MaxResults'/,
    });
  });

  test('destroying the client kills what runs and ends what waits', async (t) => {
    const nap = automationDocument([{ name: 'nap', action: 'aws:sleep', inputs: { Duration: 'PT9S' } }]);
    const lab = await createTestLab(t, [runDocument, { name: 'Auto', content: nap }]);
    const mark = join(lab.folder, 'mark');
    const commands = ['sleep 300 &', `echo $! >${mark}; mv ${mark} ${mark}.ready`, 'wait'];
    await send(lab, 'Run', { Parameters: { commands } });
    await start(lab, 'Auto');
    lab.hosts[1].setOnline(false);
    await send(lab, 'Run', { InstanceIds: [hostIds[1]], Parameters: { commands: ['true'] } });
    await eventually('the script runs', () => existsSync(`${mark}.ready`));
    const pid = readFileSync(`${mark}.ready`, 'utf8').trim();
    lab.ssm.destroy();
    await lab.handler.close();
    await eventually('the process has gone', () => {
      const state = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : 'State:\tZ';
      return /^State:\s+Z/m.test(state);
    });
    await assert.rejects(lab.ssm.send(new ListCommandsCommand({})), /has been destroyed/);
  });

  test('scripts are removed when their step is over', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const id = await send(lab, 'Run', { Parameters: { commands: ['echo $0'] } });
    const result = await eventually('it is over', async () => {
      const step = await stepOf(lab, id).catch(() => undefined);
      return step?.Status === 'Success' ? step : undefined;
    });
    const path = (result.StandardOutputContent ?? '').trim();
    assert.ok(path.endsWith(`/${id}/script/_script.sh`));
    assert.ok(!existsSync(path));
  });
});

describe('documents', () => {
  test('GetDocument gives the very document', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const answer = await lab.ssm.send(new GetDocumentCommand({ Name: 'Run' }));
    assert.deepEqual(JSON.parse(answer.Content ?? ''), JSON.parse(JSON.stringify(runDocument.content)));
    assert.equal(answer.DocumentType, 'Command');
    assert.equal(answer.DocumentFormat, 'JSON');
    assert.equal(answer.Status, 'Active');
  });

  test('DescribeDocument shows the parameters', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const { Document: document } = await lab.ssm.send(new DescribeDocumentCommand({ Name: 'Run' }));
    assert.equal(document?.SchemaVersion, '2.2');
    assert.match(document?.Hash ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual(
      document?.Parameters?.map(({ Name, Type, DefaultValue }) => [Name, Type, DefaultValue]),
      [
        ['commands', 'StringList', undefined],
        ['timeout', 'String', '3600'],
      ],
    );
  });

  test('ListDocuments can be filtered by type', async (t) => {
    const lab = await createTestLab(t, [runDocument, { name: 'Auto', content: automationDocument([]) }]);
    const list = await lab.ssm.send(
      new ListDocumentsCommand({ Filters: [{ Key: 'DocumentType', Values: ['Automation'] }] }),
    );
    assert.deepEqual(
      list.DocumentIdentifiers?.map(({ Name }) => Name),
      ['Auto'],
    );
  });

  test('fails for a document that is not there', async (t) => {
    const lab = await createTestLab(t, []);
    await assert.rejects(lab.ssm.send(new GetDocumentCommand({ Name: 'Gone' })), { name: 'InvalidDocument' });
  });
});

describe('instances', () => {
  test('DescribeInstanceInformation shows every host, and whether it is online', async (t) => {
    const lab = await createTestLab(t, []);
    lab.hosts[2].setOnline(false);
    const { InstanceInformationList: list } = await lab.ssm.send(new DescribeInstanceInformationCommand({}));
    assert.deepEqual(
      list?.map(({ InstanceId, ComputerName, PingStatus }) => [InstanceId, ComputerName, PingStatus]),
      [
        [hostIds[0], 'server', 'Online'],
        [hostIds[1], 'load-1', 'Online'],
        [hostIds[2], 'load-2', 'ConnectionLost'],
      ],
    );
    assert.equal(list?.[0]?.PlatformType, 'Linux');
    assert.equal(list?.[0]?.PlatformName, 'Amazon Linux');
  });

  test('it filters by tag and by state, and goes page by page', async (t) => {
    const lab = await createTestLab(t, []);
    const found = async (Key: string, Values: string[]): Promise<unknown> => {
      const answer = await lab.ssm.send(new DescribeInstanceInformationCommand({ Filters: [{ Key, Values }] }));
      return answer.InstanceInformationList?.map(({ InstanceId }) => InstanceId);
    };
    assert.deepEqual(await found('tag:Role', ['load']), [hostIds[1], hostIds[2]]);
    assert.deepEqual(await found('InstanceIds', [hostIds[0]]), [hostIds[0]]);
    assert.deepEqual(await found('PingStatus', ['ConnectionLost']), []);
    await assert.rejects(found('Colour', ['red']), { name: 'InvalidFilterKey' });
    let pages = 0;
    for await (const page of paginateDescribeInstanceInformation({ client: lab.ssm, pageSize: 1 }, {})) {
      assert.equal(page.InstanceInformationList?.length, 1);
      pages += 1;
    }
    assert.equal(pages, 3);
  });
});
