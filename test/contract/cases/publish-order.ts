import assert from 'node:assert/strict';
import type { ContractCase } from '../contract-case.ts';
import type { RawClient } from '../raw-client.ts';
import { answerTo } from './publish.ts';

export const publishOrderCases: readonly ContractCase[] = [
  {
    name: 'member-at-once',
    promise: 'who has the answer to its upgrade is a member: each of 300 gets what is published right behind it',
    run: async ({ open }) => {
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
    name: 'answers-while-members-come',
    promise: 'answers to messages that are sent in pairs while members join come in the order of the messages',
    run: async ({ open }) => {
      const publisher = await open('/publish');
      const joined = { all: false };
      const join = async (): Promise<void> => {
        for (let index = 0; index < 100; index += 1) await open('/');
      };
      const joining = Promise.all([join(), join(), join(), join()]).finally(() => (joined.all = true));
      let most = 0;
      while (!joined.all) {
        publisher.sendText('one');
        publisher.sendText('two');
        for (const which of ['first', 'second']) {
          const { members } = await answerTo(publisher);
          assert.ok(members >= most, `the ${which} answer counts ${members} members, and ${most} were there before`);
          most = members;
        }
      }
      await joining;
    },
  },
];
