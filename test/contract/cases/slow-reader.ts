import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { CaseContext, ContractCase } from '../contract-case.ts';
import { until } from '../deadline.ts';
import { closePayload, encodeFrame, opcodes } from '../frame.ts';
import type { RawClient } from '../raw-client.ts';
import { answerTo, openMembers, type Answer } from './publish.ts';

const mebibyte = 1024 * 1024;
const block = Buffer.alloc(65536, 'x');

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
 * Reads a publisher's answers as they come, beside everything else: an answer may wait for a member that is stuck, and
 * must not keep the next message back.
 */
function collectAnswers(publisher: RawClient) {
  const received: Answer[] = [];
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const collect = async (): Promise<void> => {
    for (;;) received.push(await answerTo(publisher, 60_000));
  };
  collect().catch(reject);
  return {
    /** Those that have come. */
    received,
    /** The same when so many messages are answered. */
    all: async (count: number): Promise<readonly Answer[]> => {
      await Promise.race([promise, until(() => received.length >= count, 'every message is answered')]);
      return received;
    },
  };
}

/**
 * Sends `part` `count` times to a server that should stop reading; how many of them the kernel and the server had taken when
 * that number had stayed the same although the server answered `other` often: it is not that it had no time to read. Fewer are
 * taken also where the server ends the connection.
 */
async function takenAtRest(stuck: RawClient, other: RawClient, part: Buffer, count: number): Promise<number> {
  let taken = 0;
  const send = async (): Promise<void> => {
    for (; taken < count; taken += 1) await stuck.taken(part);
  };
  // What the connection's end does to the write that waits is for the case to judge.
  send().catch(() => {});
  let before = taken;
  let since = performance.now();
  for (let answered = 0; answered < 200 || performance.now() - since < 300; answered += 1) {
    other.sendText('others go on');
    assert.equal(await other.text(), 'others go on');
    if (taken !== before) {
      before = taken;
      since = performance.now();
      answered = 0;
    }
  }
  return taken;
}

/** Waits so long: time that something must have had to go wrong. */
async function untilPassed(millis: number): Promise<void> {
  const began = performance.now();
  await until(() => performance.now() - began > millis, `${millis} ms have passed`);
}

/** Opens members that read and one that does not, and a publisher whose answers are collected as they come. */
async function withStuckMember(context: CaseContext) {
  const members = await openMembers(context, 5);
  const [stuck] = await openMembers(context, 1);
  assert.ok(stuck);
  stuck.pause();
  const publisher = await context.open('/publish');
  return { members, stuck, publisher };
}

export const slowReaderCases: readonly ContractCase[] = [
  {
    name: 'stuck-member-cut-off',
    promise: 'a member that reads nothing holds up nobody; past 4 MiB it is closed and counted as failed',
    run: async (context) => {
      const { members, stuck, publisher } = await withStuckMember(context);
      const answers = collectAnswers(publisher);
      // What the kernel holds for a client that reads nothing comes on top: the send buffer, and a little at the receiver.
      const limit = 4 * mebibyte + sendBufferBytes() + 2 * mebibyte;
      let published = 0;
      while (answers.received.every(({ failed }) => failed === 0)) {
        assert.ok(
          published * block.length < limit,
          `a member that reads nothing must be closed at 4 MiB; after ${Math.round((published * block.length) / mebibyte)} MiB it was not`,
        );
        await publishBlock(publisher, members, published);
        published += 1;
      }
      await publishBlock(publisher, members, published);
      const failures = (await answers.all(published + 1)).map(({ failed }) => failed);
      assert.ok(Math.max(...failures) === 1, 'only the stuck member fails');
      assert.equal(failures.at(-1), 0, 'once it is closed, the stuck member is no member any more');
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
    run: async (context) => {
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
    name: 'ping-while-behind',
    promise: 'a ping of a member for which 3 MiB wait is answered, when it reads again at the latest',
    run: async (context) => {
      const { members, stuck, publisher } = await withStuckMember(context);
      const count = await publishUnread(publisher, members);
      stuck.send({ opcode: opcodes.ping, payload: 'still here?' });
      // Long enough for a server that gives a pong a second and then drops it.
      await untilPassed(1500);
      stuck.resume();
      const opcodesSeen: number[] = [];
      while (opcodesSeen.length < count + 1) opcodesSeen.push((await stuck.frame())?.opcode ?? -1);
      assert.equal(opcodesSeen.filter((opcode) => opcode === opcodes.pong).length, 1, 'the ping must be answered');
      assert.equal(opcodesSeen.filter((opcode) => opcode === opcodes.binary).length, count);
    },
  },
  {
    name: 'answers-past-a-stuck-member',
    promise: 'answers come in the order of the messages also when a member that holds one up takes its leave',
    run: async (context) => {
      const { members, stuck, publisher } = await withStuckMember(context);
      const answers = collectAnswers(publisher);
      const count = await publishUnread(publisher, members);
      await untilPassed(300);
      const pending = count - answers.received.length;
      assert.ok(pending > 0, 'an answer must wait for the member that reads nothing');
      stuck.send({ opcode: opcodes.close, payload: closePayload(1000) });
      for (let index = 0; index < 3; index += 1) await publishBlock(publisher, members, count + index);
      stuck.resume();
      const last = (await answers.all(count + 3)).slice(-pending - 3);
      const waited = last.map(({ elapsedMicros }) => elapsedMicros > 300_000);
      assert.deepEqual(waited, [...Array.from({ length: pending }, () => true), false, false, false]);
    },
  },
  {
    name: 'pings-unread',
    promise: 'a client that does not read its pongs is not read from, or is closed; others go on',
    run: async (context) => {
      const [stuck, other] = await openMembers(context, 2);
      assert.ok(stuck && other);
      stuck.pause();
      const frame = encodeFrame({ opcode: opcodes.ping, payload: Buffer.alloc(125) });
      const many = Buffer.concat(Array.from({ length: 500 }, () => frame));
      const taken = await takenAtRest(stuck, other, many, 1024);
      if (stuck.isEnded) return;
      assert.ok(taken < 896, `the server took ${taken} of 1024 times 500 pings whose pongs nobody reads`);
    },
  },
  {
    name: 'echoes-unread',
    promise: 'a client that does not read its own echoes is not read from, until it reads again; others go on',
    run: async (context) => {
      const [stuck, other] = await openMembers(context, 2);
      assert.ok(stuck && other);
      stuck.pause();
      const count = 1024;
      const taken = await takenAtRest(stuck, other, encodeFrame({ opcode: opcodes.binary, payload: block }), count);
      assert.equal(stuck.ending, null, `the server must not end the connection, as it did after ${taken} messages`);
      assert.ok(taken < 896, `the server took ${taken} of ${count} messages of 64 KiB whose echoes nobody reads`);
      stuck.resume();
      for (let index = 0; index < count; index += 1) assert.equal((await stuck.message()).payload.length, block.length);
    },
  },
];
