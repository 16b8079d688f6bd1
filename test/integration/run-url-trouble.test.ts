import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { descendants, startLab, startProgram, withFolder } from './lab-process.ts';
import { onlyUrlRun, withServer } from './url-server.ts';
import { until } from '../until.ts';

describe('run --url in trouble', () => {
  test('says with what words a server ended connections, and does not end with 0', async () => {
    await withFolder(async (out) => {
      await withServer({ membersMost: 11 }, async (url) => {
        const workload = ['--workload', 'idle for=1s'];
        const lab = startLab('run', '--url', url, '--connections', '20', ...workload, '--out', out);
        assert.notEqual((await lab.ended).code, 0, lab.stderr());
        const { answers, connections } = onlyUrlRun(out).result.measurements[0]!;
        assert.deepEqual(answers.closes, [{ code: 1013, count: 10, reason: 'full' }]);
        assert.deepEqual([connections.open, connections.lost], [10, { closeFrame: 10 }]);
        assert.match(lab.stdout().replaceAll(/\s+/g, ' '), /the server closed 10 x 1013 \(try again later: 'full'\)/);
      });
    });
  });

  test('ends a phase of minutes soon after the server has let every connection go, also where it was late itself', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true, echoesMost: 30 }, async (url, seen) => {
        const workload = ['--workload', 'echo rate=20/s for=900s'];
        const lab = startLab('run', '--url', url, '--connections', '20', ...workload, '--out', out);
        await until('some echoes', () => seen.echoes >= 10);
        const [worker] = descendants(lab.child.pid ?? 0).filter(({ command }) => command.includes('worker.ts'));
        process.kill(worker!.pid, 'SIGSTOP');
        // What is due meanwhile is late, most of what is sent at all.
        await new Promise((resolve) => setTimeout(resolve, 1000));
        process.kill(worker!.pid, 'SIGCONT');
        assert.equal((await lab.ended).code, 4, lab.stderr());
        const reason = 'no connection has been open for 15 s in phase echo (lost: 20 closeFrame)';
        assert.ok(lab.stderr().includes(`error: url: ${reason}\n  fix: read the server's own log`), lab.stderr());
        assert.match(lab.stdout().replaceAll(/\s+/g, ' '), /the load generator's loop fell behind/);
        const [measurement] = onlyUrlRun(out).result.measurements;
        assert.deepEqual([measurement?.record.status, measurement?.record.reason], ['failed', reason]);
        const [echo] = measurement!.phases;
        assert.ok(echo?.kind === 'echo' && !echo.complete && echo.received > 0, 'what was measured is kept');
      });
    });
  });

  for (const [wrong, words, counts] of [
    ['twice', /incomplete: echo: wrong answers to 20 echoes: 20 twice/, [20, 20, 0]],
    ['swapped', /incomplete: echo: wrong answers to 20 echoes: 10 out of order/, [0, 0, 10]],
  ] as const) {
    test(`says that echoes came ${wrong}, and does not end with 0`, async () => {
      await withFolder(async (out) => {
        await withServer({ echoes: true, wrong }, async (url) => {
          const workload = ['--workload', 'echo rate=20/s for=1s'];
          const lab = startLab('run', '--url', url, '--connections', '1', ...workload, '--out', out);
          assert.equal((await lab.ended).code, 4, lab.stderr());
          const [echo] = onlyUrlRun(out).result.measurements[0]!.phases;
          assert.ok(echo?.kind === 'echo' && echo.received === 20);
          assert.deepEqual([echo.wrong, echo.doubled, echo.outOfOrder], counts);
          assert.match(lab.stdout().replaceAll(/\s+/g, ' '), words);
        });
      });
    });
  }

  test('leaves no folder of a size that the load generator refuses', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true }, async (url, seen) => {
        const lab = startLab('run', '--url', url, '--connections', '1M', '--connect-rate', '10k', '--out', out);
        assert.equal((await lab.ended).code, 2, lab.stderr());
        assert.match(lab.stderr(), /^error: .*1000000.*\n {2}fix: give more source addresses .*\n$/m);
        assert.deepEqual([readdirSync(out), seen.members], [[], 1], 'only the one that asked');
      });
    });
  });

  test('keeps what it has when it is interrupted', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true }, async (url, seen) => {
        const long = '--connections 60 --echo-rate 10 --echo-seconds 100 --repeats 3'.split(' ');
        const lab = startLab('run', '--url', url, ...long, '--out', out);
        await until('all connections', () => seen.members === 61);
        lab.child.kill('SIGINT');
        assert.equal((await lab.ended).code, 130, lab.stderr());
        const { folder, result } = onlyUrlRun(out);
        const [measurement] = result.measurements;
        assert.deepEqual([measurement?.record.status, measurement?.connections.peak], ['cancelled', 60]);
        assert.ok(existsSync(join(folder, 'report.html')));
        const resumed = startLab('run', '--resume', folder.split('/').at(-1)!, '--out', out);
        assert.equal((await resumed.ended).code, 2);
        assert.match(resumed.stderr(), /cannot be resumed: it measures a server at a URL/);
      });
    });
  });

  test('by a disk that is full shows what was measured, and fails in two lines', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true }, async (url) => {
        // A small disk of this run's own, which is filled as soon as the run's folder is there.
        const script = [
          'mount -t tmpfs -o size=24m tmpfs "$1" || exit 77',
          '(until [ -e "$1"/*-*/raw/url/load-1/samples.jsonl ]; do sleep 0.05; done; cat /dev/zero >"$1/filler" 2>/dev/null) &',
          '"$2" bin/c1m.ts run --url "$3" --connections 10 --echo-rate 10 --echo-seconds 2 --out "$1"',
        ].join('\n');
        const unshare = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
        const lab = startProgram('unshare', ...unshare, 'bash', '-c', script, 'disk', out, process.execPath, url);
        assert.equal((await lab.ended).code, 3, lab.stderr());
        assert.match(lab.stdout(), /10 open of 10/);
        assert.match(
          lab.stderr(),
          /^error: .*cannot be written to .*ENOSPC.*\n {2}fix: free space there, or .*above\n$/m,
        );
      });
    });
  });

  test('makes a result of what a load process that was ended has left', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true }, async (url) => {
        const workload = 'idle for=1s, echo rate=10/s for=100s';
        const lab = startLab('run', '--url', url, '--connections', '20', '--workload', workload, '--out', out);
        const status = (): string => {
          const [run = ''] = existsSync(out) ? readdirSync(out) : [];
          const file = join(out, run, 'raw/url/load-1/loadgen-0.json');
          return existsSync(file) ? readFileSync(file, 'utf8') : '{}';
        };
        interface Raw {
          readonly pid?: number;
          readonly phases?: readonly { readonly endedMicros: number | null }[];
        }
        await until('the first phase', () => {
          const { phases = [] } = JSON.parse(status()) as Raw;
          return phases[0] !== undefined && phases[0].endedMicros !== null;
        });
        process.kill((JSON.parse(status()) as Raw).pid ?? 0, 'SIGKILL');
        assert.equal((await lab.ended).code, 4, lab.stderr());
        const { result } = onlyUrlRun(out);
        const [measurement] = result.measurements;
        assert.equal(measurement?.record.status, 'failed');
        assert.match(measurement.record.reason ?? '', /load process 0 was ended by SIGKILL/);
        assert.ok(measurement.verdict.walls.some(({ wall }) => wall === 'loadProcessDied'));
        assert.match(lab.stderr(), /error: url: load process 0 .*\n {2}fix: .*then run it again\n/);
      });
    });
  });

  test('fails in two lines where nothing listens, for another protocol, and with flags of a lab', async () => {
    const failures: readonly (readonly [number, RegExp, ...string[]])[] = [
      [4, /cannot open a WebSocket connection to ws:\/\/127\.0\.0\.1:9\/: /, '--url', 'ws://127.0.0.1:9/'],
      [
        4,
        /cannot open a WebSocket connection to wss:\/\/127\.0\.0\.1:9\/: ECONNREFUSED/,
        '--url',
        'wss://127.0.0.1:9/',
      ],
      [
        2,
        /--local, --server-processes cannot be given with --url/,
        '--url',
        'ws://x/',
        '--local',
        '--server-processes=2',
      ],
      [2, /--header, --insecure can only be given with --url/, '--local', '--insecure', '--header', 'a: b'],
      [2, /--sources must be IP addresses/, '--url', 'ws://127.0.0.1:9/', '--sources', 'x'],
      [3, /no such address\n {2}fix: give --sources of the family/, '--url', 'ws://127.0.0.1:9/', '--sources', '::1'],
      [
        2,
        /take 1 000 s to open|ramp may take/,
        '--url',
        'ws://127.0.0.1:9/',
        '--connect-rate',
        '1',
        '--connections',
        '9k',
      ],
    ];
    await withFolder(async (folder) => {
      const out = join(folder, 'out');
      for (const [expected, problem, ...words] of failures) {
        const lab = startLab('run', ...words, '--out', out);
        assert.equal((await lab.ended).code, expected, lab.stderr());
        assert.match(lab.stderr(), problem);
        assert.match(lab.stderr(), /\n {2}fix: .+\n$/);
      }
      assert.ok(!existsSync(out), 'nothing is written');
    });
  });
});
