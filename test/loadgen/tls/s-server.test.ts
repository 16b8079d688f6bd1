import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { serverCertificate } from './certificates.ts';
import { LayerClient } from './layer-client.ts';
import { until } from '../../until.ts';

const options = hasProgram() ? {} : { skip: 'no openssl command on this machine' };

/** How `openssl s_server` is told to make its records, and for which version. */
const ways: readonly (readonly string[])[] = [
  ['-tls1_3', '-max_send_frag', '512', '-record_padding', '300'],
  ['-tls1_3', '-num_tickets', '20'],
  ['-tls1_3', '-num_tickets', '0', '-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['-tls1_2', '-max_send_frag', '512'],
  ['-tls1_2', '-no_ticket', '-cipher', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
];

describe('the TLS layer with openssl s_server', options, () => {
  for (const way of ways) {
    test(`carries bytes both ways with ${way.join(' ')}`, async (context) => {
      const { server, port } = await start(context, way);
      const { client, fd, sent } = await connected(context, port, server);
      const text = `${'a line to the client '.repeat(300)}\n`;
      server.stdin.write(text);
      await until('it arrives', () => client.received(fd).length >= text.length);
      assert.equal(client.received(fd).toString(), text);
      client.send(fd, Buffer.from('a line to the server\n'));
      await until('it arrives', () => sent().includes('a line to the server'));
    });
  }

  test('follows new keys of either side', async (context) => {
    const { server, port } = await start(context, ['-tls1_3']);
    const { client, fd, sent } = await connected(context, port, server);
    for (const [n, command] of ['k', 'K', 'K'].entries()) {
      // One changes the server's keys, the other asks for ours too.
      server.stdin.write(`${command}\n`);
      // It reads its standard input before its connection.
      client.send(fd, Buffer.from(`before ${n}\n`));
      await until('the command is read', () => sent().includes(`before ${n}`));
      server.stdin.write(`after ${n}\n`);
      await until('a line with new keys', () => client.received(fd).toString().endsWith(`after ${n}\n`));
      client.send(fd, Buffer.from(`answer ${n}\n`));
      await until('an answer with new keys', () => sent().includes(`answer ${n}`));
    }
    assert.equal(client.received(fd).toString(), 'after 0\nafter 1\nafter 2\n');
    assert.equal(client.cause(fd), null);
  });
});

async function start(
  context: TestContext,
  way: readonly string[],
): Promise<{ readonly server: ChildProcessWithoutNullStreams; readonly port: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'c1m-s-server-'));
  const { certificate, key } = serverCertificate();
  writeFileSync(join(folder, 'cert.pem'), certificate);
  writeFileSync(join(folder, 'key.pem'), key);
  const port = await freePort();
  const files = ['-cert', join(folder, 'cert.pem'), '-key', join(folder, 'key.pem')];
  const server = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, ...files, ...way]);
  context.after(() => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });
  let said = '';
  server.stdout.setEncoding('utf8').on('data', (piece: string) => (said += piece));
  await until('it listens', () => said.includes('ACCEPT'));
  return { server, port };
}

async function connected(
  context: TestContext,
  port: number,
  server: ChildProcessWithoutNullStreams,
): Promise<{ readonly client: LayerClient; readonly fd: number; readonly sent: () => string }> {
  let said = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (piece) => (said += String(piece)));
  const client = new LayerClient(context);
  const fd = client.connect(port);
  await until('secured', () => client.isSecured(fd));
  await until('the server too', () => said.includes('CIPHER is'));
  return { client, fd, sent: () => said };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function hasProgram(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
