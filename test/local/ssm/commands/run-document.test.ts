import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { CommandDocument, ShellStep } from '../../../../lib/documents/schema/command-document.ts';
import {
  commandDocument,
  commandOver,
  createTestLab,
  pluginsOf,
  send,
  shellStep,
  stepOf,
  type TestLab,
} from '../test-lab.ts';

interface Run {
  readonly lab: TestLab;
  readonly id: string;
  readonly status: string | undefined;
}

async function run(
  t: TestContext,
  steps: readonly ShellStep[],
  parameters: CommandDocument['parameters'] = {},
  passed: Record<string, string[]> = {},
): Promise<Run> {
  const lab = await createTestLab(t, [{ name: 'Steps', content: commandDocument(steps, parameters) }]);
  const id = await send(lab, 'Steps', { Parameters: passed });
  return { lab, id, status: (await commandOver(lab, id)).Status };
}

const sentence = '\nStep was found to have onFailure property. Further document steps will be skipped.';
const skippedText = 'Plugin with name aws:runShellScript and id last skipped due to prior step with an exit condition';

describe('the steps of a document', () => {
  test('a failed step does not stop the later ones, but fails the document', async (t) => {
    const { lab, id, status } = await run(t, [shellStep('first', ['exit 1']), shellStep('last', ['echo ran'])]);
    assert.equal(status, 'Failed');
    assert.equal((await stepOf(lab, id, 'last')).StandardOutputContent, 'ran\n');
  });

  test('onFailure exit fails and skips the rest, and says so on both streams', async (t) => {
    const steps = [shellStep('first', ['echo a; exit 5'], { onFailure: 'exit' }), shellStep('last', ['echo ran'])];
    const { lab, id, status } = await run(t, steps);
    assert.equal(status, 'Failed');
    const first = await stepOf(lab, id, 'first');
    assert.equal(first.Status, 'Failed');
    assert.equal(first.ResponseCode, 5);
    assert.equal(first.StandardOutputContent, `a\n${sentence}`);
    assert.equal(first.StandardErrorContent, `failed to run commands: exit status 5${sentence}`);
    const [, last] = await pluginsOf(lab, id);
    assert.equal(last?.Status, 'Success');
    assert.equal(last?.ResponseCode, 0);
    assert.equal(last?.Output, skippedText);
  });

  test('onFailure successAndExit turns the failure into a success with code 168 and skips the rest', async (t) => {
    const steps = [shellStep('first', ['exit 5'], { onFailure: 'successAndExit' }), shellStep('last', ['echo ran'])];
    const { lab, id, status } = await run(t, steps);
    assert.equal(status, 'Success');
    const first = await stepOf(lab, id, 'first');
    assert.equal(first.Status, 'Success');
    assert.equal(first.ResponseCode, 168);
    assert.equal(first.StandardOutputContent, sentence);
    assert.equal((await stepOf(lab, id, 'last')).StandardOutputContent, '');
  });

  test('onSuccess exit skips the rest after a success only', async (t) => {
    const good = await run(t, [shellStep('first', ['true'], { onSuccess: 'exit' }), shellStep('last', ['echo ran'])]);
    assert.equal((await stepOf(good.lab, good.id, 'last')).StandardOutputContent, '');
    const bad = await run(t, [shellStep('first', ['false'], { onSuccess: 'exit' }), shellStep('last', ['echo ran'])]);
    assert.equal((await stepOf(bad.lab, bad.id, 'last')).StandardOutputContent, 'ran\n');
  });

  test('finallyStep runs after an exit if it is the last, and is ignored elsewhere', async (t) => {
    const { lab, id, status } = await run(t, [
      shellStep('first', ['exit 169']),
      shellStep('middle', ['echo ran'], { finallyStep: true }),
      shellStep('last', ['echo ran'], { finallyStep: true }),
    ]);
    assert.equal(status, 'Failed');
    assert.equal((await stepOf(lab, id, 'middle')).StandardOutputContent, '');
    assert.equal((await stepOf(lab, id, 'last')).StandardOutputContent, 'ran\n');
  });

  test('fails with InvalidPluginName when several steps are asked for without a name, or for one that is not there', async (t) => {
    const { lab, id } = await run(t, [shellStep('first', ['true']), shellStep('last', ['true'])]);
    await assert.rejects(stepOf(lab, id), { name: 'InvalidPluginName' });
    await assert.rejects(stepOf(lab, id, 'other'), { name: 'InvalidPluginName' });
  });

  test('a document with failed, timed-out and successful steps has failed', async (t) => {
    const steps = [shellStep('first', ['exit 137']), shellStep('middle', ['exit 1']), shellStep('last', ['true'])];
    const { lab, id } = await run(t, steps);
    assert.deepEqual(
      (await pluginsOf(lab, id)).map(({ Status, ResponseCode }) => [Status, ResponseCode]),
      [
        ['TimedOut', 137],
        ['Failed', 1],
        ['Success', 0],
      ],
    );
  });
});

describe('preconditions', () => {
  const guarded = (StringEquals: string[]): ShellStep => ({
    ...shellStep('last', ['echo ran']),
    precondition: { StringEquals },
  });
  const colour = { Colour: { type: 'String', description: 'A colour', default: 'red' } } as const;

  test('platformType Linux runs in any spelling and on either side', async (t) => {
    for (const operands of [
      ['platformType', 'Linux'],
      ['LINUX', 'platformType'],
    ]) {
      const { lab, id } = await run(t, [guarded(operands)]);
      assert.equal((await stepOf(lab, id)).StandardOutputContent, 'ran\n');
    }
  });

  test('another platform is skipped, which is a success', async (t) => {
    const { lab, id, status } = await run(t, [guarded(['platformType', 'Windows'])]);
    assert.equal(status, 'Success');
    const [plugin] = await pluginsOf(lab, id);
    assert.equal(plugin?.Status, 'Success');
    assert.equal(plugin?.ResponseCode, 0);
    assert.equal(
      plugin?.Output,
      `Step execution skipped due to unsatisfied preconditions: '"StringEquals": [platformType, Windows]'. Step name: last`,
    );
  });

  test('a parameter is compared by its value', async (t) => {
    const red = await run(t, [guarded(['{{ Colour }}', 'red'])], colour);
    assert.equal((await stepOf(red.lab, red.id)).StandardOutputContent, 'ran\n');
    const blue = await run(t, [guarded(['{{ Colour }}', 'red'])], colour, { Colour: ['blue'] });
    assert.match(
      (await pluginsOf(blue.lab, blue.id))[0]?.Output ?? '',
      /unsatisfied preconditions: '"StringEquals": \[\{\{ Colour \}\}, red\]'/,
    );
  });

  test('fails the step on a precondition that the agent does not know', async (t) => {
    const cases: readonly [string[], RegExp][] = [
      [['platformType'], /operator accepts exactly 2 arguments/],
      [['same', 'same'], /can't be identical/],
      [['red', 'blue'], /at least one of operator's arguments must contain a valid document parameter/],
      [['platformType', '{{ Colour }}'], /can't contain document parameters/],
    ];
    for (const [operands, reason] of cases) {
      const { lab, id, status } = await run(t, [guarded(operands)], colour);
      assert.equal(status, 'Failed');
      const [plugin] = await pluginsOf(lab, id);
      assert.equal(plugin?.ResponseCode, 1);
      assert.match(
        plugin?.Output ?? '',
        /^Unrecognized precondition\(s\): '.*', please update agent to latest version\. Step name: last$/,
      );
      assert.match(plugin?.Output ?? '', reason);
    }
  });
});
