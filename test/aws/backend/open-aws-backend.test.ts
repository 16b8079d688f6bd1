import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openAwsBackend } from '../../../lib/aws/backend/aws-backend.ts';
import { labOf } from '../../../lib/config/presets.ts';
import { LabError } from '../../../lib/config/lab-error.ts';
import { documentHash } from '../../../lib/documents/document-hash.ts';
import { documentsOf } from '../../../lib/documents/documents-of.ts';
import { deployedLab } from './fake-account.ts';
import { startIdleAccount, type IdleAccount } from './idle-account.ts';

const lab = labOf({ preset: 'modern' }, 'test');

const instance = (account: IdleAccount, name: string) => {
  const found = account.state.instances.find(({ tags }) => tags['c1mlab:host'] === `C1mLab/${name}`);
  assert.ok(found !== undefined);
  return found;
};

describe('a deployed lab', () => {
  test('is opened with what its hosts can hold', async (t) => {
    const account = await startIdleAccount(t, lab);
    const backend = await openAwsBackend(account.clients, 'C1mLab');
    assert.deepEqual(backend.lab, lab);
    assert.equal(backend.detachable, true);
    assert.deepEqual(await backend.lostHosts(), []);
    assert.deepEqual(await backend.readCapacity(), {
      openFilesPerProcess: 2_000_000,
      openFilesLeft: null,
      availableBytes: 32 * 2 ** 30 - 1e9,
      memoryPreset: 'modern',
      minimumLoadProcesses: 8,
    });
  });

  test('counts the newer of two instances of one host', async (t) => {
    const account = await startIdleAccount(t, lab);
    account.state.instances.unshift({ ...instance(account, 'load-1'), id: 'i-00000000', state: 'terminated' });
    await openAwsBackend(account.clients, 'C1mLab');
  });

  test('is opened when documents differ only in how their JSON is written', async (t) => {
    const account = await startIdleAccount(t, lab);
    for (const { name, content } of documentsOf(lab)) {
      const reversed = Object.fromEntries(Object.entries(content).toReversed());
      account.state.changedDocuments.set(name, JSON.stringify(reversed, null, 4));
    }
    await openAwsBackend(account.clients, 'C1mLab');
  });

  test('is opened in spite of a little throttling', async (t) => {
    const account = await startIdleAccount(t, lab, 4);
    account.state.faults.set('ssm:GetParameter', { times: 2, status: 400, code: 'ThrottlingException' });
    account.state.faults.set('ec2:DescribeInstances', { times: 1, status: 503, code: 'RequestLimitExceeded' });
    await openAwsBackend(account.clients, 'C1mLab');
    assert.equal(account.state.calls.get('ssm:GetParameter'), 3);
  });
});

describe('opening a lab', () => {
  const cases: readonly {
    readonly name: string;
    readonly change: (account: IdleAccount) => void;
    readonly message: RegExp;
    readonly hint: RegExp;
    readonly labName?: string;
  }[] = [
    {
      name: 'that is not deployed',
      change: () => undefined,
      labName: 'Other',
      message: /^no lab 'Other' is deployed in us-east-1$/,
      hint: /^deploy it \(c1m up --yes\)/,
    },
    {
      name: 'whose host is gone',
      change: (account) => account.state.instances.splice(2, 1),
      message: /C1mLab in us-east-1 is incomplete: load-2 is missing$/,
      hint: /raise hosts.generation \(now 1\)/,
    },
    {
      name: 'whose hosts are stopped',
      change: (account) => account.state.instances.forEach((each) => (each.state = 'stopped')),
      message: /server \(i-\w{17}\) is stopped, load-1 \(i-\w{17}\) is stopped, load-2/,
      hint: /^to replace hosts that are stopped, which lose their public address, raise hosts\.generation \(now 1\)/,
    },
    {
      name: 'whose host is being taken back',
      change: (account) =>
        Object.assign(instance(account, 'load-1'), { state: 'shutting-down', reason: 'Spot instance termination' }),
      message: /load-1 \(i-\w{17}\) is shutting-down \(Spot instance termination\)/,
      hint: /generation/,
    },
    {
      name: 'whose agent is not heard',
      change: (account) => account.state.silentAgents.add(instance(account, 'load-2').id),
      message: /agent does not answer on load-2 \(i-\w{17}\): ConnectionLost$/,
      hint: /reboot-instances/,
    },
    {
      name: 'one of whose documents was edited in the console',
      change: (account) => account.state.changedDocuments.set('C1mLab-Start', '{"schemaVersion":"2.2","mainSteps":[]}'),
      message: /^the document C1mLab-Start has been changed since it was deployed$/,
      hint: /update-document-default-version --name C1mLab-Start --document-version 1$/,
    },
    {
      name: 'one of whose documents is no JSON any more',
      change: (account) => account.state.changedDocuments.set('C1mLab-Build', 'schemaVersion: "2.2"'),
      message: /C1mLab-Build has been changed since it was deployed/,
      hint: /--document-version 1/,
    },
    {
      name: 'one of whose documents was deleted',
      change: (account) => account.state.changedDocuments.set('C1mLab-Stop', null),
      message: /C1mLab-Stop is missing in us-east-1/,
      hint: /c1m down --yes, then c1m up --yes$/,
    },
    {
      name: 'that another version deployed',
      change: (account) => {
        const content = '{"schemaVersion":"2.2","description":"older"}';
        account.state.changedDocuments.set('C1mLab-Build', content);
        account.state.parameters.set(
          '/c1mlab/C1mLab',
          JSON.stringify(deployedLab(lab)).replace(/(?<="C1mLab-Build":")\w+/, documentHash(JSON.parse(content))),
        );
      },
      message: /C1mLab-Build was deployed by a different version of the lab$/,
      hint: /^deploy the lab again: c1m up --yes$/,
    },
    {
      name: 'without rights',
      change: (account) =>
        account.state.faults.set('ec2:DescribeInstances', { times: 9, status: 403, code: 'UnauthorizedOperation' }),
      message: /^access denied to ec2:DescribeInstances: /,
      hint: /administrator/,
    },
    {
      name: 'with credentials that have expired',
      change: (account) =>
        account.state.faults.set('ssm:GetParameter', { times: 9, status: 400, code: 'ExpiredTokenException' }),
      message: /^the AWS credentials have expired at ssm:GetParameter/,
      hint: /sign in again/,
    },
    {
      name: 'with credentials that are none',
      change: (account) =>
        account.state.faults.set('ssm:GetParameter', { times: 9, status: 400, code: 'UnrecognizedClientException' }),
      message: /^no valid AWS credentials for ssm:GetParameter/,
      hint: /aws configure/,
    },
    {
      name: 'that is throttled for long',
      change: (account) =>
        account.state.faults.set('ssm:GetDocument', { times: 99, status: 400, code: 'ThrottlingException' }),
      message: /throttles the account, also after several tries, at ssm:GetDocument/,
      hint: /wait a minute/,
    },
  ];
  for (const { name, change, message, hint, labName } of cases) {
    test(`fails ${name.startsWith('with') ? '' : 'for one '}${name}, saying what and what to do`, async (t) => {
      const account = await startIdleAccount(t, lab);
      change(account);
      await assert.rejects(openAwsBackend(account.clients, labName ?? 'C1mLab'), (error) => {
        assert.ok(error instanceof LabError, String(error));
        assert.equal(error.code, 'environment');
        assert.match(error.message, message);
        assert.match(error.hint, hint);
        assert.doesNotMatch(error.message + error.hint, /\n/);
        return true;
      });
    });
  }
});
