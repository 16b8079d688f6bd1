import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { branch, type ResolvedCondition } from '../../../lib/local/ssm/automation/branch.ts';

function holds(condition: ResolvedCondition): boolean {
  return branch({ Choices: [{ NextStep: 'yes', ...condition }], Default: 'no' }).chosenStep === 'yes';
}

describe('the conditions of aws:branch', () => {
  const table: readonly [ResolvedCondition, boolean][] = [
    [{ Variable: 'a', StringEquals: 'a' }, true],
    [{ Variable: 'a', StringEquals: 'A' }, false],
    [{ Variable: 'a', EqualsIgnoreCase: 'A' }, true],
    [{ Variable: 'abc', StartsWith: 'ab' }, true],
    [{ Variable: 'abc', StartsWith: 'bc' }, false],
    [{ Variable: 'abc', EndsWith: 'bc' }, true],
    [{ Variable: 'abc', EndsWith: 'ab' }, false],
    [{ Variable: 'abc', Contains: 'b' }, true],
    [{ Variable: 'abc', Contains: 'd' }, false],
    [{ Variable: '07', NumericEquals: 7 }, true],
    [{ Variable: 7, NumericEquals: '7.0' }, true],
    [{ Variable: '7', NumericGreater: 7 }, false],
    [{ Variable: '7', NumericGreaterOrEquals: 7 }, true],
    [{ Variable: '10', NumericGreater: 9 }, true],
    [{ Variable: '10', NumericLesser: 9 }, false],
    [{ Variable: '9', NumericLesserOrEquals: 9 }, true],
    [{ Variable: 'True', BooleanEquals: true }, true],
    [{ Variable: false, BooleanEquals: 'false' }, true],
    [{ Variable: false, BooleanEquals: true }, false],
    [
      {
        And: [
          { Variable: 'a', StringEquals: 'a' },
          { Variable: 'b', StringEquals: 'c' },
        ],
      },
      false,
    ],
    [
      {
        And: [
          { Variable: 'a', StringEquals: 'a' },
          { Variable: 'b', StringEquals: 'b' },
        ],
      },
      true,
    ],
    [
      {
        Or: [
          { Variable: 'a', StringEquals: 'x' },
          { Variable: 'b', StringEquals: 'b' },
        ],
      },
      true,
    ],
    [
      {
        Or: [
          { Variable: 'a', StringEquals: 'x' },
          { Variable: 'b', StringEquals: 'x' },
        ],
      },
      false,
    ],
    [{ Not: { Variable: 'a', StringEquals: 'x' } }, true],
    [{ And: [{ Or: [{ Variable: '1', NumericEquals: 1 }] }, { Not: { Variable: 'a', Contains: 'a' } }] }, false],
  ];
  for (const [condition, expected] of table) {
    test(`${JSON.stringify(condition)} is ${expected}`, () => {
      assert.equal(holds(condition), expected);
    });
  }

  test('the first true choice wins, and without one or a Default there is none', () => {
    const first = { NextStep: 'first', Variable: 'a', StringEquals: 'a' };
    assert.equal(branch({ Choices: [first, { ...first, NextStep: 'second' }] }).chosenStep, 'first');
    assert.equal(branch({ Choices: [{ ...first, StringEquals: 'b' }] }).chosenStep, undefined);
  });

  test('fails when numbers are compared with what is none, or nothing is compared', () => {
    assert.throws(() => holds({ Variable: 'many', NumericGreater: 1 }), /"many" is no number/);
    assert.throws(() => holds({ Variable: '', NumericLesser: 1 }), /is no number/);
    assert.throws(() => holds({ StringEquals: 'a' }), /it has no Variable/);
  });
});
