import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  parseCounterTable,
  parseInterfaces,
  parseKilobyteLines,
  parseProcessorTimes,
  parseProcessSeconds,
  parseSockets,
} from '../../assets/host/programs/proc.ts';
import { parseUnits, takeSample } from '../../assets/host/programs/sample.ts';

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
    assert.deepEqual(parseProcessorTimes('cpu  100 0 200 1000 50 0 100 0 0 0\ncpu0 1\n'), {
      busySeconds: 4,
      softirqSeconds: 1,
      idleSeconds: 10.5,
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

describe('a sample', () => {
  test('sees this process and its memory', () => {
    const sample = takeSample(new Map([['c1m-server-1', process.pid]]));
    const unit = sample.units['c1m-server-1'];
    assert.ok(unit !== undefined && unit.rssBytes > 20e6 && unit.anonymousBytes < unit.rssBytes && unit.cpuSeconds > 0);
    assert.ok(sample.memory.availableBytes > 0 && sample.cpu.idleSeconds > 0);
  });

  test('leaves out a unit whose process is gone', () => {
    const gone = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')) + 1;
    assert.deepEqual(takeSample(new Map([['c1m-server-1', gone]])).units, {});
  });

  test('takes the last process of a unit that was started twice', () => {
    assert.deepEqual([...parseUnits('c1m-server-1\t5\nc1m-server-1\t6\nbroken\nzero\t0\n')], [['c1m-server-1', 6]]);
  });
});
