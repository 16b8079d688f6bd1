import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { CaseContext, ServerPromise } from '../promise.ts';
import { encodeFrame, opcodes } from '../client/frame.ts';
import { millisLeft, patienceMillis, secondsSince, until } from '../client/deadline.ts';
import type { RawClient } from '../client/raw-client.ts';
import { answerTo, openMembers, type Answer } from './publish.ts';

const mebibyte = 1024 * 1024;
const block = Buffer.alloc(65536, 'x');

/** How long a server may take to stop reading from a client that does not read, however slowly it takes what that sends. */
const restMillis = 6 * patienceMillis;

/** The most that a socket's send buffer grows to, in bytes. */
function sendBufferBytes(): number {
  return Number(readFileSync('/proc/sys/net/ipv4/tcp_wmem', 'utf8').trim().split(/\s+/)[2]);
}

/** Publishes a block that begins with its number, and waits until all of `members` have it. */
async function publishBlock(publisher: RawClient, members: readonly RawClient[], index: number): Promise<void> {
  block.writeUInt32BE(index);
  publisher.send({ opcode: opcodes.binary, payload: block });
  for (const member of members) {
    const { payload } = await member.message();
    assert.equal(payload.readUInt32BE(0), index, 'a member that reads receives every message in order');
    assert.equal(payload.length, block.length);
  }
}

/** Publishes blocks until up to 3 MiB of them wait in the server for a member that reads nothing; how many. */
async function publishUnread(publisher: RawClient, members: readonly RawClient[]): Promise<number> {
  // Half of the send buffer at least is payload; what it takes does not wait in the server.
  const count = Math.floor((3 * mebibyte + sendBufferBytes() / 2) / block.length);
  for (let index = 0; index < count; index += 1) await publishBlock(publisher, members, index);
  return count;
}

/**
 * Sends `part` `count` times to a server that should stop reading; how many of them the kernel and the server had taken when
 * that number had stayed the same although the server often served another client: it is not that it had no time to read. Fewer are
 * taken also where the server ends the connection.
 */
async function takenAtRest(
  stuck: RawClient,
  serveAnother: () => Promise<void>,
  part: Buffer,
  count: number,
): Promise<number> {
  let taken = 0;
  const send = async (): Promise<void> => {
    for (; taken < count; taken += 1) await stuck.taken(part);
  };
  // What the connection's end does to the write that waits is for the case to judge.
  send().catch(() => {});
  let before = taken;
  let since = performance.now();
  const start = since;
  for (let answered = 0; answered < 200 || performance.now() - since < 300; answered += 1) {
    assert.ok(
      millisLeft(start, restMillis) > 0,
      `the server still took from a client that reads nothing after ${secondsSince(start)}`,
    );
    await serveAnother();
    if (taken !== before) {
      before = taken;
      since = performance.now();
      answered = 0;
    }
  }
  return taken;
}

/** Opens members that read and one that does not, and a publisher. */
async function withStuckMember(context: CaseContext) {
  const members = await openMembers(context, 5);
  const [stuck] = await openMembers(context, 1);
  assert.ok(stuck);
  stuck.pause();
  const publisher = await context.open('/publish');
  return { members, stuck, publisher };
}

/** A client that does not read costs a bounded amount of memory and stalls nobody. */
export const slowReaderPromises: readonly ServerPromise[] = [
  {
    name: 'stuck-member-cut-off',
    promise: 'a member that reads nothing stalls nobody; past 4 MiB it is cut off and counted as failed',
    check: async (context) => {
      const { members, stuck, publisher } = await withStuckMember(context);
      // What the kernel holds for a client that reads nothing comes on top: the send buffer, and a little at the receiver.
      const limit = 4 * mebibyte + sendBufferBytes() + 2 * mebibyte;
      let published = 0;
      let answer: Answer;
      do {
        assert.ok(
          published * block.length < limit,
          `a member that reads nothing must be cut off at 4 MiB; after ${Math.round((published * block.length) / mebibyte)} MiB it was not`,
        );
        await publishBlock(publisher, members, published);
        published += 1;
        answer = await answerTo(publisher);
      } while (answer.failed === 0);
      await publishBlock(publisher, members, published);
      answer = await answerTo(publisher);
      assert.deepEqual([answer.members, answer.failed], [5, 0], 'a member that is cut off is none any more');
      stuck.resume();
      await stuck.ended();
      for (const member of members) {
        member.sendText('still here');
        assert.equal(await member.text(), 'still here');
      }
    },
  },
  {
    name: 'short-pause-survived',
    promise: 'a member that pauses while up to 3 MiB wait for it receives them all when it reads again',
    check: async (context) => {
      const { members, stuck, publisher } = await withStuckMember(context);
      const count = await publishUnread(publisher, members);
      stuck.resume();
      for (let index = 0; index < count; index += 1) {
        assert.equal((await stuck.message()).payload.readUInt32BE(0), index);
      }
      for (let index = 0; index < count; index += 1) assert.equal((await answerTo(publisher)).failed, 0);
    },
  },
  {
    name: 'pings-unread',
    promise: 'a client that does not read its pongs is not read from, or is cut off; others are served',
    check: async (context) => {
      const part = repeated(encodeFrame({ opcode: opcodes.ping, payload: Buffer.alloc(125) }), 500);
      await expectBounded(await membersOneStuck(context), part, '500 pings');
    },
  },
  {
    name: 'echoes-unread',
    promise: 'a client that does not read its echoes is not read from, or is cut off; others are served',
    check: async (context) => {
      const part = encodeFrame({ opcode: opcodes.binary, payload: block });
      await expectBounded(await membersOneStuck(context), part, 'a message of 64 KiB');
    },
  },
  {
    name: 'answers-unread',
    promise: 'a publisher that does not read its answers is not read from, or is cut off; others are served',
    check: async (context) => {
      const [stuck, other] = await Promise.all([context.open('/publish'), context.open('/publish')]);
      const serveAnother = async (): Promise<void> => {
        other.sendText('others go on');
        assert.equal((await answerTo(other)).members, 0);
      };
      // Messages as small as their answers, so that what nobody reads comes to as much as what is sent.
      const part = repeated(encodeFrame({ opcode: opcodes.text, payload: '123456789' }), 4369);
      await expectBounded({ stuck, serveAnother }, part, '4369 messages to nobody');
      stuck.destroy();
      await untilAlone(other, await context.open());
    },
  },
];

/** Rounds without a message of another publisher after which there are none any more. */
const quietRounds = 20;

/**
 * Waits until nothing but what `publisher` sends reaches a member: a server may publish what it has read of one that is gone, which
 * members of the next case are not to hear.
 */
async function untilAlone(publisher: RawClient, member: RawClient): Promise<void> {
  let quiet = 0;
  await until(async () => {
    publisher.sendText('is it over?');
    quiet += 1;
    while ((await member.text()) !== 'is it over?') quiet = 0;
    return quiet >= quietRounds;
  }, 'nothing is published any more of what a publisher that is gone had sent');
}

function repeated(frame: Buffer, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => frame));
}

/** Who does not read, and how another client is served. */
interface OneStuck {
  readonly stuck: RawClient;
  readonly serveAnother: () => Promise<void>;
}

async function membersOneStuck(context: CaseContext): Promise<OneStuck> {
  const [stuck, other] = await openMembers(context, 2);
  assert.ok(stuck && other);
  const serveAnother = async (): Promise<void> => {
    other.sendText('others go on');
    assert.equal(await other.text(), 'others go on');
  };
  return { stuck, serveAnother };
}

/** Floods the server with 64 MiB whose answers nobody reads; it must not take them all. */
async function expectBounded({ stuck, serveAnother }: OneStuck, part: Buffer, what: string): Promise<void> {
  stuck.pause();
  const taken = await takenAtRest(stuck, serveAnother, part, 1024);
  assert.ok(stuck.isEnded || taken < 896, `the server took ${taken} of 1024 times ${what} whose answers nobody reads`);
}
