import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseDrivenWorkload } from '../../lib/bench/contenders/driven-phases.ts';
import { startReferenceClient } from '../../lib/bench/contenders/reference-client.ts';
import { compileReference, hasCompiler } from '../../lib/bench/reference/compile-reference.ts';
import { loopbackSource } from '../loadgen/held-load.ts';
import { startLabServer } from '../loadgen/lab-server.ts';
import { withFolder } from '../integration/lab-process.ts';

describe('the reference in C', { skip: !hasCompiler() && 'there is no C compiler (cc)' }, () => {
  test('counts the pongs of a server so slow that the next pings have been sent', async (context) => {
    const { port } = await startLabServer(context, {
      autoPong: false,
      onMember: (member) => member.on('ping', (payload) => setTimeout(() => member.pong(payload), 300)),
    });
    await withFolder(async (folder) => {
      const compiled = compileReference('reference-client', folder);
      const task = { port, connections: 10, source: loopbackSource(), broadcasts: 0, tls: false, folder };
      const running = startReferenceClient(compiled, false, task);
      try {
        await running.opened!();
        let phases = 0;
        const done = await running.drive!(parseDrivenWorkload('heartbeat every=0.1s for=1s'), () => (phases += 1));
        assert.deepEqual([done, phases], [[100], 1]);
      } finally {
        await running.kill();
      }
    });
  });
});
