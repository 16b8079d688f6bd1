import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStamp } from '../../../assets/loadgen/commands/url/stamp-option.ts';
import { monotonicMicros } from '../../../assets/loadgen/kernel/clock.ts';
import { PushLog } from '../../../assets/loadgen/measure/push-log.ts';
import { StampReader } from '../../../assets/loadgen/measure/stamp.ts';
import { whyLate } from '../../../assets/loadgen/measure/why-late.ts';

const cases: readonly (readonly [string, string, number])[] = [
  ['json:t:unix-ms', '{"x":{"t":1500}}', 1_500_000],
  ['json:t:unix-us', '{"t" : "1500"}', 1500],
  ['json:a.b:unix-ns', '{"axb":1,"a.b":2000}', 2],
  ['json:t:iso', '{"t":"1970-01-01T00:00:01.5Z"}', 1_500_000],
  ['pattern:at=(\\d+):unix-s', 'x at=3 y', 3_000_000],
  ['pattern:a:(\\d+):unix-s', 'a:4', 4_000_000],
  ['json:t:unix-ms', '{"tt":1}', Number.NaN],
  ['json:t:unix-ms', '{"t":"soon"}', Number.NaN],
];
for (const [stamp, message, micros] of cases) {
  test(`--stamp ${stamp} reads ${micros} from ${message}`, () => {
    const bytes = Buffer.from(message);
    assert.equal(new StampReader(readStamp(stamp, [])).read(bytes, 0, bytes.length), micros);
  });
}

test('a time of more than 35 minutes ago is none: it has another unit, or another clock', () => {
  const log = new PushLog(readStamp('json:t:unix-ms', []));
  const now = monotonicMicros();
  for (const millis of [Date.now() - 34 * 60_000, Date.now() - 36 * 60_000, Date.now() / 1000, -5, Date.now() * 1000]) {
    const bytes = Buffer.from(`{"t":${millis}}`);
    log.take(bytes, 0, bytes.length, 0, now);
  }
  const { messages, stamped } = log.raw();
  assert.deepEqual([messages, stamped?.unstamped, stamped?.ahead], [5, 3, 1]);
});

for (const wrong of ['json', 'json:t', 'json:t:hours', 'xml:t:iso', 'pattern:(:iso', 'pattern:abc:iso']) {
  test(`--stamp ${wrong} is refused`, () => {
    assert.throws(() => readStamp(wrong, []), /--stamp/);
  });
}

test('a clock is shared with a server on this host only', () => {
  assert.deepEqual(
    [readStamp('json:t:iso', ['127.0.0.1']).sharesClock, readStamp('json:t:iso', ['192.0.2.1']).sharesClock],
    [true, false],
  );
});

test('a run is late when the load generator was late by a good part of what it measured', () => {
  const of = (p99: number | null) => ({ count: p99 === null ? 0 : 1, p50: p99, p90: p99, p99, max: p99 });
  const run = (late: number | null, measured: number | null, longestPauseMicros = Infinity): string | null =>
    whyLate({
      generator: {
        processes: 1,
        cpuSeconds: { user: 0, system: 0 },
        rssBytes: 0,
        latenessMicros: of(late),
        turnMicros: of(null),
      },
      phases: [{ kind: 'echo', place: 0, counts: {}, latencyMicros: of(measured), broadcasts: [], longestPauseMicros }],
    });
  assert.match(run(60_000, 100_000) ?? '', /late by 60\.0 ms \(p99\) where it measured a p99 of 100\.0 ms/);
  assert.deepEqual(
    [run(60_000, 1_000_000), run(20_000, 20_000), run(null, 5), run(60_000, null), run(60_000, 100_000, 20_000)],
    [null, null, null, null, null],
  );
});
