import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withFolder } from '../integration/lab-process.ts';

const runner = fileURLToPath(new URL('../run-files.ts', import.meta.url));
const testsOfAFile = 1500;

describe('what runs the test files', () => {
  test('has the whole report of a file, however late it reads it', async () => {
    await withFolder(async (folder) => {
      const began = JSON.stringify(join(folder, 'began'));
      const many = join(folder, 'many.test.mjs');
      writeFileSync(
        many,
        `import { writeFileSync } from 'node:fs';
        import { test } from 'node:test';
        for (let n = 1; n <= ${testsOfAFile}; n += 1) test(\`a test \${n}\`, () => writeFileSync(${began}, ''));`,
      );
      const slow = join(folder, 'slow.mjs');
      writeFileSync(
        slow,
        `import { existsSync } from 'node:fs';
        const timer = setInterval(() => {
          if (!existsSync(${began})) return;
          clearInterval(timer);
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
        }, 1);
        timer.unref();`,
      );
      const { stdout, stderr, status } = runFiles(['--import', slow], many);
      assert.equal(status, 0, `${stdout.slice(-2000)}\n${stderr}`);
      assert.match(stdout, new RegExp(`^ℹ pass ${testsOfAFile}$`, 'm'));
    });
  });

  test('ends a file whose threads do not end, with the exit code that it has', async () => {
    await withFolder(async (folder) => {
      const pipe = join(folder, 'pipe');
      assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
      for (const [outcome, code] of [
        ['good', 0],
        ['bad', 1],
      ] as const) {
        const file = join(folder, `${outcome}.test.mjs`);
        // Nobody writes to it: a thread waits in open() until the process is no more.
        writeFileSync(
          file,
          `import assert from 'node:assert/strict';
          import { open } from 'node:fs';
          import { test } from 'node:test';
          open(${JSON.stringify(pipe)}, 'r', () => {});
          test('is ${outcome}', () => assert.equal('${outcome}', 'good'));`,
        );
        const { stdout, status, signal } = runFiles([], file);
        assert.deepEqual([status, signal], [code, null], stdout);
        assert.match(stdout, new RegExp(`^ℹ ${outcome === 'good' ? 'pass' : 'fail'} 1$`, 'm'));
      }
    });
  });

  test('is not content with a file whose report does not reach its end', async () => {
    await withFolder(async (folder) => {
      const cutOff = join(folder, 'cut-off.test.mjs');
      writeFileSync(
        cutOff,
        `import { test } from 'node:test';
        test('the first', () => {});
        test('the second', () => {
          process.stdout.write = () => true;
        });`,
      );
      const { stdout, status } = runFiles([], cutOff);
      assert.equal(status, 1, stdout);
      assert.match(stdout, /^reports that do not reach their end:\n +\S*cut-off\.test\.mjs$/m);
    });
  });
});

function runFiles(options: readonly string[], file: string): SpawnSyncReturns<string> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawnSync(process.execPath, [...options, runner, file], { encoding: 'utf8', env, timeout: 120_000 });
}
