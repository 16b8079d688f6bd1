import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readServer } from '../../lib/config/servers.ts';
import { allCases } from '../contract/all-cases.ts';
import { buildServer, missingToolchain } from '../contract/built-server.ts';
import { ContractRun } from '../contract/run-contract.ts';
import { unknownDeviations } from '../contract/unknown-deviations.ts';

const root = join(import.meta.dirname, '../../assets/servers');
const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());

for (const { name } of folders) {
  const folder = join(root, name);
  const missing = missingToolchain(folder);
  describe(`server ${name} keeps the contract`, { skip: missing ?? false }, () => {
    let run: ContractRun | undefined;
    before(() => {
      run = new ContractRun(buildServer(folder));
    });
    after(() => run?.close());

    test('every deviation it declares is one in a case that there is', () => {
      assert.deepEqual(unknownDeviations(readServer(folder).description), []);
    });

    for (const contractCase of allCases) {
      test(`${contractCase.name}: ${contractCase.promise}`, async (context) => {
        const outcome = await run?.run(contractCase);
        if (outcome?.result === 'known deviation') context.diagnostic(`known deviation: ${outcome.detail}`);
        else assert.equal(outcome?.result, 'passed', outcome?.detail);
      });
    }
  });
}
