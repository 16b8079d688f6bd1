import assert from 'node:assert/strict';
import type { CaseContext, ServerPromise } from '../promise.ts';
import { until, within } from '../client/deadline.ts';
import type { RawClient } from '../client/raw-client.ts';
import { upgradeRequest } from '../client/upgrade.ts';
import { encodeFrame, opcodes } from '../client/frame.ts';

/** Files that a runtime may open for itself meanwhile (an epoll of its own, cgroup's files), far below what would leak. */
const spareFiles = 8;

/** Does something on so many connections, and expects the server's open files to be as many after it as before. */
async function expectFilesBack(
  { process, tcp }: CaseContext,
  what: string,
  use: (connections: number) => Promise<void>,
): Promise<void> {
  // A first round, because runtimes open most of their own files when they are first used.
  await use(1);
  const before = process.openFiles();
  await use(50);
  await until(
    async () => {
      // The JDK frees the descriptors of closed channels when its selector wakes up next.
      (await tcp()).destroy();
      return process.openFiles() <= before + spareFiles;
    },
    `open files are as many as before ${what}:`,
    () => `${process.openFiles()} instead of ${before}`,
  );
}

async function openMany(open: () => Promise<RawClient>, count: number): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: count }, open));
}

/** Connections that end badly, go silent or send what they may not: each costs only itself. */
export const troublePromises: readonly ServerPromise[] = [
  {
    name: 'half-closed-cleaned-up',
    promise: 'a connection that ends with a FIN and no close frame is closed, and its descriptor freed',
    check: async (context) =>
      expectFilesBack(context, '50 half-closed connections', async (count) => {
        const clients = await openMany(context.open, count);
        for (const client of clients) client.half();
        for (const client of clients) await client.ended();
        for (const client of clients) client.destroy();
      }),
  },
  {
    name: 'reset-cleaned-up',
    promise: 'a connection that is reset is no member any more, and its descriptor is freed',
    check: async (context) =>
      expectFilesBack(context, '50 reset connections', async (count) => {
        for (const client of await openMany(context.open, count)) client.reset();
        const publisher = await context.open('/publish');
        await until(async () => {
          publisher.sendText('who is there?');
          return (await publisher.text()).startsWith('sent 0 ');
        }, 'reset connections are no members any more');
        publisher.destroy();
      }),
  },
  {
    name: 'reset-amid-message-cleaned-up',
    promise: 'a connection that is reset in the middle of a message is cleaned up',
    check: async (context) =>
      expectFilesBack(context, '50 interrupted messages', async (count) => {
        for (const client of await openMany(context.open, count)) {
          client.write(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0, 0x80, 0, 1, 2, 3, 4, 5]));
          client.sendText('within');
          client.reset();
        }
      }),
  },
  {
    name: 'abandoned-upgrade-cleaned-up',
    promise: 'connections that end before, in the middle of or after an upgrade that is refused are cleaned up',
    check: async (context) =>
      expectFilesBack(context, '50 abandoned upgrades', async (count) => {
        const requests = [upgradeRequest('/').slice(0, 60), upgradeRequest('/other'), ''];
        for (const [index, client] of (await openMany(context.tcp, count)).entries()) {
          const request = requests[index % requests.length] ?? '';
          client.write(request);
          // It is refused first: then a reset may find nobody who listens for it.
          if (request.endsWith('\r\n\r\n')) await client.httpAnswerOrEnd();
          if (index % 2 === 0) client.reset();
          else client.destroy();
        }
      }),
  },
  {
    name: 'garbage-hurts-nobody',
    promise: 'bytes that are no HTTP or no frames end their connection and nothing else',
    check: async ({ tcp, open }) => {
      const other = await open();
      const noHttp = await tcp();
      noHttp.write('\x16\x03\x01 this is no HTTP\r\n\r\n');
      const noFrames = await open();
      noFrames.write(Buffer.alloc(4096, 0xff));
      for (const target of ['//', '*', '/%', '\\', '/?%00']) {
        const odd = await tcp();
        odd.write(upgradeRequest(target));
        await odd.httpAnswerOrEnd();
      }
      await Promise.all([noHttp.ended(), noFrames.ended()]);
      await expectService(other);
    },
  },
  {
    name: 'negative-length-hurts-nobody',
    promise: 'frames whose length has its highest bit set end their connection at most',
    check: async ({ open }) => {
      const other = await open();
      for (const announcedLength of [1n << 63n, (1n << 63n) + 5n, (1n << 64n) - 1n]) {
        for (const opcode of [opcodes.text, opcodes.binary, opcodes.ping]) {
          (await open()).send({ opcode, payload: 'hello', announcedLength });
        }
      }
      // Often, because a server of several threads may serve others a little longer.
      for (let round = 0; round < 100; round += 1) await expectService(other);
      await expectService(await open());
    },
  },
  {
    name: 'half-open-hurts-nobody',
    promise: 'connections that stop in the middle of a request, a header or a message hold up nobody',
    check: async ({ tcp, open }) => {
      const [requests, messages] = await Promise.all([openMany(tcp, 50), openMany(open, 50)]);
      for (const client of requests) client.write(upgradeRequest('/').slice(0, 60));
      for (const [index, client] of messages.entries()) {
        client.write(Buffer.from([0x82, 0xfe, 0x10, 0, 1, 2, 3, 4, 5]).subarray(0, 1 + (index % 9)));
      }
      await expectService(await open());
    },
  },
  {
    name: 'endless-request-ends',
    promise: 'a request whose header does not end is cut off before it takes 4 MiB',
    check: async ({ tcp, open }) => {
      const client = await tcp();
      client.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n');
      await expectCutOff(client, Buffer.from(`X-Filler: ${'x'.repeat(1000)}\r\n`.repeat(64)));
      await expectService(await open());
    },
  },
  {
    name: 'endless-message-ends',
    promise: 'a message of more than 16 MiB, in one frame or in fragments, ends its connection',
    check: async ({ open }) => {
      const part = Buffer.alloc(65536);
      const whole = await open();
      whole.write(encodeFrame({ opcode: opcodes.binary, payload: part, announcedLength: 17n * 1024n * 1024n }));
      await expectCutOff(whole, part);
      const fragments = await open();
      fragments.send({ opcode: opcodes.binary, payload: part, fin: false });
      await expectCutOff(fragments, encodeFrame({ opcode: opcodes.continuation, payload: part, fin: false }));
      await expectService(await open());
    },
  },
];

/** Sends a part again and again, and expects the server to end the connection before it has taken 17 MiB. */
async function expectCutOff(client: RawClient, part: Buffer): Promise<void> {
  const most = Math.ceil((17 * 1024 * 1024) / part.length);
  for (let sent = 0; sent < most && !client.isEnded; sent += 1) {
    // That the end of the connection fails a write is what is waited for; a server that neither reads nor ends it would be for ever.
    await within(
      client.taken(part).catch(() => {}),
      'read or end of the connection',
    );
  }
  await client.ended();
}

async function expectService(client: RawClient): Promise<void> {
  client.sendText('others are served');
  assert.equal(await client.text(), 'others are served');
}
