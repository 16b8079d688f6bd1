import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runCommandLine } from '../../lib/cli/app.ts';

/** Runs a command line that ends before it begins anything. */
async function c1m(...words: readonly string[]): Promise<{ readonly code: unknown; readonly error: string }> {
  let error = '';
  const world = {
    stdout: { write: () => {} },
    stderr: { write: (text: string) => void (error += text) },
    exitCode: undefined as number | string | null | undefined,
  };
  await runCommandLine(words, {
    process: world,
    workingFolder: '/',
    interactive: false,
    columns: 120,
    interrupted: new AbortController().signal,
    now: () => new Date(0),
    random: () => 0,
    aws: {},
  });
  return { code: world.exitCode, error };
}

describe('c1m', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['nosuch', /^error: .*`nosuch`\n {2}fix: see c1m --help/],
    ['run --qqqqqq', /^error: .*--qqqqqq\n {2}fix: see --help/],
    ['run --connections many', /^error: --connections: expected a whole number .*, got 'many'\n/],
    ['run --echo-rate 11M', /^error: --echo-rate: expected 0 to 10000000, got '11M'\n/],
    ['run --interval 0.001', /^error: --interval: expected 0.01 to 86400 seconds, got '0.001'\n/],
    ['run --broadcasts 2M', /^error: --broadcasts: expected 0 to 1000000, got '2M'\n/],
    ['run --load-processes 5000', /^error: --load-processes: expected 1 to 4096, got '5000'\n/],
    // Every repeat is planned beforehand, and so many would take all memory.
    ['run --repeats 900M', /^error: --repeats: expected 1 to 1000, got '900M'\n/],
    ['run --memory huge', /^error: --memory must be one of modern, article, small, got 'huge'\n/],
    [
      'run --local --region eu-west-1',
      /^error: --region cannot be given with --local: .*\n {2}fix: remove that flag; or /,
    ],
    ['run --local --lab x.json --resume y', /^error: --lab cannot be given with --local --resume: .*\n {2}fix: /],
    ['run --url ws://x/ --lab x.json', /^error: --lab cannot be given with --url, .*\n {2}fix: .*remove --url\n/],
    [
      'run --url ws://x/ --local',
      /^error: --local cannot be given with --url, .*\n {2}fix: .*npm run c1m -- run --url/,
    ],
    ['servers please', /^error: .*"please"\n {2}fix: /],
  ];
  for (const [words, expected] of wrong) {
    test(`fails in two lines with exit code 2 for ${words}`, async () => {
      const { code, error } = await c1m(...words.split(' '));
      assert.match(error, expected);
      assert.equal(error.trimEnd().split('\n').length, 2, error);
      assert.equal(code, 2);
    });
  }
});
