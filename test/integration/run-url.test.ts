import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { RunResult } from '../../lib/results/schema/run-result.ts';
import { authority, serverCertificate } from '../loadgen/tls/certificates.ts';
import { startLab, withFolder } from './lab-process.ts';
import { onlyUrlRun, withServer } from './url-server.ts';

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
        const { folder, result } = onlyUrlRun(out);
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
        assertMeasured((await lab.ended).code, onlyUrlRun(out).result, lab.stderr());
        const { measurements, parameters } = onlyUrlRun(out).result;
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
        assertMeasured((await lab.ended).code, onlyUrlRun(out).result, lab.stderr());
        const { folder, result } = onlyUrlRun(out);
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
        assert.doesNotMatch(page, /Kernel settings in force|Server memory per connection|article 2015|memory preset/);
      });
    });
  });

  test('shows no time where nothing came back, and does not end with 0', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true, fallsSilent: true }, async (url) => {
        const workload = 'echo rate=20/s for=1s, heartbeat every=1s for=1s';
        const lab = startLab('run', '--url', url, '--connections', '20', '--workload', workload, '--out', out);
        const { code } = await lab.ended;
        const { folder, result } = onlyUrlRun(out);
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
        const workload = 'heartbeat every=1s for=1s, churn rate=20/s for=1s, storm cut=50% within=30s';
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
          const { folder, result } = onlyUrlRun(place);
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
        const { folder, result } = onlyUrlRun(out);
        assertMeasured(code, result, lab.stderr());
        assert.match(lab.stderr(), /no echoes; no broadcasts; workload: idle for=5s/);
        const { pushes } = result.measurements[0]!.answers;
        assert.ok(pushes.messages > 100 && (pushes.messagesPerSecond ?? 0) > 0);
        assert.deepEqual([pushes.latency?.count, pushes.unstamped, pushes.sharesClock], [pushes.messages, 0, true]);
        assert.match(lab.stdout(), /pushes/);
        for (const text of [lab.stdout().replaceAll(/\s+/g, ' '), readFileSync(join(folder, 'report.html'), 'utf8')]) {
          assert.match(text, /the server pushed \d+ messages \(.*\/s\), latency p50 /);
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
        const { folder, result } = onlyUrlRun(runs);
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
          /cannot open a WebSocket connection to \S+: no trusted authority signed .*\n {2}fix: give its own with --cacert FILE, or --insecure/,
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
          assertMeasured((await lab.ended).code, onlyUrlRun(place).result, lab.stderr());
          const [phase] = onlyUrlRun(place).result.measurements[0]!.phases;
          assert.ok(phase?.kind === 'echo' && phase.received === 10, lab.stderr());
        }
      });
    });
  });

  test('leaves out broadcasts where /publish is but one more path that echoes', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true }, async (url) => {
        const asked = startLab('run', '--url', url, ...sizes, '--broadcasts', '1', '--out', join(out, 'none'));
        assert.equal((await asked.ended).code, 2);
        assert.match(asked.stderr(), /\/publish does not send a message to every member[^]*fix: remove --broadcasts/);
        const elsewhere = ['--publish-url', 'ws:me:hushword@127.0.0.1:9'];
        const refused = startLab('run', '--url', url, ...sizes, ...elsewhere, '--out', join(out, 'none'));
        assert.equal((await refused.ended).code, 2);
        assert.match(refused.stderr(), /cannot open a WebSocket connection to ws:\/\/127\.0\.0\.1:9\/: ECONNREFUSED\n/);
        assert.doesNotMatch(refused.stderr(), /hushword/);
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
        const { result } = onlyUrlRun(out);
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
});
