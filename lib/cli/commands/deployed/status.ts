import { buildCommand } from '@stricli/core';
import type { HostState } from '../../../aws/backend/find-hosts.ts';
import { askStatus, getExecution, runningBenchmarks } from '../../../run/execution.ts';
import { summarize } from '../../../run/progress.ts';
import type { LabBackend } from '../../../run/lab-backend.ts';
import { utcMinute } from '../../../text/units.ts';
import type { LabContext } from '../../context.ts';
import { findDeployedLab, hostsOfDeployedLab } from '../../deployed/deployed-lab.ts';
import { placeFlagParameters, type PlaceFlags } from '../../flags/lab-flags.ts';
import { describeStatus } from '../../run/progress-printer.ts';

/** `c1m status`: the deployed lab, its hosts, and what runs on them. */
export const statusCommand = buildCommand<PlaceFlags, [], LabContext>({
  docs: {
    brief: 'Show whether the lab is deployed, the state of its hosts, and what runs on them',
    fullDescription: 'Exit codes: 0 the lab is complete, 2 usage, 3 it is not deployed, or incomplete.',
  },
  parameters: { flags: placeFlagParameters },
  async func(flags) {
    const deployed = await findDeployedLab(flags, this);
    const { backend, clients, deployment } = deployed;
    try {
      const hosts = await hostsOfDeployedLab(deployed);
      const lines = [
        `${backend.lab.name} in ${clients.region}, results in ${deployment.resultsUri}`,
        ...describeHosts(hosts),
      ];
      this.process.stdout.write(`${lines.join('\n')}\n`);
      for (const line of await describeRunning(backend)) this.process.stdout.write(`${line}\n`);
      const { checkHosts } = await import('../../../aws/backend/find-hosts.ts');
      checkHosts(clients, backend.lab, hosts);
    } finally {
      await backend.close();
    }
  },
});

function describeHosts(hosts: readonly HostState[]): readonly string[] {
  const width = Math.max(...hosts.map(({ host }) => host.name.length));
  return hosts.map(({ host, instance }) => {
    const name = host.name.padEnd(width);
    if (instance === null) return `${name}  missing`;
    const { id, type, state, ping, agentVersion, endsUnixMillis } = instance;
    const agent = `agent ${ping ?? 'never heard of'}${agentVersion === null ? '' : ` (${agentVersion})`}`;
    const end = endsUnixMillis === null ? '' : `, ends by ${utcMinute(endsUnixMillis)}`;
    return `${name}  ${id}  ${type}  ${state}, ${agent}${end}`;
  });
}

async function describeRunning(backend: LabBackend): Promise<readonly string[]> {
  const running = await runningBenchmarks(backend);
  if (running.length === 0) return ['idle'];
  const lines: string[] = [];
  for (const { AutomationExecutionId: id = '' } of running) {
    const execution = await getExecution(backend, id);
    const step = execution.CurrentStepName ?? 'about to begin';
    const server = execution.Parameters?.['Server']?.[0] ?? 'unknown server';
    const began = execution.ExecutionStartTime?.toISOString() ?? 'unknown';
    lines.push(`running ${id}: ${server}, step ${step}, since ${began}`);
    const statuses = await askStatus(backend, id);
    if (statuses.some(({ load }) => load !== null)) lines.push(`  ${describeStatus(step, summarize(statuses))}`);
  }
  return lines;
}
