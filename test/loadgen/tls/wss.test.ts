import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { parseWorkload } from '../../../assets/loadgen/workload/workload.ts';
import { summarize } from '../../../assets/loadgen/measure/summary.ts';
import { loopbackSource, startLoad } from '../held-load.ts';
import { startLabServer } from '../lab-server.ts';
import { authority, expired, serverCertificate } from './certificates.ts';
import { until } from '../../until.ts';

const { certificate, key } = serverCertificate();
const server = { cert: certificate, key };
const tls = { serverName: 'server.test', trusted: authority.certificate, resume: false };
const main = fileURLToPath(new URL('../../../assets/loadgen/main.ts', import.meta.url));

describe('connections over TLS', { concurrency: 2 }, () => {
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
    test(`are opened, driven and closed as plain ones are (${maxVersion})`, async (context) => {
      const codes: number[] = [];
      const { port } = await startLabServer(context, {
        tls: { ...server, maxVersion },
        onMember: (member) => member.on('close', (code) => codes.push(code)),
      });
      const load = startLoad(context, [port], { connections: 60, processes: 2, tls });
      await until('the ramp ends', () => load.rampEnded);
      assert.equal(load.counts().open, 60);
      await load.drive(parseWorkload('echo rate=300/s for=0.3s, broadcast times=3 every=0.1s'));
      const [echo, broadcast] = summarize(await load.collectRaws()).phases;
      assert.deepEqual(
        broadcast?.broadcasts.map(({ received, duplicates }) => [received, duplicates]),
        [
          [60, 0],
          [60, 0],
          [60, 0],
        ],
      );
      assert.deepEqual(echo?.counts, { sent: 90, received: 90, wrong: 0, doubled: 0, outOfOrder: 0, notSent: 0 });
      await load.stop();
      await until('all closed', () => codes.length === 60);
      assert.deepEqual(new Set(codes), new Set([1000]));
    });
  }

  test('are given up at the first attempt where the certificate will not do', async (context) => {
    const { certificate: cert, key: itsKey } = serverCertificate(expired);
    const { port } = await startLabServer(context, { tls: { cert, key: itsKey } });
    const load = startLoad(context, [port], { connections: 5, tls });
    await until('the ramp ends', () => load.rampEnded);
    const { attempts, connectFailures, abandoned } = load.counts();
    assert.deepEqual([attempts, connectFailures, abandoned], [5, { tlsExpired: 5 }, 5]);
  });

  test('to a server that never answers are tlsTimeout', async (context) => {
    const silent = createServer((socket) => void socket.on('error', () => undefined).resume());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    context.after(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    const load = startLoad(context, [port], { connections: 2, handshakeSeconds: 0.6, tls });
    await until('the ramp ends', () => load.rampEnded);
    assert.deepEqual(load.counts().connectFailures, { tlsTimeout: 6 });
  });

  test('are lost by a close frame, which is answered before TLS ends', async (context) => {
    const codes: number[] = [];
    const { port } = await startLabServer(context, {
      tls: server,
      onMember: (member) => {
        member.on('close', (code) => codes.push(code));
        member.close(1001);
      },
    });
    const load = startLoad(context, [port], { connections: 3, tls });
    await until('all lost', () => load.counts().lost.closeFrame === 3);
    await until('all answered', () => codes.length === 3);
    assert.deepEqual(codes, [1001, 1001, 1001]);
  });

  test('cost bytes each and not kilobytes', async (context) => {
    const { port } = await startLabServer(context, { tls: server });
    const few = await anonymousBytes(context, port, 50);
    const many = await anonymousBytes(context, port, 1550);
    // What V8 has at one time or another is several megabytes more or less; an SSL object each would be 36 kB.
    const each = (many - few) / 1500;
    assert.ok(each < 12_000, `${each} bytes a connection`);
  });

  test('that come again resume a session where they are to, and are counted', async (context) => {
    const { port } = await startLabServer(context, { tls: server });
    for (const resume of [true, false]) {
      const load = startLoad(context, [port], { connections: 5, processes: 1, tls: { ...tls, resume } });
      await until('the ramp ends', () => load.rampEnded);
      await load.drive(parseWorkload('churn rate=10/s for=0.5s'));
      const { handshakes } = summarize(await load.collectRaws());
      if (resume) assert.ok(handshakes !== null && handshakes.full > 0 && handshakes.resumed > 0);
      else assert.equal(handshakes, null);
      await load.stop();
    }
  });

  test('send the request with the end of a resumed handshake, not when that is acknowledged', async (context) => {
    const { port } = await startLabServer(context, { tls: { ...server, maxVersion: 'TLSv1.2' } });
    const quickestOf = async (resume: boolean): Promise<number> => {
      const load = startLoad(context, [port], { connections: 10, processes: 1, tls: { ...tls, resume } });
      await until('the ramp ends', () => load.rampEnded);
      await load.drive(parseWorkload('churn rate=20/s for=3s'));
      const [churn] = (await load.collectRaws()).flatMap(({ phases }) => phases);
      await load.stop();
      assert.ok(churn?.kind === 'churn' && churn.opened > 0);
      return decodeFromCompressedBase64(churn.latency).minNonZeroValue;
    };
    // The kernel of a server that has nothing to say acknowledges after 40 ms, each time: a busy machine makes most slow, too, but not all.
    const [resumed, full] = [await quickestOf(true), await quickestOf(false)];
    assert.ok(resumed < full + 30_000, `${resumed} µs, ${full} without resumption`);
  });

  test('are what a wss:// URL asks for, with the certificate to trust', async (context) => {
    const local = serverCertificate({ names: ['localhost'] });
    const { port } = await startLabServer(context, { tls: { cert: local.certificate, key: local.key } });
    const folder = mkdtempSync(join(tmpdir(), 'c1m-wss-test-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'authority.pem');
    writeFileSync(file, authority.certificate);
    const run = async (...more: string[]): Promise<readonly [number, string]> =>
      new Promise((resolve) => {
        const args = [main, '--url', `wss://localhost:${port}/`, '--connections', '5', '--hold', '0'];
        execFile(process.execPath, [...args, '--sources', loopbackSource(), ...more], (error, _stdout, stderr) =>
          resolve([error === null ? 0 : Number(error.code), stderr]),
        );
      });
    assert.equal((await run('--cacert', file))[0], 0);
    assert.equal((await run('--insecure', '--tls-resume'))[0], 0);
    const [code, stderr] = await run();
    assert.equal(code, 5);
    assert.match(
      stderr,
      /0 of 5 connections were open.*\n {2}fix: tlsUnknownCa: no trusted authority .* --cacert FILE/,
    );

    const plain = await startLabServer(context);
    const publishing = ['--url', `ws://127.0.0.1:${plain.port}/`, '--publish-url', `wss://localhost:${port}/publish`];
    assert.equal((await run(...publishing, '--cacert', file))[0], 0, 'the certificate is for publishing');
    const [failed, why] = await run(...publishing, '--broadcasts', '1');
    assert.equal(failed, 4);
    assert.match(why, /publishing failed: .* tlsUnknownCa; tlsUnknownCa: no trusted authority .* --cacert FILE/);
  });
});

/** Anonymous memory of a load process that holds so many connections. */
async function anonymousBytes(context: TestContext, port: number, connections: number): Promise<number> {
  const load = startLoad(context, [port], { connections, tls, handshakeSeconds: 60 });
  await until('the ramp ends', () => load.rampEnded);
  assert.equal(load.counts().open, connections);
  const status = readFileSync(`/proc/${load.processIds[0]}/status`, 'utf8');
  const bytes = Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]) * 1024;
  await load.stop();
  return bytes;
}
