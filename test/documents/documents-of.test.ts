import assert from 'node:assert/strict';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { articleLab } from '../../lib/config/lab.ts';
import { memoryPresetNames } from '../../lib/config/servers.ts';
import { documentsOf } from '../../lib/documents/documents-of.ts';
import { memoryPresets } from '../../lib/documents/parameters.ts';
import { describeProblem } from '../../lib/documents/schema/problem.ts';
import { validateDocument } from '../../lib/documents/schema/validate-document.ts';

const documents = documentsOf(articleLab);

describe("the lab's documents", () => {
  test('pass every check of the subset', () => {
    const problems = documents.flatMap(({ name, content }) =>
      validateDocument(name, content, documents).map((problem) => `${name}: ${describeProblem(problem)}`),
    );
    assert.deepEqual(problems, []);
  });

  test('call only scripts that are there and executable', () => {
    const scripts = documents.flatMap(({ type, content }) =>
      type === 'Command' ? content.mainSteps.flatMap(({ inputs }) => inputs.runCommand) : [],
    );
    assert.equal(scripts.length, 8);
    for (const line of scripts) {
      const match = /^exec \/opt\/c1mlab\/assets\/(host\/[a-z]+)$/.exec(line);
      assert.ok(match?.[1] !== undefined, line);
      accessSync(join(import.meta.dirname, '../../assets', match[1]), constants.X_OK);
    }
  });

  test('are a whole benchmark with nothing given but the server', () => {
    const benchmark = documents.find(({ name }) => name === 'C1mLab-Benchmark');
    const parameters = Object.entries(benchmark?.content.parameters ?? {});
    assert.deepEqual(
      parameters.filter(([, parameter]) => parameter.default === undefined).map(([name]) => name),
      ['Server'],
    );
  });

  test('know the memory presets that servers have', () => {
    assert.deepEqual([...memoryPresets].sort(), [...memoryPresetNames].sort());
  });
});
