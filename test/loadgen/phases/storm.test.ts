import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startLabServer } from '../lab-server.ts';
import { driveOne } from './drive-one.ts';

describe('a storm', { concurrency: 3 }, () => {
  test('cuts all connections by reset, and each client comes back at once', async (context) => {
    let opened = 0;
    const codes: number[] = [];
    const server = await startLabServer(context, {
      onMember(member) {
        opened += 1;
        member.on('close', (code) => codes.push(code));
      },
    });
    const { counts, latencyMicros, load } = await driveOne(context, server.port, 'storm backoff=none within=20s');
    assert.deepEqual([counts['cut'], counts['back'], counts['attempts'], counts['resetInstead']], [20, 20, 20, 0]);
    assert.equal(latencyMicros.count, 20);
    assert.deepEqual([opened, load.counts().open, load.counts().lost], [40, 20, {}]);
    assert.deepEqual(new Set(codes), new Set([1006]));
  });

  test('cuts a share of them, and who backs off is away for a while', async (context) => {
    const server = await startLabServer(context);
    const { counts, latencyMicros } = await driveOne(context, server.port, 'storm cut=50% backoff=exp within=20s');
    assert.deepEqual([counts['cut'], counts['back']], [10, 10]);
    // Ten random waits of up to a second are together longer than ten handshakes.
    assert.ok((latencyMicros.max ?? 0) > 100_000, `${latencyMicros.max} us`);
  });

  test('in silence leaves the server with connections that nobody has, where the kernel allows it', async (context) => {
    const server = await startLabServer(context);
    const { counts } = await driveOne(context, server.port, 'storm by=silence backoff=none within=20s');
    const { cut, back, resetInstead = 0 } = counts;
    assert.deepEqual([cut, back], [20, 20]);
    assert.ok(resetInstead === 0 || resetInstead === 20);
    assert.equal(server.members.size, 40 - resetInstead);
  });
});
