import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { parseAllowances } from '../../assets/host/programs/sampling/allowances.ts';
import {
  parseBacklogDrops,
  parseCounterTable,
  parseFileNumbers,
  parseInterfaces,
  parseKilobyteLines,
  parseOpenFilesLimit,
  parseProcessMemory,
  parseProcessorTimes,
  parseProcessSeconds,
  parseSecondsWithChildren,
  parseSockets,
  parseVirtualMemoryCounter,
  sumConntrackColumn,
} from '../../assets/host/programs/proc.ts';
import { deepestListenQueue } from '../../assets/host/programs/sampling/listen-queue.ts';
import { UnitSampler } from '../../assets/host/programs/sampling/sample-units.ts';
import { countOpenFiles } from '../../assets/host/programs/sampling/sampled-process.ts';
import { parseUnits, takeSample } from '../../assets/host/programs/sample.ts';

const countsDescriptors = countOpenFiles(process.pid) !== null;

describe('the kernel tables', () => {
  test('kB lines become bytes', () => {
    assert.equal(
      parseKilobyteLines('MemAvailable:   24 kB\nHugePages_Total:  3\nRssAnon:\t  5 kB\n').get('RssAnon'),
      5120,
    );
  });

  test('counters are found by their line and name', () => {
    const table = parseCounterTable(
      'TcpExt: ListenOverflows ListenDrops\nTcpExt: 7 9\nTcp: RetransSegs OutRsts\nTcp: 3 4\n',
    );
    assert.deepEqual([table.get('TcpExt:ListenDrops'), table.get('Tcp:RetransSegs')], [9, 3]);
  });

  test('sockets of a dual-stack listener are counted from sockstat6', () => {
    const sockets = parseSockets('sockets: used 9\nTCP: inuse 5 orphan 1 tw 2 alloc 7 mem 3\n', 'TCP6: inuse 11\n');
    assert.deepEqual(sockets, { tcpInUse: 16, orphans: 1, timeWait: 2, bufferBytes: 12_288 });
  });

  test('processor times are seconds of all cores', () => {
    assert.deepEqual(parseProcessorTimes('cpu  100 0 200 1000 50 0 100 30 0 0\ncpu0 1\n'), {
      busySeconds: 4.3,
      softirqSeconds: 1,
      idleSeconds: 10.5,
      stolenSeconds: 0.3,
    });
  });

  test('interfaces are summed without loopback', () => {
    const text = [
      'Inter-|   Receive                                                |  Transmit',
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
      '    lo: 999 9 0 0 0 0 0 0 999 9 0 0 0 0 0 0',
      '  eth0: 100 2 0 1 0 0 0 0 300 4 0 2 0 0 0 0',
      '  eth1:  10 1 0 0 0 0 0 0  30 1 0 0 0 0 0 0',
    ].join('\n');
    assert.deepEqual(parseInterfaces(text), {
      receivedBytes: 110,
      sentBytes: 330,
      receivedPackets: 3,
      sentPackets: 5,
      dropped: 3,
    });
  });

  test("a process's time is found behind a name with spaces and parentheses", () => {
    const fields = ['S', ...Array.from({ length: 10 }, () => '0'), '150', '50', '0'];
    assert.equal(parseProcessSeconds(`42 (a b) c) ${fields.join(' ')}`), 2);
  });
});

describe('counters of walls', () => {
  test('are hexadecimal in softnet_stat and in nf_conntrack, a line a processor', () => {
    assert.equal(parseBacklogDrops('04588b89 00000010 00\n0495d56a 00000001 00\n'), 17);
    const conntrack = 'entries  found drop early_drop\n00000002  00000000 0000000a 0\n00000002  00000000 00000001 0\n';
    assert.equal(sumConntrackColumn(conntrack, 'drop'), 11);
    assert.equal(sumConntrackColumn(conntrack, 'unknown'), 0);
    assert.equal(sumConntrackColumn('', 'drop'), 0);
  });

  test('are told by name in vmstat, and are 0 where the kernel has none', () => {
    assert.equal(parseVirtualMemoryCounter('pgfault 5\noom_kill 3\noom_kill_other 9\n', 'oom_kill'), 3);
    assert.equal(parseVirtualMemoryCounter('pgfault 5\n', 'oom_kill'), 0);
  });

  test('descriptors have a number open, and limits of the machine and of the process', () => {
    assert.deepEqual(parseFileNumbers('789\t0\t2466170\n'), { open: 789, most: 2_466_170 });
    const limits = (soft: string) =>
      `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}    20000    files\n`;
    assert.equal(parseOpenFilesLimit(limits('1024')), 1024);
    assert.equal(parseOpenFilesLimit(limits('unlimited')), null);
  });

  test("memory of a process's own is what is neither file nor shared", () => {
    assert.deepEqual(parseProcessMemory('900 100 30 1 0 50 0\n'), { rssBytes: 409_600, anonymousBytes: 286_720 });
  });

  test('allowances of an instance are those that the ENA driver counts', () => {
    const text =
      'NIC statistics:\n     tx_timeout: 0\n     bw_in_allowance_exceeded: 4\n     conntrack_allowance_exceeded: 7\n';
    assert.deepEqual(parseAllowances(text), { bw_in_allowance_exceeded: 4, conntrack_allowance_exceeded: 7 });
    assert.deepEqual(parseAllowances('NIC statistics:\n     peer_ifindex: 3\n'), {});
  });
});

test('the deepest listen queue is the greatest Recv-Q of ss', () => {
  const listed = '0      4096   127.0.0.1:21091 0.0.0.0:*\n129    128            [::]:8088    [::]:*\n7 50 *:1 *:*\n';
  assert.deepEqual([deepestListenQueue(listed), deepestListenQueue('')], [129, null]);
});

test("a process's seconds go with or without those of the children that it waited for", () => {
  const stat = `4 (a b) c) S ${Array.from({ length: 40 }, (_, n) => n).join(' ')}`;
  assert.deepEqual([parseProcessSeconds(stat), parseSecondsWithChildren(stat)], [0.21, 0.46]);
});

describe('a sample', () => {
  test(
    'counts the descriptors of a unit and knows its limit, also when both change',
    { skip: !countsDescriptors && 'the kernel does not count them (Linux 6.2 does)' },
    () => {
      const sampler = new UnitSampler();
      const unit = () => takeSample(new Map([['c1m-server-1', process.pid]]), sampler).units['c1m-server-1'];
      const before = unit()?.openFiles ?? 0;
      const opened = Array.from({ length: 20 }, () => openSync('/dev/null', 'r'));
      const after = unit();
      for (const descriptor of opened) closeSync(descriptor);
      assert.ok((after?.openFiles ?? 0) >= before + 20, `${before} and 20 more are ${after?.openFiles}`);
      const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
      assert.equal(after?.openFilesLimit, Number(limit));
    },
  );

  test('sums a unit over the processes that its first has started', async () => {
    const shell = spawn('sh', ['-c', 'sh -c "echo started; sleep 60; true" & wait'], { detached: true });
    try {
      await once(shell.stdout, 'data');
      const sampler = new UnitSampler();
      const units = new Map([['c1m-loadgen', shell.pid ?? 0]]);
      const { rssBytes = 0 } = sampler.sample(units)['c1m-loadgen'] ?? {};
      const own = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${shell.pid}/status`, 'utf8'))?.[1]) * 1024;
      assert.ok(rssBytes > own * 1.5, `${rssBytes} of both processes, ${own} of the first`);
    } finally {
      process.kill(-(shell.pid ?? 0), 'SIGKILL');
    }
  });

  test('tells what sampling itself costs', () => {
    const sampler = new UnitSampler();
    const { samplerSeconds } = takeSample(new Map(), sampler);
    assert.ok(samplerSeconds > 0 && takeSample(new Map(), sampler).samplerSeconds >= samplerSeconds);
  });

  test('sees this process and its memory', () => {
    const sample = takeSample(new Map([['c1m-server-1', process.pid]]));
    const unit = sample.units['c1m-server-1'];
    assert.ok(unit !== undefined && unit.rssBytes > 20e6 && unit.anonymousBytes < unit.rssBytes && unit.cpuSeconds > 0);
    assert.ok(sample.memory.availableBytes > 0 && sample.cpu.idleSeconds > 0);
  });

  test('looks at listening sockets where servers run, and nowhere else', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const queueBeside = (unit: string) => takeSample(new Map([[unit, process.pid]])).sockets.listenQueue;
    assert.equal(typeof queueBeside('c1m-server-1'), 'number');
    assert.equal(queueBeside('c1m-loadgen'), null);
    server.close();
  });

  test('leaves out a unit whose process is gone', () => {
    const gone = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')) + 1;
    assert.deepEqual(takeSample(new Map([['c1m-server-1', gone]])).units, {});
  });

  test('takes the last process of a unit that was started twice', () => {
    assert.deepEqual([...parseUnits('c1m-server-1\t5\nc1m-server-1\t6\nbroken\nzero\t0\n')], [['c1m-server-1', 6]]);
  });
});
