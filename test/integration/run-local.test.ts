import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { assertEndedRight, onlyRun, startLab, withFolder } from './lab-process.ts';
import { phaseOf } from '../results/read-merged.ts';

describe('a local run', () => {
  test('leaves one folder whose counts are true', { timeout: 180_000 }, async () => {
    await withFolder(async (out) => {
      const lab = startLab(
        ...'run --local --servers node --connections 2000 --broadcasts 2 --interval 2 --out'.split(' '),
        out,
      );
      const { code } = await lab.ended;
      const { folder, result } = await onlyRun(out);
      assertEndedRight(code, result, lab.stderr());
      const [measurement] = result.measurements;
      assert.ok(measurement !== undefined);
      assert.equal(measurement.connections.established, 2000);
      assert.equal(measurement.connections.peak, 2000);
      const { broadcasts } = phaseOf(measurement, 'broadcast');
      assert.equal(broadcasts.length, 2);
      for (const broadcast of broadcasts) {
        assert.deepEqual(
          [broadcast.received, broadcast.members, broadcast.missing, broadcast.duplicates],
          [2000, 2000, 0, 0],
        );
        assert.equal(broadcast.server?.members, 2000);
        assert.equal(broadcast.latency?.count, 1000, 'only the publishing host measures latency');
      }
      // On a busy machine the host of the first may begin after that of the second has published: then the first has no order.
      assert.equal(broadcasts[0]?.outOfOrder ?? 0, 0);
      assert.equal(broadcasts[1]?.outOfOrder, 0);
      const echo = phaseOf(measurement, 'echo');
      assert.ok(echo.sent > 0);
      assert.equal(echo.received, echo.sent);
      assert.ok(measurement.verdict.reached && measurement.verdict.complete);
      assert.match(readFileSync(join(folder, 'report.html'), 'utf8'), /^<!doctype html>/i);
      assert.match(lab.stdout(), /node/);
      assert.match(lab.stderr(), /driving the workload/);
      assert.doesNotMatch(lab.stderr(), /between two parts|driving the rest/, 'steps that had nothing to do');

      // The table and the page come from the raw files alone.
      const before = readFileSync(join(folder, 'result.json'), 'utf8');
      assert.equal((await startLab('report', folder).ended).code, code);
      assert.equal(readFileSync(join(folder, 'result.json'), 'utf8'), before);
    });
  });
});

describe('a local run over TLS, compressed', () => {
  test('measures servers that can, and skips others by name', { timeout: 180_000 }, async () => {
    await withFolder(async (out) => {
      const workload = 'echo rate=100/s for=1s, broadcast times=1 every=1s bytes=2000';
      const lab = startLab(
        ...'run --local --tls --deflate --servers node,spray,vertx --connections 500 --out'.split(' '),
        out,
        '--workload',
        workload,
      );
      const { code } = await lab.ended;
      const { result } = await onlyRun(out);
      assertEndedRight(code, result, lab.stderr());
      assert.deepEqual([result.parameters.tls, result.parameters.deflate], [true, true]);
      assert.deepEqual(result.skipped, [
        { server: 'spray', reason: 'it does not serve TLS, by its server.json' },
        { server: 'vertx', reason: 'it does not compress messages, by its server.json' },
      ]);
      const [measurement, ...others] = result.measurements;
      assert.ok(measurement !== undefined && others.length === 0);
      assert.equal(measurement.connections.peak, 500);
      const [broadcast] = phaseOf(measurement, 'broadcast').broadcasts;
      assert.deepEqual([broadcast?.received, broadcast?.duplicates], [500, 0]);
      const { deflate } = measurement;
      assert.ok(deflate !== null && deflate.accepted >= 500 && deflate.declined === 0);
      // ws compresses what is longer than a kilobyte.
      assert.deepEqual([deflate.received.messages, deflate.received.bytes], [500, 500 * 2000]);
      assert.ok(deflate.received.wireBytes < deflate.received.bytes / 4);
      assert.match(lab.stdout(), /over TLS, compressed/);
    });
  });
});

describe('a command line', () => {
  /** Runs to the end and gives the exit code and the lines of standard error. */
  async function failure(...words: readonly string[]): Promise<{ code: number | null; lines: readonly string[] }> {
    const lab = startLab(...words);
    const { code } = await lab.ended;
    return { code, lines: lab.stderr().trim().split('\n') };
  }

  test('fails for an unknown server, with the ones there are', async () => {
    const { code, lines } = await failure('run', '--local', '--servers', 'nodee');
    assert.equal(code, 2);
    assert.equal(lines[0], "error: there is no server 'nodee'");
    assert.match(lines[1] ?? '', /^ {2}fix: choose from .*node/);
    assert.equal(lines.length, 2);
  });

  test('fails for more connections than fit, before anything is written', async () => {
    await withFolder(async (out) => {
      const { code, lines } = await failure(
        'run',
        '--local',
        '--servers',
        'node',
        '--connections',
        '90M',
        '--out',
        join(out, 'x'),
      );
      assert.equal(code, 3);
      assert.equal(lines.length, 2);
      assert.ok(!existsSync(join(out, 'x')));
    });
  });

  test('fails for a number that is none, and for an unknown flag', async () => {
    const number = await failure('run', '--local', '--connections', 'many');
    assert.equal(number.code, 2);
    assert.match(number.lines.join('\n'), /got 'many'[^]*fix:/);
    assert.equal((await failure('run', '--lokal')).code, 2);
    assert.equal((await failure('runn')).code, 2);
  });

  test('fails for results that cannot be written', async () => {
    const { code, lines } = await failure(
      'run',
      '--local',
      '--servers',
      'node',
      '--connections',
      '10',
      '--out',
      '/dev/null/nowhere',
    );
    assert.equal(code, 3);
    assert.match(lines.join('\n'), /\/dev\/null\/nowhere[^]*--out/);
  });

  test('fails to report on a folder without a run', async () => {
    const { code, lines } = await failure('report', '/nowhere');
    assert.equal(code, 2);
    assert.equal(lines.length, 2);
  });
});
