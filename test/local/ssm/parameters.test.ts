import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { CommandDocument } from '../../../lib/documents/schema/command-document.ts';
import type { CommandParameter } from '../../../lib/documents/schema/parameter.ts';
import { substitute } from '../../../lib/local/ssm/substitution.ts';
import {
  commandDocument,
  commandOver,
  createTestLab,
  runDocument,
  runLines,
  send,
  shellStep,
  stepOf,
} from './test-lab.ts';

const text: CommandParameter = { type: 'String', description: 'A text' };

/** Runs one script line with parameters and gives its standard output. */
async function outputOf(
  t: TestContext,
  line: string,
  parameters: CommandDocument['parameters'],
  passed: Record<string, string[]> = {},
): Promise<string | undefined> {
  const lab = await createTestLab(t, [
    { name: 'Line', content: commandDocument([shellStep('line', [line])], parameters) },
  ]);
  const id = await send(lab, 'Line', { Parameters: passed });
  await commandOver(lab, id);
  return (await stepOf(lab, id)).StandardOutputContent;
}

/** Sends a command whose parameter `Word` has these rules, with a value. */
async function sendWord(
  t: TestContext,
  rules: Partial<CommandParameter>,
  Parameters: Record<string, string[]>,
): Promise<string> {
  const content = commandDocument([shellStep('line', ['true'])], { Word: { ...text, ...rules } });
  const lab = await createTestLab(t, [{ name: 'Word', content }]);
  const id = await send(lab, 'Word', { Parameters });
  await commandOver(lab, id);
  return id;
}

describe('substitution', () => {
  const values = { list: ['a', 'b'], word: 'hello', number: 7, nested: '{{ word }}', money: 'a$$b$&' };
  const look = (value: unknown): unknown =>
    substitute(value, (name) => (Object.hasOwn(values, name) ? values[name as keyof typeof values] : undefined));

  test('a string that is only a reference becomes the value itself', () => {
    assert.deepEqual(look('{{ list }}'), ['a', 'b']);
    assert.deepEqual(look('{{number}}'), 7);
    assert.deepEqual(look({ deep: ['{{  word  }}'] }), { deep: ['hello'] });
  });

  test('inside a longer string a value is text, and JSON if it is no string', () => {
    assert.equal(look('x {{ word }} {{ list }} {{ number }}'), 'x hello ["a","b"] 7');
  });

  test('it is one pass: what a value brings in is not replaced again', () => {
    assert.equal(look('{{ nested }}'), '{{ word }}');
    assert.equal(look('<{{ nested }}>'), '<{{ word }}>');
  });

  test('what nobody knows stays as it is', () => {
    assert.equal(look('{{ unknown }} {{.Name}} {{ toString }}'), '{{ unknown }} {{.Name}} {{ toString }}');
  });

  test('dollars in a value mean nothing, but two of them become one as in the agent', () => {
    assert.equal(look('<{{ money }}>'), '<a$b$&>');
  });
});

describe('parameters of a Command document', () => {
  test('a StringList may be the whole script', async (t) => {
    const lab = await createTestLab(t, [runDocument]);
    assert.equal((await runLines(lab, ['echo one', 'echo two'])).StandardOutputContent, 'one\ntwo\n');
  });

  test('without ENV_VAR a value is pasted into the script as text', async (t) => {
    assert.equal(await outputOf(t, 'echo {{ Word }}', { Word: text }, { Word: ['a; echo b'] }), 'a\nb\n');
  });

  test('defaults are filled in, and a value replaces them', async (t) => {
    const Word = { ...text, default: 'usual' };
    assert.equal(await outputOf(t, 'echo {{ Word }}', { Word }), 'usual\n');
    assert.equal(await outputOf(t, 'echo {{ Word }}', { Word }, { Word: ['mine'] }), 'mine\n');
  });

  test('with ENV_VAR a value arrives as SSM_<name>, and the shell reads nothing in it', async (t) => {
    const Word = { ...text, interpolationType: 'ENV_VAR' } as const;
    const mark = join(tmpdir(), `c1mlab-hostile-${process.pid}`);
    const hostile = `'; touch ${mark}; $(touch ${mark}) \`touch ${mark}\` "\\ | & > < * ? ~ {{ Word }} \n second line`;
    assert.equal(await outputOf(t, 'printf %s "$SSM_Word"', { Word }, { Word: [hostile] }), hostile);
    assert.ok(!existsSync(mark));
  });

  test('a variable is set for ENV_VAR parameters only', async (t) => {
    const line = 'echo "${SSM_Word-unset}"';
    assert.equal(await outputOf(t, line, { Word: text }, { Word: ['x'] }), 'unset\n');
  });

  const invalid = {
    name: 'InvalidParameters',
    message: 'Parameters provided in document are invalid or not supported.',
  };

  test('fails without a parameter that has no default', async (t) => {
    await assert.rejects(sendWord(t, {}, {}), invalid);
  });

  test('fails with a parameter that is not declared', async (t) => {
    await assert.rejects(sendWord(t, {}, { Word: ['a'], Other: ['b'] }), invalid);
    await assert.rejects(sendWord(t, {}, { Word: ['a'], toString: ['b'] }), invalid);
  });

  test('fails when a value breaks the pattern, which must match as a whole', async (t) => {
    for (const value of ['ABC', 'abc;', 'abc\n', '']) {
      await assert.rejects(sendWord(t, { allowedPattern: '[a-z]+' }, { Word: [value] }), invalid);
    }
    await sendWord(t, { allowedPattern: '[a-z]+' }, { Word: ['abc'] });
  });

  test('fails when a value is not among the allowed ones, or too short or too long', async (t) => {
    await assert.rejects(sendWord(t, { allowedValues: ['a', 'b'] }, { Word: ['c'] }), invalid);
    await assert.rejects(sendWord(t, { minChars: 2 }, { Word: ['c'] }), invalid);
    await assert.rejects(sendWord(t, { maxChars: 2 }, { Word: ['ccc'] }), invalid);
    await sendWord(t, { allowedValues: ['a', 'b'], minChars: 1, maxChars: 1 }, { Word: ['b'] });
  });

  test('fails when a String is given several values, or a list breaks its limits', async (t) => {
    await assert.rejects(sendWord(t, {}, { Word: ['a', 'b'] }), invalid);
    await assert.rejects(sendWord(t, { type: 'StringList', maxItems: 1 }, { Word: ['a', 'b'] }), invalid);
    await assert.rejects(sendWord(t, { type: 'StringList', minItems: 1 }, { Word: [] }), invalid);
    await assert.rejects(sendWord(t, { type: 'StringList', allowedPattern: '^a$' }, { Word: ['a', 'b'] }), invalid);
  });

  test('a default that breaks its own pattern is accepted, as by SSM', async (t) => {
    await sendWord(t, { allowedPattern: '^[a-z]+$', default: '7' }, {});
  });

  test('fails the step when runCommand is no list of lines after substitution', async (t) => {
    const step = { ...shellStep('line', []), inputs: { runCommand: '{{ Word }}' } };
    const lab = await createTestLab(t, [{ name: 'Odd', content: commandDocument([step], { Word: text }) }]);
    const id = await send(lab, 'Odd', { Parameters: { Word: ['true'] } });
    assert.equal((await commandOver(lab, id)).Status, 'Failed');
    assert.match((await stepOf(lab, id)).StandardErrorContent ?? '', /^Invalid format in plugin properties/);
  });
});
