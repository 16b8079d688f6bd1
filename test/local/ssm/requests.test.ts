import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  DescribeInstanceInformationCommand,
  GetAutomationExecutionCommand,
  GetCommandInvocationCommand,
  GetDocumentCommand,
  ListCommandsCommand,
  PutParameterCommand,
  type SSMClientConfig,
} from '@aws-sdk/client-ssm';
import { createSsmRequestHandler } from '../../../lib/local/ssm/request-handler.ts';
import { createTestLab, hostIds, run, script, send } from './test-lab.ts';
import { until } from '../../until.ts';

/** An id of the right form that nothing has. */
const unknownId = '01234567-89ab-cdef-0123-456789abcdef';

async function raw(target: string, body: unknown): Promise<{ status: number; type: string }> {
  const handler = createSsmRequestHandler({ documents: [], hosts: [] });
  const { response } = await handler.handle({ headers: { 'X-Amz-Target': target }, body });
  const answer = JSON.parse(new TextDecoder().decode(response.body)) as { readonly __type: string };
  return { status: response.statusCode, type: answer.__type };
}

describe('the local SSM', () => {
  test('is what SSMClient takes as its requestHandler', () => {
    const handler = createSsmRequestHandler({ documents: [], hosts: [] });
    // The last type of the SDK's union takes any object: that one does not count.
    const typed: Exclude<SSMClientConfig['requestHandler'], Record<string, unknown> | undefined> = handler;
    assert.equal(typeof typed, 'object');
  });

  test('fails on an operation that it does not know, by name', async (t) => {
    const lab = await createTestLab(t, []);
    const request = new PutParameterCommand({ Name: 'a', Value: 'b', Type: 'String' });
    const expected = { name: 'UnknownOperationException', message: /AmazonSSM\.PutParameter/ };
    await assert.rejects(lab.ssm.send(request), expected);
    for (const target of ['AmazonSSM.toString', 'ListCommands', '']) {
      assert.deepEqual(await raw(target, '{}'), { status: 400, type: 'UnknownOperationException' });
    }
  });

  test('fails on a body that is no JSON, and on one that lacks what is needed', async () => {
    assert.deepEqual(await raw('AmazonSSM.ListCommands', 'x'), { status: 400, type: 'SerializationException' });
    assert.deepEqual(await raw('AmazonSSM.ListCommands', '{}'), { status: 400, type: 'ValidationException' });
    assert.deepEqual(await raw('AmazonSSM.SendCommand', '{}'), { status: 400, type: 'ValidationException' });
  });

  test('fails for what is not there, with the exception of the service', async (t) => {
    const lab = await createTestLab(t, []);
    const invocation = { CommandId: unknownId, InstanceId: hostIds.server };
    await assert.rejects(lab.ssm.send(new GetCommandInvocationCommand(invocation)), { name: 'InvocationDoesNotExist' });
    const execution = new GetAutomationExecutionCommand({ AutomationExecutionId: unknownId });
    await assert.rejects(lab.ssm.send(execution), { name: 'AutomationExecutionNotFoundException' });
    await assert.rejects(lab.ssm.send(new GetDocumentCommand({ Name: 'Gone' })), { name: 'InvalidDocument' });
    await assert.rejects(send(lab, 'Gone'), { name: 'InvalidDocument' });
    assert.deepEqual((await lab.ssm.send(new ListCommandsCommand({ CommandId: unknownId }))).Commands, []);
  });

  test('gives the very document', async (t) => {
    const content = script(['true']);
    const lab = await createTestLab(t, [{ name: 'True', content }]);
    const answer = await lab.ssm.send(new GetDocumentCommand({ Name: 'True' }));
    assert.deepEqual(JSON.parse(answer.Content ?? ''), content);
  });

  test('shows every host that passes all filters, and whether its agent is online', async (t) => {
    const lab = await createTestLab(t, []);
    lab.hosts['load-2'].lose();
    const names = async (...filters: readonly [string, string][]): Promise<readonly string[]> => {
      const Filters = filters.map(([Key, value]) => ({ Key, Values: [value] }));
      const answer = await lab.ssm.send(new DescribeInstanceInformationCommand({ Filters }));
      return (answer.InstanceInformationList ?? []).map((host) => `${host.ComputerName} ${host.PingStatus}`);
    };
    assert.deepEqual(await names(), ['server Online', 'load-1 Online', 'load-2 ConnectionLost']);
    assert.deepEqual(await names(['tag:c1mlab:host', 'C1mLab/load-1']), ['load-1 Online']);
    assert.deepEqual(await names(['tag:c1mlab:role', 'load'], ['PingStatus', 'Online']), ['load-1 Online']);
    await assert.rejects(names(['PlatformTypes', 'Linux']), { name: 'InvalidFilterKey' });
  });

  test('kills what runs when its client is destroyed, and ends what waits', async (t) => {
    const lines = ['sleep 300 & echo $! >/opt/c1mlab/pid.new', 'mv /opt/c1mlab/pid.new /opt/c1mlab/pid; wait'];
    const lab = await createTestLab(t, [{ name: 'Slow', content: script(lines) }]);
    lab.hosts['load-1'].lose();
    await send(lab, 'Slow');
    await send(lab, 'Slow', 'load-1');
    const file = join(lab.folder, 'pid');
    await until('the script runs', () => existsSync(file));
    const state = `/proc/${readFileSync(file, 'utf8').trim()}/status`;
    lab.ssm.destroy();
    await lab.handler.close();
    await until('the process has gone', () => !existsSync(state) || /Z/.test(readFileSync(state, 'utf8')));
    await assert.rejects(lab.ssm.send(new GetDocumentCommand({ Name: 'Slow' })), /has been destroyed/);
  });
});

describe('parameters', () => {
  const parameter = { type: 'String', description: 'x' } as const;
  const content = script(
    ['echo "$SSM_Word|$SSM_Mood|${SSM_Count-unset}|{{ Count }}"'],
    {},
    {
      Word: { ...parameter, allowedPattern: '^[a-zA-Z $();{}]+$', interpolationType: 'ENV_VAR' },
      Mood: { ...parameter, default: 'fine', allowedValues: ['fine', 'bad'], interpolationType: 'ENV_VAR' },
      Count: { ...parameter, default: '7', allowedPattern: '^[0-9]{1,3}$' },
    },
  );

  test('reach the script as variables, or as text where they are digits; the shell reads nothing in them', async (t) => {
    const lab = await createTestLab(t, [{ name: 'Say', content }]);
    const { StandardOutputContent: said } = await run(lab, 'Say', { Word: ['$(id); {{ Count }}'], Count: ['42'] });
    assert.equal(said, '$(id); {{ Count }}|fine|unset|42\n');
  });

  const bad: readonly [string, Record<string, string[]>][] = [
    ['one is missing', {}],
    ['one is unknown', { Word: ['a'], Wrod: ['a'] }],
    ['a pattern does not match as a whole', { Word: ['a1'] }],
    ['a value is not among the allowed ones', { Word: ['a'], Mood: ['odd'] }],
    ['a String is given several values', { Word: ['a', 'b'] }],
  ];
  for (const [why, parameters] of bad) {
    test(`fail when ${why}`, async (t) => {
      const lab = await createTestLab(t, [{ name: 'Say', content }]);
      await assert.rejects(send(lab, 'Say', 'server', parameters), { name: 'InvalidParameters' });
    });
  }
});
