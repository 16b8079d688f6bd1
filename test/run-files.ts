/** Runs the test files that its arguments' patterns name, several at a time, and prints them with the files that took longest. */
import { globSync } from 'node:fs';
import { relative } from 'node:path';
import { argv, stdout } from 'node:process';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

/**
 * What takes longest comes first, so that nothing long is left for the end, when processors would have nothing else to do: two servers that
 * a fresh clone builds for more than a minute, what waits for a whole lab, then the other servers.
 */
const first = [
  'test/verify/servers/{jvm/spray,axum}.test.ts',
  'test/integration/walls/*.test.ts',
  'test/verify/go-race.test.ts',
  'test/{package,faults}/*.test.ts',
  'test/verify/**/*.test.ts',
  'test/{integration,bin}/*.test.ts',
  'test/loadgen/hostile/*.test.ts',
];
/** Most files wait most of their time, for lines, deadlines and silences: more of them than there are processors run beside each other. */
const concurrency = 4;
const shownSeconds = 10;
const wholeReport = fileURLToPath(new URL('whole-report.ts', import.meta.url));

const chosen = globSync(argv.slice(2));
const files = [...new Set([...first.flatMap((pattern) => globSync(pattern)), ...chosen])].filter((file) =>
  chosen.includes(file),
);
const seconds = new Map<string, number>();
const tests = run({ files, concurrency, timeout: 900_000, execArgv: ['--test-force-exit', '--import', wholeReport] });
tests.on('test:summary', ({ file, duration_ms: millis, success }) => {
  if (file !== undefined) seconds.set(relative('.', file), millis / 1000);
  else process.exitCode = success ? 0 : 1;
});
// Told again at the end; but whoever watches, or stops it before, wants to know why now.
tests.on('test:fail', ({ name, file = '', details: { error } }) => {
  if ('failureType' in error && error.failureType === 'subtestsFailed') return;
  const { cause } = error;
  stdout.write(
    `  failed just now: ${relative('.', file)}, ${name}: ${cause instanceof Error ? cause.message : String(cause)}\n`,
  );
});
tests.compose(spec).pipe(stdout, { end: false });
tests.once('end', () => {
  // Its summary is the last that a file says: without it, nobody knows what else it would have said.
  const cutOff = files.filter((file) => !seconds.has(relative('.', file)));
  if (cutOff.length > 0) {
    process.exitCode = 1;
    stdout.write(`\nreports that do not reach their end:\n${cutOff.map((file) => `         ${file}\n`).join('')}`);
  }
  const longest = [...seconds].filter(([, took]) => took >= shownSeconds).sort(([, a], [, b]) => b - a);
  process.once('beforeExit', () => {
    stdout.write(
      `\nlongest files:\n${longest.map(([file, took]) => `${took.toFixed(0).padStart(5)} s  ${file}\n`).join('')}`,
    );
  });
});
