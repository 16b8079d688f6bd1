import assert from 'node:assert/strict';
import type { ServerPromise } from '../promise.ts';
import { until } from '../client/deadline.ts';
import { answerTo } from './publish.ts';

/** A client that has its 101 is a member. */
export const memberPromises: readonly ServerPromise[] = [
  {
    name: 'member-at-once',
    promise: 'a client that has its 101 is a member: each of 300 gets what is published right after it',
    check: async ({ open, tcp }) => {
      const publisher = await open('/publish');
      const addressed = async (text: string): Promise<number> => {
        publisher.sendText(text);
        return (await answerTo(publisher)).members;
      };
      // Few at a time: what is sent to those who came before tells nothing of the newest, and would take most of this case's time.
      for (let round = 0; round < 6; round += 1) {
        // Connected beforehand, as over TLS a server that does not switch Nagle's algorithm off takes 40 ms for each.
        const members = await Promise.all(Array.from({ length: 50 }, () => tcp()));
        for (const [before, newest] of members.entries()) {
          await newest.upgrade('/');
          assert.equal(await addressed(`${before}`), before + 1, 'the newest member must be addressed as well');
          assert.equal(await newest.text(), `${before}`);
          // Nobody looks at what it gets from now on.
          newest.pause();
        }
        for (const member of members) member.destroy();
        await until(async () => (await addressed('is anybody there?')) === 0, 'no member is left');
      }
    },
  },
  {
    name: 'answers-in-order',
    promise: 'messages that a member joins between are answered in their order',
    check: async ({ open }) => {
      const publisher = await open('/publish');
      for (let round = 0; round < 100; round += 1) {
        publisher.sendText('before');
        (await open('/')).pause();
        publisher.sendText('after');
      }
      let most = 0;
      for (let round = 0; round < 100; round += 1) {
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
