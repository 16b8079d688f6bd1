import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { LoadPlan } from '../../assets/loadgen/plan/share.ts';
import type { TlsOptions } from '../../assets/loadgen/tls/tls-options.ts';
import { endpointsOf } from '../../assets/loadgen/connections/target.ts';
import { Supervisor } from '../../assets/loadgen/supervisor/supervisor.ts';

let nextSource = 1;

/** A loopback address that no other test of this process uses, so that local ports never meet. */
export function loopbackSource(): string {
  nextSource += 1;
  return `127.${process.pid % 200}.${Math.floor(process.pid / 200) % 250}.${nextSource}`;
}

/** A supervisor with real load processes that ends with the test. */
export function startLoad(
  context: TestContext,
  ports: readonly number[],
  options: Partial<LoadPlan> & {
    readonly handshakeSeconds?: number;
    readonly ratePerSecond?: number;
    readonly path?: string;
    readonly tls?: TlsOptions;
    readonly otherAddresses?: readonly string[];
  } = {},
): Supervisor {
  const { handshakeSeconds = 10, ratePerSecond = null, path = '/', tls, otherAddresses = [], ...plan } = options;
  const target = { address: '127.0.0.1', otherAddresses, ports, path, ...(tls === undefined ? {} : { tls }) };
  const supervisor = new Supervisor({
    host: 'test',
    plan: {
      connections: 10,
      hosts: 1,
      hostIndex: 0,
      processes: 1,
      serverPorts: endpointsOf(target).map(({ port }) => port),
      sources: [loopbackSource()],
      localPorts: { first: 20_000, last: 29_999 },
      ...plan,
    },
    target,
    publishTarget: { ...target, path: '/publish' },
    ratePerSecond,
    handshakeSeconds,
  });
  context.after(async () => supervisor.stop());
  return supervisor;
}

/** Whether a process of this id exists. */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    // One that nobody has waited for yet is dead all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Processes whose parent is this one. */
export function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
