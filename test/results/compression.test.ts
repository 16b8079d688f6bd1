import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deflateOffer } from '../../assets/loadgen/deflate/extension.ts';
import type { DeflateRaw } from '../../assets/loadgen/deflate/deflate-sums.ts';
import { renderTable } from '../../lib/report/render-table.ts';
import { changedProcess, only, readMerged } from './read-merged.ts';
import { runFiles } from './synthetic-run.ts';

const accepted: DeflateRaw = {
  offered: deflateOffer,
  answered: 'permessage-deflate; server_no_context_takeover',
  accepted: 500,
  declined: 0,
  received: { messages: 10, wireBytes: 200_000, bytes: 4_000_000, micros: 3000 },
  sent: { messages: 5, wireBytes: 1000, bytes: 2_000_000, micros: 1000 },
};
const nothing = { messages: 0, wireBytes: 0, bytes: 0, micros: 0 };
const declined: DeflateRaw = {
  ...accepted,
  answered: null,
  accepted: 0,
  declined: 500,
  received: nothing,
  sent: nothing,
};

/** A run whose load processes wrote this of compression, in turn. */
function files(...parts: readonly DeflateRaw[]): Record<string, string> {
  let all = runFiles({ servers: ['node'] });
  const paths = Object.keys(all).filter((path) => /loadgen-\d+\.json$/.test(path));
  for (const [n, path] of paths.entries()) {
    const deflate = parts[n % parts.length];
    all = changedProcess(all, path, (process) => ({ ...process, deflate }));
  }
  return all;
}

describe('compression', () => {
  test('is summed over load processes, and said in one remark', async () => {
    const result = await readMerged(files(accepted, declined));
    assert.deepEqual(only(result).deflate, {
      ...accepted,
      accepted: 1500,
      declined: 1500,
      received: { messages: 30, wireBytes: 600_000, bytes: 12_000_000, micros: 9000 },
      sent: { messages: 15, wireBytes: 3000, bytes: 6_000_000, micros: 3000 },
    });
    const said = "received 12.0 MB as 600 kB, sent 6.00 MB as 3.00 kB, by 12.0 ms of the load generator's CPU";
    assert.ok(words(renderTable(result)).includes(`compressed: ${said}, 1 500 connections declined`));
  });

  test('that the server declined is said, too', async () => {
    const table = words(renderTable(await readMerged(files(declined))));
    assert.ok(table.includes('nothing was compressed: the server declined'), table);
  });

  test('is null where it was not offered', async () => {
    const result = await readMerged(runFiles({ servers: ['node'] }));
    assert.equal(only(result).deflate, null);
    assert.doesNotMatch(renderTable(result), /compress/);
  });
});

/** A text without its line breaks. */
function words(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
