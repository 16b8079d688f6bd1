import assert from 'node:assert/strict';
import type { ServerPromise } from '../promise.ts';
import type { RawClient } from '../client/raw-client.ts';
import { answerTo } from './publish.ts';

/** A client that has its 101 is a member. */
export const memberPromises: readonly ServerPromise[] = [
  {
    name: 'member-at-once',
    promise: 'a client that has its 101 is a member: each of 300 gets what is published right after it',
    check: async ({ open }) => {
      const publisher = await open('/publish');
      const members: RawClient[] = [];
      for (let index = 0; index < 300; index += 1) {
        members.push(await open('/'));
        publisher.sendText(`${index}`);
        const { members: addressed } = await answerTo(publisher);
        assert.equal(addressed, members.length, 'the newest member must be addressed as well');
        for (const member of members) assert.equal(await member.text(), `${index}`);
      }
    },
  },
  {
    name: 'answers-in-order',
    promise: 'messages that a member joins between are answered in their order',
    check: async ({ open }) => {
      const publisher = await open('/publish');
      let most = 0;
      for (let round = 0; round < 100; round += 1) {
        publisher.sendText('before');
        await open('/');
        publisher.sendText('after');
        for (const which of ['before', 'after']) {
          const { members } = await answerTo(publisher);
          assert.ok(members >= most, `the answer to '${which}' counts ${members} members, the one before it ${most}`);
          most = members;
        }
      }
      assert.equal(most, 100);
    },
  },
];
