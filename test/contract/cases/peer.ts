import assert from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { ContractCase } from '../contract-case.ts';
import { within } from '../deadline.ts';

/** Cases in which another implementation, the `ws` package, is the client. */
export const peerCases: readonly ContractCase[] = [
  {
    name: 'independent-client',
    promise: "an independent client's messages, fragments, pings and close are understood, and understood by it",
    run: async ({ process, track }) => {
      const socket = new WebSocket(`ws://127.0.0.1:${process.port}/`);
      track({ destroy: () => socket.terminate() });
      const next = async (event: string): Promise<unknown[]> => within(once(socket, event), event);
      await next('open');
      assert.equal(socket.extensions, '');

      let arrived = next('message');
      socket.send('text é€😀');
      assert.deepEqual(await arrived, [Buffer.from('text é€😀'), false]);

      arrived = next('message');
      socket.send(Buffer.from([0, 255, 128]));
      assert.deepEqual(await arrived, [Buffer.from([0, 255, 128]), true]);

      arrived = next('message');
      socket.send('in two ', { fin: false });
      socket.send('parts', { fin: true });
      assert.deepEqual(await arrived, [Buffer.from('in two parts'), false]);

      const pong = next('pong');
      socket.ping('are you there?');
      assert.deepEqual(await pong, [Buffer.from('are you there?')]);

      const closed = next('close');
      socket.close(4321, 'done');
      assert.equal((await closed)[0], 4321);
    },
  },
];
