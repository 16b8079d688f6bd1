import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import {
  GetAutomationExecutionCommand,
  StartAutomationExecutionCommand,
  StopAutomationExecutionCommand,
  type AutomationExecution,
} from '@aws-sdk/client-ssm';
import { articleLab } from '../../lib/config/lab.ts';
import type { LocalHost } from '../../lib/local/hosts/local-host.ts';
import { startLocalLab, type LocalLab } from '../../lib/local/local-backend.ts';
import { namespacesForbidden, runOn } from '../local/hosts/test-hosts.ts';
import { until } from '../until.ts';

describe('a second execution beside one that runs', { skip: namespacesForbidden() }, () => {
  let lab: LocalLab;
  before(async () => {
    lab = await startLocalLab(articleLab);
  });
  after(() => lab.close());

  const start = async (): Promise<string> => {
    const { AutomationExecutionId: id = '' } = await lab.ssm.send(
      new StartAutomationExecutionCommand({
        DocumentName: 'C1mLab-Benchmark',
        Parameters: {
          Server: ['node'],
          Connections: ['40'],
          LoadProcesses: ['1'],
          Workload: ['broadcast times=900 every=1s'],
        },
      }),
    );
    return id;
  };
  const look = async (id: string): Promise<AutomationExecution> => {
    const answer = await lab.ssm.send(new GetAutomationExecutionCommand({ AutomationExecutionId: id }));
    assert.ok(answer.AutomationExecution !== undefined);
    return answer.AutomationExecution;
  };
  const hostCommand = (host: LocalHost, name: string, run: string) =>
    runOn(host, `exec /opt/c1mlab/assets/host/${name}`, { env: { SSM_Run: run, SSM_Component: 'loadgen' } });

  test(
    'is refused, and the first goes on until it is cancelled, and leaves what it measured',
    { timeout: 240_000 },
    async () => {
      const first = await start();
      await until('the workload has begun', async () => (await look(first)).CurrentStepName === 'drive');
      const second = await start();
      const refused = await until('the second has ended', async () => {
        const execution = await look(second);
        return execution.AutomationExecutionStatus === 'Failed' ? execution : undefined;
      });
      assert.equal(refused.StepExecutions?.find(({ StepStatus }) => StepStatus === 'Failed')?.StepName, 'buildServer');
      assert.match(refused.FailureMessage ?? '', new RegExp(`another run is active here .*measurement ${first}`));

      // Two that begin at the same moment get as far as Prepare, and what follows there must not end the other either.
      for (const host of lab.hosts) {
        const prepared = await hostCommand(host, 'prepare', second);
        assert.equal(prepared.code, 1);
        assert.match(prepared.stderr, new RegExp(`another run is active here .*measurement ${first}`));
        assert.match(
          (await hostCommand(host, 'collect', second)).stdout,
          new RegExp(`belongs to measurement ${first}`),
        );
        assert.match((await hostCommand(host, 'stop', second)).stdout, /is left alone/);
        // An agent that does not pass the parameter must not end what runs either.
        const unasked = await runOn(host, 'exec /opt/c1mlab/assets/host/stop');
        assert.equal(unasked.code, 1);
        assert.match(unasked.stderr, /SSM_Run is not set: the SSM agent does not pass parameters/);
        assert.equal((await runOn(host, 'systemctl is-active c1m-sample')).stdout, 'active\n');
      }
      assert.equal((await look(first)).CurrentStepName, 'drive');

      // As the console cancels: nobody is there who would collect.
      await lab.ssm.send(new StopAutomationExecutionCommand({ AutomationExecutionId: first }));
      await until('the first is cancelled', async () => (await look(first)).AutomationExecutionStatus === 'Cancelled');
      for (const host of lab.hosts) {
        assert.equal((await runOn(host, 'systemctl is-active c1m-sample')).stdout, 'inactive\n');
        const files = readdirSync(host.path(`/opt/c1mlab/results/${first}/${host.name}`));
        assert.ok(files.includes(host.name === 'server' ? 'samples.jsonl' : 'loadgen-0.json'), files.join(' '));
      }
      const [host] = lab.hosts;
      assert.ok(host !== undefined);
      assert.equal((await hostCommand(host, 'prepare', second)).code, 0, 'the host is free');
      assert.equal((await hostCommand(host, 'stop', 'any')).code, 0, 'whatever runs is ended');
      assert.equal((await runOn(host, 'systemctl is-active c1m-sample')).stdout, 'inactive\n');
    },
  );
});
