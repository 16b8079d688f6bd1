import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as v from 'valibot';
import { runResultSchema, type RunResult } from '../../lib/results/schema/run-result.ts';
import { authority, serverCertificate } from '../loadgen/tls/certificates.ts';
import { startLab, startProgram, waitFor, withFolder } from './lab-process.ts';
import { withServer } from './url-server.ts';

/** The run that a folder of runs holds, and its result, which is of the published schema. */
function onlyRun(out: string): { readonly folder: string; readonly result: RunResult } {
  const [run = ''] = readdirSync(out);
  const folder = join(out, run);
  const content: unknown = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'));
  return { folder, result: v.parse(runResultSchema, content) };
}

/** Every file below a folder, as text. */
function textsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'));
}

/** What a run may end with where the machine is busy: then its figures are not trusted, and nothing else is amiss. */
function assertMeasured(code: number | null, { measurements }: RunResult, printed: string): void {
  assert.ok(code === 0 || (code === 6 && measurements.some(({ verdict }) => !verdict.valid)), printed);
}

const sizes = '--connections 60 --echo-rate 50 --echo-seconds 1 --interval 0.5'.split(' ');

describe('run --url', () => {
  test('makes the folder, result and report of any run, with echoes and broadcasts where the server has them', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true, publishes: true }, async (url, seen) => {
        const lab = startLab('run', '--url', url, ...sizes, '--broadcasts', '2', '--hold', '1', '--out', out);
        const { code } = await lab.ended;
        const { folder, result } = onlyRun(out);
        assertMeasured(code, result, lab.stderr());
        assert.deepEqual(readdirSync(join(folder, 'raw/url/load-1')).sort(), [
          'facts.json',
          'loadgen-0.json',
          'loadgen-1.json',
          'loadgen-status.json',
          'samples.jsonl',
          'units.txt',
        ]);
        const [measurement] = result.measurements;
        assert.ok(measurement !== undefined);
        assert.deepEqual([measurement.missing, measurement.connections.peak, seen.members], [[], 60, 61]);
        const [echo, broadcast, idle] = measurement.phases;
        assert.ok(echo?.kind === 'echo' && broadcast?.kind === 'broadcast' && idle?.kind === 'idle');
        assert.deepEqual([echo.sent, echo.received, idle.held], [50, 50, 60]);
        assert.deepEqual(
          broadcast.broadcasts.map(({ members, received }) => [members, received]),
          [
            [60, 60],
            [60, 60],
          ],
        );
        assert.match(lab.stderr(), /opening 60 connections from this machine to 127\.0\.0\.1 port \d+/);

        const again = startLab('report', folder);
        assert.equal((await again.ended).code, code);
        assert.ok(lab.stdout().includes(again.stdout()));
      });
    });
  });

  test('offers to compress with --deflate, and tells what came of it', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true, deflates: true }, async (url) => {
        const lab = startLab('run', '--url', url, '--deflate', ...sizes, '--out', out);
        assertMeasured((await lab.ended).code, onlyRun(out).result, lab.stderr());
        const { measurements, parameters } = onlyRun(out).result;
        const { deflate } = measurements[0]!;
        assert.equal(parameters.deflate, true);
        assert.deepEqual([deflate?.accepted, deflate?.declined, deflate?.sent.messages], [60, 0, 50]);
        assert.deepEqual([deflate?.received.messages, deflate?.received.bytes], [50, deflate?.sent.bytes]);
        assert.match(lab.stdout(), /compressed: received /);
      });
    });
  });

  test('shows as unknown what one side cannot see', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true }, async (url) => {
        const lab = startLab('run', '--url', url, ...sizes, '--out', out);
        assertMeasured((await lab.ended).code, onlyRun(out).result, lab.stderr());
        const { folder, result } = onlyRun(out);
        const [measurement] = result.measurements;
        const { memory, cpu, serverProcesses, version, phases } = measurement!;
        assert.deepEqual(
          [memory.server, memory.kernel, memory.serverPeakBytes, memory.kernelPeakBytes, cpu.serverRampSeconds],
          [null, null, null, null, null],
        );
        assert.deepEqual([serverProcesses, version, result.parameters.memoryPreset], [null, null, null]);
        assert.deepEqual(phases[0]?.server, { cpuSeconds: null, peakBytes: null, kernelPeakBytes: null });
        assert.ok((cpu.loadTotalSeconds ?? 0) > 0 && (memory.loadBytes ?? 0) > 0, 'its own side is known');
        assert.match(lab.stdout(), /Memory and CPU of the server are unknown/);
        const page = readFileSync(join(folder, 'report.html'), 'utf8');
        assert.match(page, /From outside\./);
        assert.doesNotMatch(page, /Kernel settings in force|Server memory a connection|article 2015|memory preset/);
      });
    });
  });

  test('shows no time where nothing came back, and does not end with 0', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true, fallsSilent: true }, async (url) => {
        const workload = 'echo rate=20/s for=1s, heartbeat every=1s for=1s';
        const lab = startLab('run', '--url', url, '--connections', '20', '--workload', workload, '--out', out);
        const { code } = await lab.ended;
        const { folder, result } = onlyRun(out);
        assert.ok(code === 4 || code === 6, lab.stderr());
        const [echo, heartbeat] = result.measurements[0]!.phases;
        assert.ok(echo?.kind === 'echo' && heartbeat?.kind === 'heartbeat');
        assert.deepEqual([echo.received, echo.latency, heartbeat.latency], [0, null, null]);
        for (const text of [lab.stdout(), lab.stderr(), readFileSync(join(folder, 'report.html'), 'utf8')]) {
          assert.doesNotMatch(text, /(?<![\d.])0(\.0+)? ?(ms|µs)\b/);
        }
      });
    });
  });

  test('runs phases that need no /publish, several times, and compares the runs', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true }, async (url) => {
        const folders = [];
        const workload = 'heartbeat every=1s for=1s, churn rate=20/s for=1s, storm cut=50% within=1s';
        for (const name of ['a', 'b']) {
          const place = join(out, name);
          const lab = startLab(
            'run',
            '--url',
            url,
            '--workload',
            workload,
            ...'--connections 0.04k --repeats 2 --sources 127.0.0.1 --local-ports 20000-24999 --out'.split(' '),
            place,
          );
          const { code } = await lab.ended;
          const { folder, result } = onlyRun(place);
          assertMeasured(code, result, lab.stderr());
          assert.deepEqual(
            result.measurements.map(({ measurement, phases }) => [measurement, phases.map(({ kind }) => kind)]),
            ['url-1', 'url-2'].map((measurement) => [measurement, ['heartbeat', 'churn', 'storm']]),
          );
          assert.deepEqual(result.target?.sources, ['127.0.0.1']);
          assert.equal(result.target.localPorts, '20000-24999');
          folders.push(folder);
        }
        const compared = startLab('compare', ...folders);
        assert.equal((await compared.ended).code, 0, compared.stderr());
        assert.match(compared.stdout(), /heartbeat p99/);
      });
    });
  });

  test('holds the connections of a server that only pushes', async () => {
    await withFolder(async (out) => {
      await withServer({ pushesEvery: 200 }, async (url) => {
        const stamp = ['--stamp', 'json:t:unix-ms'];
        const lab = startLab('run', '--url', url, '--connections', '20', ...stamp, '--out', out);
        const { code } = await lab.ended;
        const { folder, result } = onlyRun(out);
        assertMeasured(code, result, lab.stderr());
        assert.match(lab.stderr(), /no echoes; no broadcasts; workload: idle for=5s/);
        const { pushes } = result.measurements[0]!.answers;
        assert.ok(pushes.messages > 100 && (pushes.messagesPerSecond ?? 0) > 0);
        assert.deepEqual([pushes.latency?.count, pushes.unstamped, pushes.sharesClock], [pushes.messages, 0, true]);
        assert.match(lab.stdout(), /pushes/);
        for (const text of [lab.stdout().replaceAll(/\s+/g, ' '), readFileSync(join(folder, 'report.html'), 'utf8')]) {
          assert.match(text, /the server pushed \d+ messages unasked \(.*\/s\), latency p50 /);
        }
        const asked = startLab('run', '--url', url, '--workload', 'echo for=1s', '--out', join(out, 'none'));
        assert.equal((await asked.ended).code, 2);
        assert.match(asked.stderr(), /does not send a message back unchanged\n {2}fix: remove echo from --workload\n$/);
      });
    });
  });

  test('shows and keeps neither the password nor a query of the URL, nor what headers hold', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true, wants: { header: 'cookie', value: 'id=hushcookie' } }, async (url) => {
        const secret = `${url.replace('ws://', 'ws://me:hushword@')}?token=hushtoken&hushkey`;
        const headers = join(out, 'headers');
        writeFileSync(headers, 'X-Session: hushsession\nX-Token: @tokens\n');
        writeFileSync(join(out, 'tokens'), 'hushone\nhushtwo\n');
        const flags = ['--header', 'Cookie: id=hushcookie', '--header', 'X-Key: hushheader', '--hello', 'hushhello'];
        const runs = join(out, 'runs');
        const lab = startLab('run', '--url', secret, ...flags, '--header-file', headers, ...sizes, '--out', runs);
        const { code } = await lab.ended;
        const { folder, result } = onlyRun(runs);
        assertMeasured(code, result, lab.stderr());
        assert.equal(result.target?.url, `${url}?token=...&...`);
        assert.deepEqual(result.target.options, ['--header Cookie', '--header X-Key', '--header-file', '--hello']);
        for (const text of [lab.stdout(), lab.stderr(), ...textsBelow(folder)]) {
          assert.doesNotMatch(text, /hush|bWU6aHVzaHdvcmQ/);
        }
        const wrong = startLab('run', '--url', secret.replace('ws:', 'http:'), '--out', out);
        assert.equal((await wrong.ended).code, 2);
        assert.doesNotMatch(wrong.stderr(), /hushword/);
      });
    });
  });

  test('asks with the same credentials and certificates as it loads with', async () => {
    await withFolder(async (out) => {
      const certificate = serverCertificate();
      const tls = { key: certificate.key, cert: certificate.certificate };
      const ca = join(out, 'ca.pem');
      writeFileSync(ca, authority.certificate);
      await withServer({ echoes: true, tls, wants: { header: 'x-key', value: 'open' } }, async (url) => {
        const few = ['--connections', '10', '--workload', 'echo rate=20/s for=0.5s'];
        const plain = startLab('run', '--url', url, ...few, '--out', join(out, 'none'));
        assert.equal((await plain.ended).code, 4);
        assert.match(
          plain.stderr(),
          /can be opened: \w*(CERT|VERIFY)\w*\n {2}fix: give --cacert FILE .*, or --insecure/,
        );
        const refused = startLab('run', '--url', url, '--insecure', ...few, '--out', join(out, 'none'));
        assert.equal((await refused.ended).code, 4);
        assert.match(refused.stderr(), /401 Unauthorized'\n {2}fix: give what it asks for: .*--header/);
        assert.ok(!existsSync(join(out, 'none')), 'nothing is left of them');
        const headers = join(out, 'headers.txt');
        writeFileSync(headers, 'X-Key: open\n');
        for (const [name, ...way] of [
          ['a', '--cacert', ca, '--tls-resume', '--header', 'X-Key: open'],
          ['b', '--insecure', '--header-file', headers],
        ]) {
          const place = join(out, `runs-${name}`);
          const lab = startLab('run', '--url', url, ...way, ...few, '--out', place);
          assertMeasured((await lab.ended).code, onlyRun(place).result, lab.stderr());
          const [phase] = onlyRun(place).result.measurements[0]!.phases;
          assert.ok(phase?.kind === 'echo' && phase.received === 10, lab.stderr());
        }
      });
    });
  });

  test('says with what words a server ended connections, and does not end with 0', async () => {
    await withFolder(async (out) => {
      await withServer({ membersMost: 11 }, async (url) => {
        const workload = ['--workload', 'idle for=1s'];
        const lab = startLab('run', '--url', url, '--connections', '20', ...workload, '--out', out);
        assert.notEqual((await lab.ended).code, 0, lab.stderr());
        const { answers, connections } = onlyRun(out).result.measurements[0]!;
        assert.deepEqual(answers.closes, [{ code: 1013, count: 10, reason: 'full' }]);
        assert.deepEqual([connections.open, connections.lost], [10, { closeFrame: 10 }]);
        assert.match(lab.stdout().replaceAll(/\s+/g, ' '), /the server closed 10 x 1013 \(try again later: 'full'\)/);
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
          const [echo] = onlyRun(out).result.measurements[0]!.phases;
          assert.ok(echo?.kind === 'echo' && echo.received === 20);
          assert.deepEqual([echo.wrong, echo.doubled, echo.outOfOrder], counts);
          assert.match(lab.stdout().replaceAll(/\s+/g, ' '), words);
        });
      });
    });
  }

  test('leaves out broadcasts where /publish is but one more path that echoes', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true }, async (url) => {
        const asked = startLab('run', '--url', url, ...sizes, '--broadcasts', '1', '--out', join(out, 'none'));
        assert.equal((await asked.ended).code, 2);
        assert.match(asked.stderr(), /\/publish does not send a message to every member[^]*fix: remove --broadcasts/);
      });
    });
  });

  test('publishes where --publish-url says', async () => {
    await withFolder(async (out) => {
      await withServer({ publishes: true }, async (url) => {
        const room = `${url}room`;
        const flags = [
          '--publish-url',
          `${url}publish`,
          '--connections',
          '20',
          '--broadcasts',
          '2',
          '--interval',
          '0.3',
        ];
        const lab = startLab('run', '--url', room, ...flags, '--out', out);
        const { code } = await lab.ended;
        const { result } = onlyRun(out);
        assertMeasured(code, result, lab.stderr());
        const [phase] = result.measurements[0]!.phases;
        assert.ok(phase?.kind === 'broadcast', lab.stderr());
        assert.deepEqual(
          phase.broadcasts.map(({ received }) => received),
          [20, 20],
        );
      });
    });
  });

  test('leaves no folder of a size that the load generator refuses', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true }, async (url, seen) => {
        const lab = startLab('run', '--url', url, '--connections', '1M', '--connect-rate', '10k', '--out', out);
        assert.equal((await lab.ended).code, 2, lab.stderr());
        assert.match(lab.stderr(), /^error: .*1000000.*\n {2}fix: .*\n$/m);
        assert.deepEqual([readdirSync(out), seen.members], [[], 1], 'only the one that asked');
      });
    });
  });

  test('keeps what it has when it is interrupted', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true }, async (url, seen) => {
        const long = '--connections 60 --echo-rate 10 --echo-seconds 100 --repeats 3'.split(' ');
        const lab = startLab('run', '--url', url, ...long, '--out', out);
        await waitFor('all connections', 60, () => seen.members === 61);
        lab.child.kill('SIGINT');
        assert.equal((await lab.ended).code, 130, lab.stderr());
        const { folder, result } = onlyRun(out);
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
        await waitFor('the first phase', 60, () => {
          const { phases = [] } = JSON.parse(status()) as Raw;
          return phases[0] !== undefined && phases[0].endedMicros !== null;
        });
        process.kill((JSON.parse(status()) as Raw).pid ?? 0, 'SIGKILL');
        assert.equal((await lab.ended).code, 4, lab.stderr());
        const { result } = onlyRun(out);
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
      [4, /no WebSocket connection to ws:\/\/127\.0\.0\.1:9\/ can be opened/, '--url', 'ws://127.0.0.1:9/'],
      [
        4,
        /no WebSocket connection to wss:\/\/127\.0\.0\.1:9\/ can be opened: ECONNREFUSED/,
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
