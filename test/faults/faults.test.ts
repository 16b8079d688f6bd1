import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cells } from './cells.ts';
import { questions, tryCell } from './try-cell.ts';

/** One cell of each kind; `npm run test:faults` tries them all. */
const tried = [
  'drive/command/KILL',
  'drive/command/INT-twice-at-once',
  'collect/command/TERM',
  'drive/server/KILL',
  'drive/worker/KILL',
  'drive/loadHost/KILL',
  'drive/disk/full',
];

describe('a run that something happens to ends soon, says what, keeps what was measured and leaves nothing', () => {
  for (const name of tried) {
    test(name, { timeout: 180_000 }, async () => {
      const cell = cells.find((candidate) => candidate.name === name);
      assert.ok(cell !== undefined, 'there is no such cell');
      const answers = await tryCell(cell);
      const wrong = questions.flatMap((question) =>
        answers[question] === null ? [] : [`${question}: ${answers[question]}`],
      );
      assert.deepEqual(wrong, [], answers.printed);
    });
  }
});
