import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shareOf, type LoadPlan } from '../../../assets/loadgen/plan/share.ts';

function plan(overrides: Partial<LoadPlan> = {}): LoadPlan {
  return {
    connections: 1000,
    hosts: 2,
    hostIndex: 0,
    processes: 3,
    serverPorts: [8088, 8089, 8090],
    sources: ['10.0.0.1', '10.0.0.2'],
    localPorts: { first: 1024, last: 1323 },
    ...overrides,
  };
}

/** Every connection of a lab: host, source, local port, server port. */
function tuples(base: LoadPlan): readonly string[] {
  const all: string[] = [];
  for (let hostIndex = 0; hostIndex < base.hosts; hostIndex += 1) {
    for (let process = 0; process < base.processes; process += 1) {
      const share = shareOf({ ...base, hostIndex }, process);
      for (let n = 0; n < share.count; n += 1) {
        const { source, localPort, serverPort } = share.endpoints(n);
        assert.ok(localPort >= base.localPorts.first && localPort <= base.localPorts.last);
        all.push(`${hostIndex} ${base.sources[source]}:${localPort} ${base.serverPorts[serverPort]}`);
      }
    }
  }
  return all;
}

const labs: readonly LoadPlan[] = [
  plan(),
  plan({ connections: 7, hosts: 3, processes: 4 }),
  plan({ connections: 1, hosts: 2, processes: 2 }),
  plan({ connections: 3590 }),
  plan({ connections: 10_000, hosts: 5, processes: 7, serverPorts: [1, 2, 3, 4, 5, 6, 7, 8] }),
  plan({ connections: 600, hosts: 1, processes: 1, serverPorts: [1], sources: ['10.0.0.1', '10.0.0.2'] }),
];

describe('a share', () => {
  for (const lab of labs) {
    const name = `${lab.connections} connections, ${lab.hosts} hosts x ${lab.processes} processes, ${lab.serverPorts.length} server ports`;

    test(`gives every connection once, and no endpoints twice: ${name}`, () => {
      const all = tuples(lab);
      assert.equal(all.length, lab.connections);
      assert.equal(new Set(all).size, all.length);
    });

    test(`spreads connections over server ports, hosts and processes to within one: ${name}`, () => {
      const all = tuples(lab);
      for (const part of [(tuple: string) => tuple.split(' ')[2]!, (tuple: string) => tuple.split(' ')[0]!]) {
        const counts = [...Map.groupBy(all, part).values()].map((group) => group.length);
        const kinds = part(all[0]!) === all[0]!.split(' ')[0] ? lab.hosts : lab.serverPorts.length;
        const least = counts.length < kinds ? 0 : Math.min(...counts);
        assert.ok(Math.max(...counts) - least <= 1, counts.join(', '));
      }
      const shares = Array.from({ length: lab.processes }, (_, process) => shareOf(lab, process).count);
      assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
    });

    test(`has spare endpoints that nobody else has, to the same server port: ${name}`, () => {
      const taken = new Set(tuples({ ...lab, hosts: lab.hosts }));
      for (let process = 0; process < lab.processes; process += 1) {
        const share = shareOf(lab, process);
        for (let serverPort = 0; serverPort < lab.serverPorts.length; serverPort += 1) {
          for (let m = 0; m < 5; m += 1) {
            const spare = share.spare(serverPort, m);
            if (spare === null) break;
            assert.equal(spare.serverPort, serverPort);
            const tuple = `${lab.hostIndex} ${lab.sources[spare.source]}:${spare.localPort} ${lab.serverPorts[serverPort]}`;
            assert.ok(!taken.has(tuple), tuple);
            taken.add(tuple);
          }
        }
      }
    });
  }

  test('gives a process connections to few server ports, and begins them evenly', () => {
    const lab = plan({
      connections: 9_600,
      processes: 8,
      serverPorts: Array.from({ length: 12 }, (_, index) => index + 1),
    });
    for (let process = 0; process < lab.processes; process += 1) {
      const share = shareOf({ ...lab, localPorts: { first: 1024, last: 60_000 } }, process);
      const portsOf = (from: number, to: number): readonly number[] =>
        Array.from({ length: to - from }, (_, n) => share.endpoints(from + n).serverPort);
      const counts = (ports: readonly number[]): ReadonlyMap<number, number> =>
        new Map([...Map.groupBy(ports, (port) => port)].map(([port, group]) => [port, group.length]));
      const all = counts(portsOf(0, share.count));
      // 600 connections, of 400 to each port.
      assert.ok(all.size <= 3, `${all.size} ports`);
      const half = counts(portsOf(0, share.count / 2));
      for (const [port, count] of all) assert.ok(Math.abs((half.get(port) ?? 0) - count / 2) <= 2, `port ${port}`);
    }
  });

  test('uses local ports towards several server ports only when it must', () => {
    assert.equal(shareOf(plan({ hosts: 1, connections: 590 }), 0).sharesLocalPorts, false);
    assert.equal(shareOf(plan({ hosts: 1, connections: 900 }), 0).sharesLocalPorts, true);
  });

  test('fails when addresses and ports do not suffice, with the numbers', () => {
    assert.throws(
      () => shareOf(plan({ hosts: 1, connections: 1801 }), 0),
      /1801 connections from this host do not fit: 2 source addresses x 300 local ports x 3 server ports/,
    );
  });
});
