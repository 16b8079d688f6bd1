import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTestLab, invocationsOf, runDocument, runLines } from '../test-lab.ts';

describe('output', () => {
  const bytes = (count: number): string => `head -c ${count} /dev/zero | tr '\\0' x`;

  test('23 999 bytes are shown whole, 24 000 as 23 980 and a marker', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    assert.equal((await runLines(lab, [bytes(23_999)])).StandardOutputContent, 'x'.repeat(23_999));
    const cut = `${'x'.repeat(23_980)}--output truncated--`;
    assert.equal((await runLines(lab, [bytes(24_000)])).StandardOutputContent, cut);
    assert.equal((await runLines(lab, [bytes(1_000_000)])).StandardOutputContent, cut);
  });

  test('standard error is cut at 8000 by the API', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const result = await runLines(lab, [`${bytes(9000)} >&2`]);
    assert.equal(result.StandardErrorContent, 'x'.repeat(8000));
  });

  test('lists show both streams in one text of 2500 bytes', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    const outputOf = async (commands: string[]): Promise<string> => {
      const { CommandId = '' } = await runLines(lab, commands);
      return (await invocationsOf(lab, CommandId))[0]?.CommandPlugins?.[0]?.Output ?? '';
    };
    assert.equal(await outputOf(['echo out; echo error >&2']), 'out\n\n----------ERROR-------\nerror\n');
    const long = await outputOf([bytes(3000)]);
    assert.equal(long.length, 2500);
    assert.ok(long.endsWith('\n---Output truncated---'));
    const errors = await outputOf([`echo out; ${bytes(3000)} >&2`]);
    assert.equal(errors.length, 2500);
    assert.ok(errors.startsWith('out\n\n----------ERROR-------\nxxx') && errors.endsWith('\n---Error truncated----'));
    const both = await outputOf([`${bytes(3000)}; ${bytes(3000)} >&2`]);
    assert.ok(both.length <= 2500 && both.includes('x\n---Output truncated---\n----------ERROR-------\nx'));
  });
});
