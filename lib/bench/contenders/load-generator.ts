import { readFileSync } from 'node:fs';
import { summarize } from '../../../assets/loadgen/measure/summary.ts';
import type { LoadProcessRaw } from '../../../assets/loadgen/raw.ts';
import { Supervisor } from '../../../assets/loadgen/supervisor/supervisor.ts';
import type { RunningContender, Task } from './contender.ts';
import type { DrivenKind } from './driven-phases.ts';
import { firstLocalPort } from './line-contender.ts';
import { usageOf } from '../process-usage.ts';
import { until } from '../until.ts';

/** Which of its counts says what has come of a phase. */
const answered: Readonly<Record<DrivenKind, string>> = { heartbeat: 'received', churn: 'opened', storm: 'back' };

/** Starts the load generator with one load process; the supervisor runs in this process, and is not measured. */
export async function startLoadGenerator(task: Task): Promise<RunningContender> {
  const tls = { serverName: 'localhost', trusted: null, resume: false };
  const target = { address: '127.0.0.1', ports: [task.port], path: '/', ...(task.tls ? { tls } : {}) };
  const supervisor = new Supervisor({
    host: 'bench',
    plan: {
      connections: task.connections,
      hosts: 1,
      hostIndex: 0,
      processes: 1,
      serverPorts: [task.port],
      sources: [task.source],
      localPorts: { first: firstLocalPort, last: firstLocalPort + task.connections + 1000 },
    },
    target,
    publishTarget: { ...target, path: '/publish' },
    ratePerSecond: null,
    handshakeSeconds: 20,
  });
  const check = (): void => {
    if (supervisor.failure !== null) throw new Error(supervisor.failure);
  };
  return {
    usage: () => usageOf(supervisor.processIds[0]!),
    check,
    opened: async () => until('the load generator has opened all', () => supervisor.rampEnded, check),
    received: async (broadcasts) =>
      until(
        `the load generator has received ${broadcasts} broadcasts`,
        () => supervisor.status().broadcastMessages === broadcasts * task.connections,
        check,
      ),
    drive: async (workload, onPhase) => {
      const outcomes = await supervisor.drive(workload, undefined, async () => onPhase());
      return outcomes.map(({ kind, counts }) => counts[answered[kind as DrivenKind]] ?? 0);
    },
    stop: async () => {
      const files = await supervisor.collect(task.folder);
      await supervisor.stop();
      const raws = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as LoadProcessRaw);
      const { strays: broadcasts } = summarize(raws);
      return {
        spreadsMicros: broadcasts.map(({ spreadMicros }) => spreadMicros ?? Number.NaN),
        messages: broadcasts.reduce((sum, { received }) => sum + received, 0),
      };
    },
    kill: async () => supervisor.stop(),
  };
}
