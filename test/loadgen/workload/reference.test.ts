import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { workloadReference } from '../../../assets/loadgen/workload/describe-kinds.ts';

const page = fileURLToPath(new URL('../../../docs/workloads.md', import.meta.url));
const [begins, ends] = ['<!-- made by: node assets/loadgen/workload/describe-kinds.ts -->', '<!-- end -->'] as const;

test('the reference in docs/workloads.md is the one that the table of kinds makes', async () => {
  const text = readFileSync(page, 'utf8');
  const [before, after] = [text.slice(0, text.indexOf(begins)), text.slice(text.indexOf(ends))];
  const options = { ...(await resolveConfig(page)), filepath: page };
  const made = await format(`${before}${begins}\n\n${workloadReference()}\n${after}`, options);
  if (process.execArgv.includes('--test-update-snapshots')) writeFileSync(page, made);
  else assert.equal(text, made);
});
