import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { conformancePage, pageFile } from './conformance-page.ts';

test('docs/conformance.md shows the tables that the servers keep', async () => {
  assert.equal(readFileSync(pageFile, 'utf8'), await conformancePage(), 'run: node test/verify/conformance-page.ts');
});
