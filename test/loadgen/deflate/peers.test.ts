import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { deflateOffer } from '../../../assets/loadgen/deflate/extension.ts';
import { loopbackSource } from '../held-load.ts';
import { startLabServer } from '../lab-server.ts';
import { serverCertificate } from '../tls/certificates.ts';
import { accepting, assertComplete, load, request, type Outcome } from '../url/answer-server.ts';

const phases =
  'echo rate=100/s for=0.5s bytes=2000, echo rate=100/s for=0.2s bytes=20, broadcast times=2 every=0.2s bytes=70000';

/** Loads a server with `--deflate`. */
async function loadDeflated(url: string, ...more: readonly string[]): Promise<Outcome> {
  const words = `--connections 8 --hold 0 --json --deflate --sources ${loopbackSource()}`.split(' ');
  return load('--url', url, ...words, '--workload', phases, ...more);
}

async function deflatingServer(context: TestContext, options: Parameters<typeof startLabServer>[1] = {}) {
  return startLabServer(context, { perMessageDeflate: { threshold: 0 }, ...options });
}

describe('the load generator with --deflate', { concurrency: 2, timeout: 120_000 }, () => {
  for (const scheme of ['ws', 'wss']) {
    test(`compresses both ways with a server that does, over ${scheme}`, async (context) => {
      const { certificate: cert, key } = serverCertificate();
      const options = scheme === 'wss' ? { tls: { cert, key } } : {};
      const { port } = await deflatingServer(context, options);
      const more = scheme === 'wss' ? ['--insecure'] : [];
      const outcome = await loadDeflated(`${scheme}://127.0.0.1:${port}/`, '--hello', 'hello, all of you', ...more);
      assertComplete(outcome);
      const { phases: done, deflate } = outcome.json;
      assert.deepEqual(
        done.map(({ counts }) => counts['received']),
        [50, 20, 16],
      );
      assert.ok(deflate);
      const { offered, answered, accepted, declined, received, sent } = deflate;
      assert.deepEqual([offered, accepted, declined], [deflateOffer, 9, 0]);
      assert.match(answered ?? '', /^permessage-deflate; .*server_no_context_takeover/);
      const echoed = 50 * 2000 + 20 * 20 + 8 * 'hello, all of you'.length;
      assert.deepEqual([sent.messages, sent.bytes], [50 + 20 + 8 + 2, echoed + 2 * 70_000]);
      assert.deepEqual([received.messages, received.bytes >= echoed + 16 * 70_000], [50 + 20 + 8 + 16 + 2, true]);
      assert.ok(sent.wireBytes < sent.bytes / 5 && received.wireBytes < received.bytes / 5, JSON.stringify(deflate));
      assert.ok(sent.micros > 0 && received.micros > 0);
    });
  }

  test('reads what a server compresses at its own window and level', async (context) => {
    const zlibDeflateOptions = { level: 9, memLevel: 1 };
    const { port } = await deflatingServer(context, {
      perMessageDeflate: { threshold: 0, serverMaxWindowBits: 9, zlibDeflateOptions },
    });
    const outcome = await loadDeflated(`ws://127.0.0.1:${port}/`);
    assertComplete(outcome);
    assert.match(outcome.json.deflate?.answered ?? '', /server_max_window_bits=9/);
  });

  test('counts connections of a server that declines, and says that nothing was compressed', async (context) => {
    const { port } = await startLabServer(context);
    const outcome = await loadDeflated(`ws://127.0.0.1:${port}/`);
    assertComplete(outcome);
    const nothing = { messages: 0, wireBytes: 0, bytes: 0, micros: 0 };
    assert.deepEqual(outcome.json.deflate, {
      offered: deflateOffer,
      answered: null,
      accepted: 0,
      declined: 9,
      received: nothing,
      sent: nothing,
    });
    const words = `--connections 1 --hold 0 --deflate --sources ${loopbackSource()}`.split(' ');
    const { stdout } = await load('--url', `ws://127.0.0.1:${port}/`, ...words);
    assert.match(stdout, /^deflate {6}declined: nothing was compressed$/m);
  });

  for (const [answer, cause] of [
    ['permessage-deflate', 'deflateContext'],
    ['permessage-deflate; server_no_context_takeover; client_max_window_bits=15', 'deflateAnswer'],
    ['x-webkit-deflate-frame', 'unaskedExtension'],
  ] as const) {
    test(`refuses the answer '${answer}' as ${cause}, once, in words`, async (context) => {
      const extension = accepting(`Sec-WebSocket-Extensions: ${answer}`);
      const url = (port: number): string => `ws://127.0.0.1:${port}/`;
      const { code, json, heads } = await request(context, extension, url, '--deflate');
      assert.deepEqual([code, json.connectFailures], [5, { [cause]: 1 }]);
      assert.match(json.serverWords.failures[cause] ?? '', /permessage-deflate|x-webkit/);
      assert.ok(heads[0]?.includes(`\r\nSec-WebSocket-Extensions: ${deflateOffer}\r\n`));
    });
  }

  test('offers nothing without it', async (context) => {
    const { heads, json } = await request(context, accepting(), (port) => `ws://127.0.0.1:${port}/`);
    assert.ok(!/extensions/i.test(heads[0] ?? ''));
    assert.equal(json.deflate, null);
  });
});
