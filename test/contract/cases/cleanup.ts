import type { CaseContext, ContractCase } from '../contract-case.ts';
import { until } from '../deadline.ts';
import { upgradeRequest, type RawClient } from '../raw-client.ts';
import { churnLeaksNothing } from './churn.ts';

/** Files that a runtime may open for itself meanwhile (an epoll of its own, cgroup's files), far below what would leak. */
const spareFiles = 8;

/** Does something on so many connections, and expects the server's open files to be as many after it as before. */
async function expectFilesBack(
  { process }: CaseContext,
  what: string,
  use: (connections: number) => Promise<void>,
): Promise<void> {
  // A first round, because runtimes open most of their own files when they are first used.
  await use(1);
  const before = process.openFiles();
  await use(50);
  await until(
    () => process.openFiles() <= before + spareFiles,
    `open files are as many as before ${what}:`,
    () => `${process.openFiles()} instead of ${before}`,
  );
}

async function openMany(open: () => Promise<RawClient>, count: number): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: count }, open));
}

export const cleanupCases: readonly ContractCase[] = [
  {
    name: 'half-closed-cleaned-up',
    promise: 'a connection that ends with a FIN and no close frame is closed, and its descriptor freed',
    run: async (context) =>
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
    run: async (context) =>
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
    run: async (context) =>
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
    promise: 'connections that end before or in the middle of their upgrade are cleaned up',
    run: async (context) =>
      expectFilesBack(context, '50 abandoned upgrades', async (count) => {
        for (const [index, client] of (await openMany(context.tcp, count)).entries()) {
          if (index % 2 === 0) client.write(upgradeRequest('/').slice(0, 60));
          if (index % 3 === 0) client.reset();
          else client.destroy();
        }
      }),
  },
  churnLeaksNothing,
];
