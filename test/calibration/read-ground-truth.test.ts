import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { emptyLists, nothingDone, type GroundTruth } from '../../assets/calibration/ground-truth/ground-truth.ts';
import { readGroundTruth, sumOfGroundTruth } from '../../lib/calibration/read-ground-truth.ts';
import { withFolder } from '../integration/lab-process.ts';

const line = (did: Partial<GroundTruth>): string =>
  `${JSON.stringify({ event: 'groundTruth', ...nothingDone(), ...emptyLists(), ...did })}\n`;

test('what a server did is its last totals and all of its lists, in order', () => {
  const first = line({ members: 3, pongDelaysMicros: [1, 2], awayMicros: [7] });
  const second = line({ members: 5, cut: 2, pongDelaysMicros: [3] });
  const sum = sumOfGroundTruth(`{"event":"listening","port":8088}\n${first}${second}{"event":"stopped"}\n`);
  assert.ok(sum !== null);
  const { members, cut, pongDelaysMicros, awayMicros, broadcasts } = sum;
  assert.deepEqual([members, cut, pongDelaysMicros, awayMicros, broadcasts], [5, 2, [1, 2, 3], [7], []]);
});

test('a line that was cut short counts for nothing, and output without a line is no account', () => {
  const text = line({ members: 3 });
  assert.equal(sumOfGroundTruth(`${text}${line({ members: 9 }).slice(0, 90)}`)?.members, 3);
  assert.equal(sumOfGroundTruth('{"event":"listening","port":8088}\n'), null);
});

test('before and after a restart a server has accounts of its own', async () => {
  await withFolder(async (folder) => {
    assert.deepEqual(await readGroundTruth(folder), { truth: null, restarted: null });
    await mkdir(join(folder, 'server'));
    await writeFile(join(folder, 'server/server-1.out'), line({ members: 4 }));
    const once = await readGroundTruth(folder);
    assert.deepEqual([once.truth?.members, once.restarted], [4, null]);
    await writeFile(join(folder, 'server/server-1-before-restart.out'), line({ members: 9 }));
    const twice = await readGroundTruth(folder);
    assert.deepEqual([twice.truth?.members, twice.restarted?.members], [9, 4]);
  });
});
