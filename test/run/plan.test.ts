import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LabError } from '../../lib/config/lab-error.ts';
import { articleLab } from '../../lib/config/lab.ts';
import { knownServers } from '../../lib/cli/servers/server-folders.ts';
import { benchmarkDocument } from '../../lib/documents/benchmark.ts';
import { parseWorkload } from '../../assets/loadgen/workload/workload.ts';
import { benchmarkParameters, planMeasurement, type Capacity } from '../../lib/run/plan.ts';
import type { RunRequest } from '../../lib/run/run.ts';

const laptop: Capacity = {
  openFilesPerProcess: 20_000,
  openFilesLeft: 2_460_000,
  availableBytes: 23e9,
  memoryPreset: 'small',
  minimumLoadProcesses: 1,
};
const request: RunRequest = {
  servers: ['node'],
  connections: 10_000,
  workload: parseWorkload('echo rate=1000/s for=3s, broadcast times=3 every=2s'),
  tls: false,
  deflate: false,
};
const node = knownServers().find(({ description }) => description.name === 'node')?.description;
assert.ok(node !== undefined);

function plan(changes: Partial<RunRequest>, capacity: Partial<Capacity> = {}) {
  assert.ok(node !== undefined);
  return planMeasurement({ ...request, ...changes }, node, articleLab, { ...laptop, ...capacity });
}

function rejects(
  code: string,
  message: RegExp,
  changes: Partial<RunRequest>,
  capacity: Partial<Capacity> = {},
): LabError {
  let thrown: unknown;
  assert.throws(
    () => plan(changes, capacity),
    (error) => {
      thrown = error;
      return true;
    },
  );
  assert.ok(thrown instanceof LabError);
  assert.equal(thrown.code, code);
  assert.match(thrown.message, message);
  return thrown;
}

describe('a plan', () => {
  test('starts as many processes as the limit of open files needs', () => {
    const small = plan({});
    assert.deepEqual([small.serverProcesses, small.loadProcesses], [1, 1]);
    const large = plan({ connections: 1_200_000 });
    assert.equal(large.serverProcesses, Math.ceil(1_200_000 / 19_400));
    assert.equal(large.loadProcesses, Math.ceil(600_000 / 19_400));
  });

  test('starts more where a storm brings back clients whose old connections may still be there', () => {
    const processes = (connections: number, storm: string): number =>
      plan({ connections, workload: parseWorkload(`broadcast times=1, storm ${storm}`) }).serverProcesses;
    assert.equal(processes(100_000, 'cut=100%'), Math.ceil(200_000 / 19_400));
    assert.equal(processes(100_000, 'cut=20% by=silence'), Math.ceil(120_000 / 19_400));
    assert.equal(processes(10_000, 'cut=100%'), 1, 'one process is not split');
    const most = plan(
      { connections: 4_000_000, workload: parseWorkload('storm cut=100%') },
      { openFilesLeft: null, availableBytes: null },
    );
    assert.equal(most.serverProcesses, 256, 'as many as a lab has');
    const asked = plan({ connections: 100_000, workload: parseWorkload('storm cut=100%'), serverProcesses: 6 });
    assert.equal(asked.serverProcesses, 6);
  });

  test('ramps for five seconds at least, so that memory is sampled while it grows', () => {
    assert.ok(plan({}).connectRate <= 10_000 / 5);
    assert.equal(plan({ connections: 1000 }).connectRate, 500, 'but not where there is next to nothing to see');
  });

  test('counts one end of a connection where the server has a machine of its own, and no load process', () => {
    const connections = 1_000_000;
    const apart = {
      openFilesPerProcess: 2_000_000,
      openFilesLeft: null,
      minimumLoadProcesses: 8,
      availableBytes: null,
    };
    const { expectedBytes, serverProcesses, loadProcesses } = plan({ connections }, apart);
    assert.deepEqual([serverProcesses, loadProcesses], [1, 8]);
    const { bytesPerConnection, baseBytes } = node.expected;
    assert.equal(expectedBytes, connections * (3500 + bytesPerConnection) + baseBytes);
  });

  test('takes what TLS and compression add to a connection from server.json', () => {
    const { tlsBytesPerConnection = 0, deflateBytesPerConnection = 0 } = node.expected;
    const added = plan({ tls: true, deflate: true }).expectedBytes - plan({}).expectedBytes;
    assert.equal(added, request.connections * (tlsBytesPerConnection + deflateBytesPerConnection));
  });

  test('keeps what was asked for', () => {
    const asked = plan({ serverProcesses: 3, loadProcesses: 2, connectRate: 77, memoryPreset: 'modern' });
    assert.deepEqual(
      [asked.serverProcesses, asked.loadProcesses, asked.connectRate, asked.memoryPreset],
      [3, 2, 77, 'modern'],
    );
  });

  test('has every parameter of the Benchmark document but the role, and no other', () => {
    const { AutomationAssumeRole: role, ...declared } = benchmarkDocument(articleLab).parameters ?? {};
    assert.equal(role?.default, '');
    assert.deepEqual(Object.keys(benchmarkParameters(plan({}), null)).sort(), Object.keys(declared).sort());
  });

  test('takes a role of its own when the rights of whoever starts it would end before it does', () => {
    const role = 'arn:aws:iam::123456789012:role/automation';
    const roleFor = (hours: number, roleArn: string | null) =>
      benchmarkParameters(plan({ workload: parseWorkload(`broadcast times=${hours * 60} every=60s`) }), roleArn)[
        'AutomationAssumeRole'
      ];
    assert.equal(roleFor(10, role), undefined);
    assert.deepEqual(roleFor(12, role), [role]);
    assert.equal(roleFor(12, null), undefined);
  });

  test('fails for what does not fit the memory, and says what would', () => {
    const error = rejects(
      'environment',
      /10 000 connections to node need about .* MB, and 130 MB/,
      {},
      { availableBytes: 130e6 },
    );
    const fitting = Number(/--connections (\d+)/.exec(error.hint)?.[1]);
    assert.ok(fitting > 0 && fitting < 10_000);
    assert.doesNotThrow(() => plan({ connections: fitting }, { availableBytes: 130e6 }));
  });

  test("fails when the machine's descriptors do not suffice, and says the sysctl", () => {
    const error = rejects(
      'environment',
      /open 2 \d{3} \d{3} files on this machine/,
      { connections: 1_200_000 },
      { openFilesLeft: 1e6 },
    );
    assert.match(error.hint, /sysctl -w fs\.file-max=\d+/);
  });

  test('fails when the workload takes longer than a host on AWS lives, and says what would not', () => {
    const apart = { openFilesLeft: null, availableBytes: null };
    const long = { workload: parseWorkload('broadcast times=239 every=60s') };
    const error = rejects(
      'environment',
      /connections and the workload take up to 242 minutes, but a host of the lab ends 240 minutes after/,
      long,
      apart,
    );
    assert.match(error.hint, /shorter --workload .*lifetime\.hours/);
    assert.doesNotThrow(() => plan({ workload: parseWorkload('broadcast times=230 every=60s') }, apart));
    assert.doesNotThrow(() => plan(long), 'hosts of this machine live as long as the run');
  });

  test('fails when one process may open too few files', () => {
    rejects('environment', /only 256 files/, {}, { openFilesPerProcess: 256 });
  });

  test('fails when more server processes are needed than a lab has ports for', () => {
    rejects('environment', /need \d+ server processes/, { connections: 900_000 }, { openFilesPerProcess: 1024 });
  });

  test('fails when the processes that were asked for hold too little', () => {
    const error = rejects('environment', /do not fit into 1 server process/, {
      connections: 100_000,
      serverProcesses: 1,
    });
    assert.match(error.hint, /at least 6/);
  });

  test('fails when local ports run out', () => {
    rejects(
      'environment',
      /local ports x 20 client addresses x 1 server port/,
      { connections: 1_300_000 },
      { openFilesPerProcess: 2e6, openFilesLeft: null, availableBytes: null },
    );
  });

  test('fails with a number of connections that fits in every respect, whichever wall was hit first', () => {
    const processes = { openFilesPerProcess: 20_000, openFilesLeft: 100_000, availableBytes: 1e9 };
    const walls: readonly (readonly [RegExp, Partial<Capacity>])[] = [
      [/server processes/, { openFilesPerProcess: 1024 }],
      [/files on this machine/, { openFilesPerProcess: 1e6 }],
      [/of memory are available/, { openFilesLeft: 1e9 }],
    ];
    for (const [wall, more] of walls) {
      const capacity = { ...processes, ...more };
      const { hint } = rejects('environment', wall, { connections: 900_000 }, capacity);
      const fitting = Number(/^ask for at most --connections (\d+), or /.exec(hint)?.[1]);
      assert.equal(plan({ connections: fitting }, capacity).connections, fitting);
      rejects('environment', /connections/, { connections: fitting + 1000 }, capacity);
    }
  });

  test('fails for a ramp or a workload that takes longer than the documents allow', () => {
    const slow = rejects('usage', /10 000 connections at 1 a second take 10 000 s to open/, { connectRate: 1 });
    assert.match(slow.hint, /--connect-rate 2 /);
    assert.equal(plan({ connectRate: 2 }).connectRate, 2);
    rejects('usage', /workload takes up to 23 h/, { workload: parseWorkload('broadcast times=1000 every=80s') });
    rejects('usage', /workload takes up to 25 h/, { workload: parseWorkload('echo for=24h') });
    const long = parseWorkload('broadcast times=10k every=7s');
    assert.deepEqual(plan({ workload: long }).workload, long);
  });
});
