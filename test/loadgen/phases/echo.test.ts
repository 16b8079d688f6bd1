import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startLabServer } from '../lab-server.ts';
import { driveOne } from './drive-one.ts';

describe('echoes of any length', { concurrency: 3 }, () => {
  for (const bytes of [0, 10, 44, 125, 126, 300, 5_000, 70_000, 1_048_576]) {
    test(`come back unchanged with ${bytes} bytes`, async (context) => {
      const lengths = new Set<number>();
      const server = await startLabServer(context, {
        onMember: (member) => member.on('message', (data: Buffer) => lengths.add(data.length)),
      });
      const { counts, latencyMicros } = await driveOne(
        context,
        server.port,
        `echo rate=20/s for=0.5s bytes=${bytes}`,
        4,
      );
      assert.deepEqual(counts, { sent: 10, received: 10, wrong: 0, doubled: 0, outOfOrder: 0, notSent: 0 });
      assert.equal(latencyMicros.count, 10);
      assert.deepEqual([...lengths], [bytes]);
    });
  }

  for (const [bytes, isTold] of [
    [44, true],
    [5_000, false],
  ] as const) {
    test(`say how much was sent late where the kernel timed them: ${isTold ? '' : 'not '}with ${bytes} bytes`, async (context) => {
      const server = await startLabServer(context);
      const { load } = await driveOne(context, server.port, `echo rate=100/s for=1s bytes=${bytes}`, 4);
      const late = (await load.collectRaws()).map(({ phases }) => phases[0]?.lateWork);
      assert.deepEqual(
        late.map((pieces) => typeof pieces),
        isTold ? ['number', 'number'] : ['undefined', 'undefined'],
      );
    });
  }

  test('are as many as the lab was asked for, though each process has half of one', async (context) => {
    const server = await startLabServer(context);
    const { counts } = await driveOne(context, server.port, 'echo rate=1/s for=1s', 4);
    assert.deepEqual([counts['sent'], counts['received']], [1, 1]);
  });

  for (const bytes of [10, 200, 5_000]) {
    test(`are wrong when the last of ${bytes} bytes is another`, async (context) => {
      const server = await startLabServer(context, {
        onMember(member) {
          member.removeAllListeners('message');
          member.on('message', (data: Buffer) => {
            member.send(`${data.toString().slice(0, -1)}!`);
            member.send(data.toString());
          });
        },
      });
      const { counts } = await driveOne(context, server.port, `echo rate=20/s for=0.5s bytes=${bytes}`, 4);
      assert.deepEqual(counts, { sent: 10, received: 10, wrong: 10, doubled: 0, outOfOrder: 0, notSent: 0 });
    });
  }
});

describe('broadcasts of any length', { concurrency: 3 }, () => {
  for (const bytes of [24, 126, 257, 5_000, 1_048_576]) {
    test(`reach every member with ${bytes} bytes`, async (context) => {
      const server = await startLabServer(context);
      const { broadcasts } = await driveOne(context, server.port, `broadcast times=2 every=0.2s bytes=${bytes}`, 6);
      assert.deepEqual(
        broadcasts.map(({ received, duplicates, latencyMicros }) => [received, duplicates, latencyMicros.count]),
        [
          [6, 0, 6],
          [6, 0, 6],
        ],
      );
    });
  }
});
