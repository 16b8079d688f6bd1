import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startLabServer } from '../lab-server.ts';
import { driveOne } from './drive-one.ts';

describe('churn', { concurrency: 2 }, () => {
  test('closes connections properly and opens as many, and their number stays', async (context) => {
    const codes: number[] = [];
    let opened = 0;
    const server = await startLabServer(context, {
      onMember(member) {
        opened += 1;
        member.on('close', (code) => codes.push(code));
      },
    });
    const { counts, latencyMicros, load } = await driveOne(context, server.port, 'churn rate=50/s for=1s');
    assert.deepEqual(
      [
        counts['due'],
        counts['closed'],
        counts['closedInTime'],
        counts['opened'],
        counts['attempts'],
        counts['givenUp'],
      ],
      [50, 50, 50, 50, 50, 0],
    );
    assert.equal(latencyMicros.count, 50);
    assert.deepEqual([opened, server.members.size, load.counts().open, load.counts().lost], [70, 20, 20, {}]);
    assert.deepEqual(
      codes,
      Array.from({ length: 50 }, () => 1000),
    );
  });

  test('that is due while no connection is open waits for one', async (context) => {
    const server = await startLabServer(context);
    // One connection a process, and a goodbye of each is due every millisecond: far sooner than it can be back.
    const { counts } = await driveOne(context, server.port, 'churn rate=2000/s for=0.1s', 2);
    assert.deepEqual([counts['due'], counts['closed'], counts['opened']], [200, 200, 200]);
  });

  test('resets a connection that the server does not close, and counts it apart', async (context) => {
    let opened = 0;
    const server = await startLabServer(context, {
      onMember(member) {
        opened += 1;
        // Nothing is read from it any more, so neither is its close frame.
        if (opened <= 20) member.pause();
      },
    });
    const { counts, load } = await driveOne(context, server.port, 'churn rate=10/s for=1s');
    assert.deepEqual([counts['closed'], counts['closedInTime'], counts['opened']], [10, 0, 10]);
    assert.equal(load.counts().open, 20);
  });
});
