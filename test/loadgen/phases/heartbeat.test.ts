import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startLabServer } from '../lab-server.ts';
import { driveOne } from './drive-one.ts';

describe('heartbeats', { concurrency: 2 }, () => {
  test('come from every connection at the interval, spread evenly over it', async (context) => {
    const arrivals = new Map<number, number>();
    let next = 0;
    const server = await startLabServer(context, {
      onMember(member) {
        const id = (next += 1);
        member.on('ping', () => arrivals.set(id, (arrivals.get(id) ?? 0) + 1));
      },
    });
    const { counts, latencyMicros } = await driveOne(context, server.port, 'heartbeat every=0.4s for=1.2s');
    assert.deepEqual(counts, { sent: 60, received: 60, wrong: 0 });
    assert.equal(latencyMicros.count, 60);
    assert.deepEqual(new Set(arrivals.values()), new Set([3]));
    assert.equal(arrivals.size, 20);
  });

  test('that are not answered, or answered with something else, are counted', async (context) => {
    let next = 0;
    const server = await startLabServer(context, {
      autoPong: false,
      onMember(member) {
        const id = (next += 1);
        member.on('ping', (data: Buffer) => {
          if (id % 4 === 0) member.pong('17');
          else if (id % 4 !== 1) member.pong(data);
        });
      },
    });
    const { counts } = await driveOne(context, server.port, 'heartbeat every=0.5s for=0.5s');
    assert.deepEqual(counts, { sent: 20, received: 10, wrong: 5 });
  });
});
