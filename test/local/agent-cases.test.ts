import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { articleLab } from '../../lib/config/lab.ts';
import type { CommandDocument, ShellStep } from '../../lib/documents/schema/document.ts';
import { agentHost } from '../../lib/local/agent-host.ts';
import { systemClock } from '../../lib/local/ssm/clock.ts';
import { sendCommand } from '../../lib/local/ssm/commands/command-actions.ts';
import { cancelCommand } from '../../lib/local/ssm/commands/execute-command.ts';
import { createService, type Service } from '../../lib/local/ssm/service.ts';
import { makeTestHosts, namespacesForbidden, runOn, type TestHosts } from './hosts/test-hosts.ts';
import { until } from '../until.ts';

/** What a stream was; a long one by its length and hash. */
type Stream = string | { readonly bytes: number; readonly sha256: string };

interface AgentCase {
  readonly name: string;
  readonly lines: readonly string[];
  /** Parameters that reach the script as `SSM_<name>`. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly inputs?: Partial<ShellStep['inputs']>;
  /** The operands of the step's precondition. */
  readonly platform?: readonly [string, string];
  /** The command was cancelled while its script ran. */
  readonly cancelled?: boolean;
  /** Why the local executor's streams are not the agent's. */
  readonly differs?: string;
  readonly answer: {
    readonly status: string;
    readonly code: number;
    readonly standardOutput: Stream;
    readonly standardError: Stream;
    readonly output: Stream;
  };
}

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, 'agent-cases.json'), 'utf8')) as {
  readonly cases: readonly AgentCase[];
};

/** Whose words and codes some answers are: another shell reports otherwise that a command is missing or was killed. */
const isDash = realpathSync('/bin/sh').endsWith('dash');
const saidByShell = ['killSelf', 'termSelf', 'noExec', 'bashism'];

function documentOf({ lines, variables = {}, inputs = {}, platform }: AgentCase): CommandDocument {
  const parameters = Object.keys(variables).map((name) => {
    return [name, { type: 'String', description: 'x', interpolationType: 'ENV_VAR' }] as const;
  });
  const step: ShellStep = {
    name: 'script',
    action: 'aws:runShellScript',
    ...(platform === undefined ? {} : { precondition: { StringEquals: platform } }),
    inputs: { runCommand: lines, ...inputs },
  };
  return { schemaVersion: '2.2', description: 'x', parameters: Object.fromEntries(parameters), mainSteps: [step] };
}

/** A stream in the form in which the case tells it; the folder of a script is each host's own business. */
function told(text: string, as: Stream): Stream {
  if (typeof as === 'string') return text.replaceAll(/\S+\/_script\.sh/g, '_script.sh');
  return { bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') };
}

describe('the local executor answers as the agent did', { skip: namespacesForbidden() }, () => {
  let hosts: TestHosts;
  let service: Service;
  before(async () => {
    hosts = await makeTestHosts(articleLab);
    const documents = cases.map((each) => ({ name: `Case-${each.name}`, content: documentOf(each) }));
    service = createService({ documents, hosts: [agentHost(articleLab, hosts.host('server'))] }, systemClock);
  });
  after(() => hosts.remove());

  // Most of the time some of them wait for their time-outs: all of them wait at once.
  describe('to a document', { concurrency: true }, () => {
    for (const each of cases) {
      test(`${each.name}${each.differs === undefined ? '' : ` (differs: ${each.differs})`}`, async () => {
        const { answer, variables = {} } = each;
        const command = sendCommand(service, {
          DocumentName: `Case-${each.name}`,
          Targets: [{ Key: 'tag:c1mlab:host', Values: ['C1mLab/server'] }],
          Parameters: Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, [value]])),
          TimeoutSeconds: 60,
          MaxConcurrency: '100%',
          MaxErrors: '0',
        });
        if (each.cancelled === true) {
          const isAsleep =
            `for shell in $(grep -ls ${command.id} /proc/[0-9]*/cmdline); do ` +
            'for child in $(cat "${shell%/cmdline}"/task/*/children); do ' +
            'if grep -qx sleep "/proc/$child/comm"; then exit 0; fi; done; done; exit 1';
          await until('the script sleeps', async () => (await runOn(hosts.host('server'), isAsleep)).code === 0);
          cancelCommand(command);
        }
        await command.finished;
        const [invocation] = command.invocations;
        assert.ok(invocation !== undefined);
        assert.equal(invocation.status, answer.status);
        if (each.differs !== undefined || (!isDash && saidByShell.includes(each.name))) return;
        const { code, standardOutput, standardError, output } = invocation.result;
        assert.deepEqual(
          {
            code,
            standardOutput: told(standardOutput, answer.standardOutput),
            standardError: told(standardError, answer.standardError),
            output: told(output, answer.output),
          },
          {
            code: answer.code,
            standardOutput: answer.standardOutput,
            standardError: answer.standardError,
            output: answer.output,
          },
        );
      });
    }
  });

  test('and fails with 1 in a working directory that is not there', async () => {
    const command = documentOf({ ...(cases[0] as AgentCase), variables: {}, inputs: { workingDirectory: '/no/such' } });
    const lost = createService({ documents: [{ name: 'Lost', content: command }], hosts: service.hosts }, systemClock);
    const sent = sendCommand(lost, {
      DocumentName: 'Lost',
      Targets: [{ Key: 'tag:c1mlab:host', Values: ['C1mLab/server'] }],
      TimeoutSeconds: 60,
      MaxConcurrency: '100%',
      MaxErrors: '0',
    });
    await sent.finished;
    assert.equal(sent.invocations[0]?.result.code, 1);
    assert.match(
      sent.invocations[0]?.result.standardError ?? '',
      /^failed to run commands: .*no such file or directory$/,
    );
  });
});
