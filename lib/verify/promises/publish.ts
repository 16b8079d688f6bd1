import assert from 'node:assert/strict';
import type { CaseContext, ServerPromise } from '../promise.ts';
import { opcodes } from '../client/frame.ts';
import type { RawClient } from '../client/raw-client.ts';

/** The numbers in a publisher's answer. */
export interface Answer {
  readonly members: number;
  readonly failed: number;
  readonly elapsedMicros: number;
}

/** The next answer of a publisher, which must be exactly as the contract has it. */
export async function answerTo(publisher: RawClient, millis?: number): Promise<Answer> {
  const text = await publisher.text(millis);
  const [, members, failed, elapsedMicros] =
    /^sent (\d+) (\d+) (\d+)$/.exec(text) ?? assert.fail(`bad answer '${text}'`);
  return { members: Number(members), failed: Number(failed), elapsedMicros: Number(elapsedMicros) };
}

/** Opens so many members, and returns when the server has taken all of them in. */
export async function openMembers({ open }: CaseContext, count: number): Promise<RawClient[]> {
  const members = await Promise.all(Array.from({ length: count }, () => open('/')));
  // An echo shows that the server has done with the upgrade: from here on it is a member.
  for (const member of members) member.sendText('ready');
  for (const member of members) assert.equal(await member.text(), 'ready');
  return members;
}

/** Whether nothing but the answer to this ping waits to be read. */
async function expectSilence(client: RawClient, what: string): Promise<void> {
  client.send({ opcode: opcodes.ping, payload: 'anything else?' });
  const frame = await client.frame();
  assert.equal(
    frame?.opcode,
    opcodes.pong,
    `${what} must receive nothing more, got '${frame?.payload.toString() ?? ''}'`,
  );
}

/** What a publisher sends reaches every member once, unchanged and in order, and is answered in order. */
export const publishPromises: readonly ServerPromise[] = [
  {
    name: 'publish-reaches-all',
    promise: 'each of 200 messages reaches each of 100 members once and in order, and is answered in order',
    check: async (context) => {
      const members = await openMembers(context, 100);
      const publisher = await context.open('/publish');
      const texts = Array.from({ length: 200 }, (_, index) => `${index} 123456789`);
      for (const text of texts) publisher.sendText(text);
      for (const member of members) {
        for (const text of texts) assert.equal(await member.text(), text);
      }
      for (const _ of texts) {
        const { members: addressed, failed } = await answerTo(publisher);
        assert.deepEqual({ addressed, failed }, { addressed: 100, failed: 0 });
      }
      for (const member of members) await expectSilence(member, 'a member');
    },
  },
  {
    name: 'publishers-hear-nothing',
    promise: 'publishers receive answers to their own messages only, and no broadcast',
    check: async (context) => {
      const [member] = await openMembers(context, 1);
      const publishers = await Promise.all([context.open('/publish'), context.open('/publish')]);
      publishers[0].sendText('hello');
      assert.equal(await member?.text(), 'hello');
      assert.equal((await answerTo(publishers[0])).members, 1);
      for (const publisher of publishers) await expectSilence(publisher, 'a publisher');
    },
  },
  {
    name: 'publish-to-nobody',
    promise: 'a message without members to receive it is answered with `sent 0 0 …`',
    check: async ({ open }) => {
      const publisher = await open('/publish');
      publisher.sendText('hello?');
      const { members, failed } = await answerTo(publisher);
      assert.deepEqual({ members, failed }, { members: 0, failed: 0 });
    },
  },
  {
    name: 'publish-unchanged',
    promise: 'text stays text and binary stays binary, from 0 B to 1 MiB, in fragments or not',
    check: async (context) => {
      const members = await openMembers(context, 3);
      const publisher = await context.open('/publish');
      for (const size of [0, 1, 125, 126, 65535, 65536, 1024 * 1024]) {
        const payload = Buffer.alloc(size, 'abcdefg');
        for (const opcode of [opcodes.text, opcodes.binary]) {
          // Empty fragments are another promise.
          const cut = Math.max(1, Math.floor(size / 2));
          if (size > 1) {
            publisher.send({ opcode, payload: payload.subarray(0, cut), fin: false });
            publisher.send({ opcode: opcodes.continuation, payload: payload.subarray(cut) });
          } else {
            publisher.send({ opcode, payload });
          }
          publisher.send({ opcode, payload });
          for (const member of members) {
            for (const _ of ['in fragments', 'whole']) {
              const message = await member.message();
              assert.equal(
                message.binary,
                opcode === opcodes.binary,
                `${size} B changed from binary or text to the other`,
              );
              assert.ok(message.payload.equals(payload), `${size} B changed`);
            }
          }
          for (const _ of ['in fragments', 'whole']) assert.equal((await answerTo(publisher)).failed, 0);
        }
      }
    },
  },
  {
    name: 'publish-from-several',
    promise: "messages of four publishers at once reach every member once, each publisher's in its order",
    check: async (context) => {
      const members = await openMembers(context, 20);
      const publishers = await Promise.all(Array.from({ length: 4 }, () => context.open('/publish')));
      for (let index = 0; index < 100; index += 1) {
        for (const [who, publisher] of publishers.entries()) publisher.sendText(`${who} ${index}`);
      }
      for (const member of members) {
        const next = publishers.map(() => 0);
        for (let count = 0; count < 400; count += 1) {
          const [who = -1, index] = (await member.text()).split(' ').map(Number);
          assert.equal(index, next[who], `message ${index} of publisher ${who} came where ${next[who]} was due`);
          next[who] = (index ?? 0) + 1;
        }
        await expectSilence(member, 'a member');
      }
      for (const publisher of publishers) {
        for (let count = 0; count < 100; count += 1) assert.equal((await answerTo(publisher)).failed, 0);
      }
    },
  },
  {
    name: 'publish-amid-echoes',
    promise: 'broadcasts and echoes of large messages to one member do not mix',
    check: async (context) => {
      const [member] = await openMembers(context, 1);
      assert.ok(member);
      const publisher = await context.open('/publish');
      const echo = Buffer.alloc(200_000, 'e');
      for (let index = 0; index < 20; index += 1) {
        member.send({ opcode: opcodes.binary, payload: echo });
        publisher.sendText(`${index}`);
      }
      let echoes = 0;
      let broadcasts = 0;
      while (echoes + broadcasts < 40) {
        const { binary, payload } = await member.message();
        if (binary) {
          assert.ok(payload.equals(echo), 'an echo changed');
          echoes += 1;
        } else {
          assert.equal(payload.toString(), `${broadcasts}`);
          broadcasts += 1;
        }
      }
      assert.equal(broadcasts, 20);
    },
  },
  {
    name: 'publish-during-churn',
    promise: 'while others join and leave, members that stay receive every message once and in order',
    check: async (context) => {
      const members = await openMembers(context, 20);
      const publisher = await context.open('/publish');
      const guests = { present: 5 };
      const comeAndGo = async (): Promise<void> => {
        for (let turn = 0; turn < 60; turn += 1) {
          const guest = await context.open('/');
          if (turn % 3 === 0) {
            const first = Number(await guest.text());
            assert.equal(Number(await guest.text()), first + 1, 'a guest receives what comes without a gap');
          }
          if (turn % 2 === 0) guest.reset();
          else guest.destroy();
        }
      };
      const publish = async (): Promise<number> => {
        let index = 0;
        for (; guests.present > 0; index += 1) {
          publisher.sendText(`${index}`);
          const { members: addressed } = await answerTo(publisher);
          assert.ok(addressed >= 20, `a message was addressed to ${addressed} members, and 20 or more are there`);
        }
        return index;
      };
      const leaving = Array.from({ length: guests.present }, () => comeAndGo().finally(() => (guests.present -= 1)));
      const [published] = await Promise.all([publish(), ...leaving]);
      for (const member of members) {
        for (let index = 0; index < published; index += 1) assert.equal(await member.text(), `${index}`);
        await expectSilence(member, 'a member');
      }
    },
  },
];
