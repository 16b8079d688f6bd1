import type { ServerPromise } from '../promise.ts';
import { until } from '../client/deadline.ts';
import { RawClient } from '../client/raw-client.ts';
import type { ServerProcess } from '../server-process.ts';

/** Connections in one round; memory is looked at between rounds. */
const plainRound = 1000;
/**
 * The same over TLS. A connection takes ten times as long there, and the state of TLS that it may leave behind is 5 kB or more, so that
 * fewer of them show it. What else a server may keep of a connection, plain ones show.
 */
const secureRound = 300;
/** Rounds that are compared: 4 000 plain connections. */
const windowRounds = 4;
/**
 * Connections that a server gets until its memory stays as it is. A collected heap grows at first, because collecting is put off
 * while there is room (Vert.x fills an old generation of 112 MB by 5 to 6 MB a round); it ends to grow. What is never let go grows
 * in every round.
 */
const mostConnections = 40_000;
/** Most that memory may grow with each connection of the window, in bytes: less than any server keeps for one that is open. */
const allowedBytes = 1024;
/** Files that a runtime may open for itself meanwhile, far below one a connection. */
const spareFiles = 16;

/**
 * Opens and leaves so many WebSockets, each in one of three ways. Few are open at a time: what happens to be open while a
 * runtime collects its young objects is moved to the old ones, and these are collected much more rarely.
 */
async function churn(process: ServerProcess, count: number): Promise<void> {
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      const turn = begun++;
      const client = await RawClient.open(process, turn % 10 === 9 ? '/publish' : '/');
      if (turn % 3 === 0) {
        await client.close();
      } else if (turn % 3 === 1) {
        client.half();
        await client.ended();
        client.destroy();
      } else {
        client.reset();
      }
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

/** Growth over the last `windowRounds` of these, in bytes a connection; null while there are fewer. */
function grownBytes(memoryBytes: readonly number[], roundConnections: number): number | null {
  const [first, last] = [memoryBytes.at(-1 - windowRounds), memoryBytes.at(-1)];
  return first === undefined || last === undefined ? null : (last - first) / (windowRounds * roundConnections);
}

/** Connections that come and go: the one case that looks at the server's memory. */
export const churnPromise: ServerPromise = {
  name: 'churn-leaks-nothing',
  promise: 'thousands of connects and disconnects leave no descriptor open and no memory taken',
  check: async ({ process }) => {
    const roundConnections = process.isSecure ? secureRound : plainRound;
    const memoryBytes: number[] = [];
    let files = 0;
    for (let begun = 0; begun < mostConnections; begun += roundConnections) {
      await churn(process, roundConnections);
      if (begun === 0) {
        await until(() => process.openFiles() < 100, 'descriptors are freed');
        files = process.openFiles();
      }
      await until(
        () => process.openFiles() <= files + spareFiles,
        'descriptors are freed:',
        () => `${process.openFiles()} instead of ${files}`,
      );
      memoryBytes.push(process.anonymousBytes());
      const grown = grownBytes(memoryBytes, roundConnections);
      if (grown !== null && grown < allowedBytes) return;
    }
    const megabytes = memoryBytes.map((bytes) => (bytes / 1e6).toFixed(1));
    throw new Error(
      `memory must stop growing with connections that are gone: ${Math.round(grownBytes(memoryBytes, roundConnections) ?? 0)} bytes a connection stayed; after each ${roundConnections} of them the server had ${megabytes.join(', ')} MB`,
    );
  },
};
