import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { resultJsonSchema } from '../../lib/results/result-json-schema.ts';

const committed: unknown = JSON.parse(
  readFileSync(new URL('../../lib/results/result.schema.json', import.meta.url), 'utf8'),
);

test('the committed JSON Schema is the one that the code makes (node lib/results/result-json-schema.ts)', () => {
  assert.deepEqual(committed, JSON.parse(resultJsonSchema()));
});

test('the JSON Schema describes every figure in words', () => {
  const schema = JSON.stringify(committed);
  assert.match(schema, /"title":"C1mLab run result"/);
  assert.ok((schema.match(/"description"/g) ?? []).length > 100);
});
