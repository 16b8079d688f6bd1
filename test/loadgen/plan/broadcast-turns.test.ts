import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { broadcastTurns } from '../../../assets/loadgen/plan/broadcast-turns.ts';

describe('the turns of broadcasts', () => {
  for (const [broadcasts, hosts, interval] of [
    [10, 2, 2],
    [7, 3, 0.5],
    [2, 5, 1],
    [1, 1, 60],
  ] as const) {
    test(`${broadcasts} broadcasts of ${hosts} hosts every ${interval} s never share a slot, and each is published once`, () => {
      const start = 1_795_000_000_123_456;
      const due = new Map<number, number>();
      for (let host = 0; host < hosts; host += 1) {
        // Hosts are told to begin at slightly different times.
        const begin = start + host * 50_000;
        const turns = broadcastTurns({ times: broadcasts, intervalSeconds: interval }, 0, hosts, host, begin);
        for (const [n, seq] of turns.seqs.entries()) {
          const at = turns.firstUnixMicros + n * turns.stepMicros;
          assert.ok(at >= begin);
          assert.equal(at % (interval * 1e6), 0);
          assert.equal((at / (interval * 1e6)) % turns.owners, host);
          assert.equal(seq % turns.owners, host);
          assert.ok(!due.has(seq));
          due.set(seq, at);
        }
        if (turns.seqs.length > 0) assert.ok(turns.firstUnixMicros - begin < 2 * turns.stepMicros);
      }
      assert.deepEqual(
        [...due.keys()].toSorted((a, b) => a - b),
        [...Array(broadcasts).keys()],
      );
      const inOrder = [...due].toSorted(([a], [b]) => a - b).map(([, at]) => at);
      assert.deepEqual(
        inOrder,
        [...new Set(inOrder)].toSorted((a, b) => a - b),
      );
    });
  }
});
