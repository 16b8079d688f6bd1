import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { allCases } from './all-cases.ts';
import { buildUnlessSkipped, serverFolder, type BuiltServer } from './built-server.ts';
import { cleanupCases } from './cases/cleanup.ts';
import { lifecycleCases } from './cases/lifecycle.ts';
import type { ContractCase } from './contract-case.ts';
import { ContractRun } from './run-contract.ts';
import { unknownDeviations } from './unknown-deviations.ts';

/** A server's tests that run one after the other, with a process of their own. */
interface Lane {
  readonly title: string;
  readonly cases: readonly ContractCase[];
}

/**
 * Two lanes of about the same length, which run beside each other: cases that mostly wait (a known deviation waits for what
 * does not come) or start processes of their own, and the others.
 */
function lanesOf({ description }: BuiltServer): readonly Lane[] {
  const deviations = new Set(description.knownDeviations.map((deviation) => deviation.case));
  const apart = new Set([...cleanupCases, ...lifecycleCases].map(({ name }) => name));
  const isApart = ({ name }: ContractCase): boolean => apart.has(name) || deviations.has(name);
  return [
    { title: 'beginning and end, and what it is known to do otherwise', cases: allCases.filter(isApart) },
    { title: 'connections and messages', cases: allCases.filter((contractCase) => !isApart(contractCase)) },
  ];
}

function testCase(contractCase: ContractCase, run: ContractRun): void {
  test(`${contractCase.name}: ${contractCase.promise}`, async (context) => {
    const outcome = await run.run(contractCase);
    if (outcome.result === 'known deviation') context.diagnostic(`known deviation: ${outcome.detail}`);
    else assert.equal(outcome.result, 'passed', outcome.detail);
  });
}

/**
 * Builds a server of assets/servers and declares the contract suite's tests for it. Where its toolchain is missing every
 * one of them is skipped, with the reason.
 */
export function describeContract(name: string): void {
  const server = buildUnlessSkipped(serverFolder(name));
  const title = `server ${name} keeps the contract`;
  if (typeof server === 'string') {
    describe(title, () => {
      for (const contractCase of allCases) test(contractCase.name, { skip: server });
    });
    return;
  }
  describe(title, { concurrency: true }, () => {
    test('every deviation it declares is one in a case that there is', () => {
      assert.deepEqual(unknownDeviations(server.description), []);
    });
    for (const lane of lanesOf(server)) {
      describe(lane.title, { concurrency: false }, () => {
        const run = new ContractRun(server);
        after(() => run.close());
        for (const contractCase of lane.cases) testCase(contractCase, run);
      });
    }
  });
}
