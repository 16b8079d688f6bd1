import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLabServer } from '../lab-server.ts';
import { driveOne } from './drive-one.ts';

test('idle sends nothing for its time, and counts what the server ends meanwhile', async (context) => {
  let messages = 0;
  let opened = 0;
  const server = await startLabServer(context, {
    onMember(member) {
      opened += 1;
      member.on('message', () => (messages += 1));
      if (opened <= 2) setTimeout(() => member.terminate(), 1000);
    },
  });
  const began = performance.now();
  const { counts, load } = await driveOne(context, server.port, 'idle for=2s');
  assert.ok(performance.now() - began >= 2000);
  assert.deepEqual([messages, counts['held'], load.counts().open], [0, 20, 18]);
});
