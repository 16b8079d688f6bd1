import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { countOpenFiles } from '../../../assets/host/programs/sampling/sampled-process.ts';
import type { MeasurementResult } from '../../../lib/results/schema/measurement-result.ts';
import type { Wall, WallName } from '../../../lib/results/schema/verdict.ts';
import { type LabProcess } from '../lab-process.ts';
import { makeMemoryGroup, type MemoryGroup } from './memory-group.ts';
import {
  hostProcess,
  inNetworkOf,
  labProcesses,
  provoke,
  waitingToStart,
  type Provocation,
  type Provoked,
} from './provoke.ts';
import { until } from '../../until.ts';

/** Walls that a busy machine may add to any measurement. */
const ofABusyMachine: readonly WallName[] = ['machineCpu', 'loadCpu', 'generatorBehind'];

/** Why connection tracking cannot be switched on here; false when it can. */
const noConntrack = (['nft', 'iptables'] as const).every((program) => !isThere(program)) && 'needs nft or iptables';
const noTrafficControl = !isThere('tc') && 'needs tc (iproute2)';
const memoryGroup: MemoryGroup | null = makeMemoryGroup(`c1mlab-test-${process.pid}`, 90e6);
const noMemoryGroup = memoryGroup === null && 'this user may not make a control group of memory';

function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Listens on ports in the network of a host until it is killed. */
async function occupy(lab: LabProcess, host: string, first: number, last: number): Promise<ChildProcess> {
  const script = `let open = 0; const [first, last] = [${first}, ${last}];
    for (let port = first; port <= last; port += 1) require('node:net').createServer().listen(port, '0.0.0.0', () => {
      open += 1; if (open > last - first) console.log('all');
    });`;
  const user = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials'];
  const enter = [`--target=${hostProcess(lab, host).pid}`, ...user, '--net', '--', process.execPath, '-e', script];
  const child = spawn('nsenter', enter, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown];
  assert.equal(String(said), 'all\n', `ports of ${host} could not be occupied`);
  return child;
}

/** Makes a host's network track connections, in a table of so many where that is a namespace's to say. */
function trackConnections(lab: LabProcess, host: string, most: number): void {
  inNetworkOf(lab, host, 'sh', '-c', `echo ${most} 2>/dev/null >/proc/sys/net/netfilter/nf_conntrack_max || true`);
  if (isThere('nft')) {
    const chain = '{ type filter hook input priority 0; }';
    inNetworkOf(
      lab,
      host,
      'nft',
      `add table ip c1m; add chain ip c1m in ${chain}; add rule ip c1m in ct state new counter`,
    );
  } else {
    inNetworkOf(lab, host, 'iptables', '-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'NEW');
  }
}

/** Loses packets on the way to a load host: at random where the kernel can, else what is above a rate. */
function losePackets(lab: LabProcess, port: string): void {
  const add = ['tc', 'qdisc', 'add', 'dev', port, 'root'];
  try {
    inNetworkOf(lab, 'bridge', ...add, 'netem', 'loss', '5%');
  } catch {
    inNetworkOf(lab, 'bridge', ...add, 'tbf', 'rate', '1mbit', 'burst', '3k', 'limit', '6k');
  }
}

/** Takes the last address of a load host away. */
function loseAddress(lab: LabProcess, host: string): void {
  const last = inNetworkOf(lab, host, 'ip', '-oneline', '-4', 'address', 'show', 'dev', 'eth0')
    .trim()
    .split('\n')
    .at(-1);
  const address = /inet (\S+)/.exec(last ?? '')?.[1] ?? '';
  inNetworkOf(lab, host, 'ip', 'address', 'del', address, 'dev', 'eth0');
}

/** Leaves load processes that hold more than 100 connections with 300 descriptors each. */
async function fewerDescriptors(lab: LabProcess): Promise<void> {
  const crowded = (): readonly number[] =>
    labProcesses(lab, /loadgen\/worker\/worker\.ts/)
      .map(({ pid }) => pid)
      .filter((pid) => (countOpenFiles(pid) ?? 0) > 100);
  await until('a load process with 100 connections', () => crowded().length > 0);
  for (const pid of crowded()) execFileSync('prlimit', [`--pid=${pid}`, '--nofile=300']);
}

describe('a wall provoked from outside', { timeout: 500_000 }, () => {
  const occupiers: ChildProcess[] = [];
  let folder: string;
  let provoked: Provoked;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'c1mlab-walls-'));
    const all: readonly (Provocation | false)[] = [
      {
        name: 'port-taken',
        withHosts: async (lab) => void occupiers.push(await occupy(lab, 'server', 8088, 8088)),
      },
      {
        name: 'ports-taken',
        beforeRamp: async (lab) => void occupiers.push(await occupy(lab, 'load-1', 1024, 2999)),
      },
      { name: 'generator-files', during: ['opening connections', fewerDescriptors] },
      { name: 'address-lost', during: ['driving the workload', (lab) => loseAddress(lab, 'load-1')] },
      noTrafficControl === false && { name: 'packets-lost', beforeRamp: (lab) => losePackets(lab, 'host1') },
      noConntrack === false && { name: 'tracked', beforeRamp: (lab) => trackConnections(lab, 'server', 500) },
      memoryGroup !== null && {
        name: 'oom-killed',
        misbehaviour: '--leak-bytes 100000',
        beforeRamp: (lab) => {
          for (const { pid } of waitingToStart(lab, 'oom-killed')) memoryGroup.add(pid);
        },
      },
    ];
    provoked = await provoke(
      folder,
      all.filter((one) => one !== false),
      ...'--connections 2000 --connect-rate 1000 --broadcasts 1 --interval 1 --echo-rate 200 --echo-seconds 3'.split(
        ' ',
      ),
    );
  });
  after(async () => {
    for (const occupier of occupiers) occupier.kill('SIGKILL');
    memoryGroup?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const measurement = (server: string): MeasurementResult => {
    const found = provoked.measurements.get(server);
    assert.ok(found !== undefined, provoked.stderr);
    return found;
  };
  /** The wall of this name, where no other is named that is not this one's consequence or a busy machine's. */
  const named = (server: string, wall: WallName, consequences: readonly WallName[] = []): Wall => {
    const { walls } = measurement(server).verdict;
    const allowed = [wall, ...consequences, ...ofABusyMachine];
    assert.deepEqual(
      walls.filter((other) => !allowed.includes(other.wall)),
      [],
      `beside ${wall}`,
    );
    const found = walls.find((candidate) => candidate.wall === wall);
    assert.ok(found !== undefined, JSON.stringify(measurement(server).verdict));
    return found;
  };

  test("the server's port is in use: two lines say which, and the other servers are measured", () => {
    assert.equal(provoked.code, 4, provoked.stderr);
    const lines = provoked.stderr.split('\n');
    const at = lines.findIndex((line) => line.startsWith('error: port-taken: '));
    assert.match(lines[at] ?? '', /start: .*port 8088\b.* in use/);
    assert.match(lines[at + 1] ?? '', /^ {2}fix: end what listens there .*network\.port/);
    assert.equal(measurement('port-taken').record.status, 'failed');
    assert.ok(provoked.measurements.size > 1);
  });

  test('local ports are in use on a load host', () => {
    const wall = named('ports-taken', 'ports');
    assert.equal(wall.effect, 'stopped');
    assert.match(wall.evidence, /\d+ EADDRINUSE/);
    assert.ok((measurement('ports-taken').verdict.stoppedAt ?? 0) > 1000);
  });

  test('load processes have too few descriptors', () => {
    // Node itself may end for want of a descriptor.
    const wall = named('generator-files', 'descriptors', ['loadProcessDied']);
    assert.equal(wall.effect, 'stopped');
    assert.match(wall.evidence, /load processes ran out of descriptors: \d+ EMFILE/);
  });

  test('an address goes away while the workload is driven', () => {
    const { valid } = measurement('address-lost').verdict;
    assert.equal(valid, false);
    assert.match(named('address-lost', 'addressesLost', ['retransmissions']).evidence, /^1 of 1\d addresses/);
  });

  test('packets are lost on the way', { skip: noTrafficControl }, () => {
    assert.match(
      named('packets-lost', 'retransmissions', ['timeouts']).evidence,
      /^\d+ segments were sent again, of \d+ packets/,
    );
  });

  test('connections are tracked, in a table that may be full', { skip: noConntrack }, () => {
    const wall = named('tracked', 'conntrack');
    // Where the limit is the whole machine's, tracking is seen and costs time; the table of a namespace fills and drops.
    if (measurement('tracked').verdict.reached) assert.match(wall.evidence, /followed the load: \d+ entries/);
    else assert.match(wall.evidence, /entries of 500 .*, [1-9]\d* packets dropped/);
  });

  test('the kernel kills the server for memory', { skip: noMemoryGroup }, () => {
    // Nothing but the server is in the group.
    assert.ok((memoryGroup?.kills() ?? 0) > 0, 'the kernel has killed nothing: this is no test of that wall');
    // Of a process that the kernel killed systemd may not have heard that it was for memory.
    assert.match(
      named('oom-killed', 'memory', ['serverDied']).evidence,
      /^the kernel killed (c1m-server-1 for memory|\d+ processes of the machine for memory while c1m-server-1 ended)/,
    );
    named('oom-killed', 'serverDied', ['memory']);
  });

  test('leaves nothing that runs', () => {
    for (const name of provoked.measurements.keys()) {
      assert.equal(
        execFileSync('sh', ['-c', `ps -eo args | grep -c '[/]${name}/' || true`], { encoding: 'utf8' }).trim(),
        '0',
      );
    }
  });
});
