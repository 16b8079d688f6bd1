import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { until } from '../held-load.ts';
import { startLabServer } from '../lab-server.ts';
import { assertComplete, load } from './answer-server.ts';

const hasNginx = spawnSync('nginx', ['-v']).error === undefined;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Starts nginx in front of a server of the lab, over one version of TLS; its port, and the certificate. */
async function startNginx(
  context: TestContext,
  protocol: string,
): Promise<{ readonly port: number; readonly cacert: string }> {
  const [server, port] = [await startLabServer(context), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), 'c1m-nginx-'));
  const at = (name: string): string => join(folder, name);
  const made = spawnSync('openssl', [
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost'.split(' '),
    ...`-addext subjectAltName=DNS:localhost -keyout ${at('key.pem')} -out ${at('cert.pem')}`.split(' '),
  ]);
  assert.equal(made.status, 0, made.stderr.toString());
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    at('nginx.conf'),
    `daemon off; pid ${at('pid')}; error_log stderr crit; events { worker_connections 512; }
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${at(name)};`).join('\n')}
      server {
        listen 127.0.0.1:${port} ssl; ssl_certificate ${at('cert.pem')}; ssl_certificate_key ${at('key.pem')}; ssl_protocols ${protocol};
        location /old { return 301 https://elsewhere.example/; }
        location / {
          proxy_pass http://127.0.0.1:${server.port}; proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection Upgrade;
        }
      }
    }\n`,
  );
  const nginx = spawn('nginx', ['-e', 'stderr', '-c', at('nginx.conf')], { stdio: ['ignore', 'inherit', 'inherit'] });
  context.after(async () => {
    const ended = once(nginx, 'exit');
    nginx.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  });
  // It writes its number once it listens.
  await until('nginx listens', () => existsSync(at('pid')) && readFileSync(at('pid'), 'utf8') !== '');
  return { port, cacert: at('cert.pem') };
}

describe('a server behind nginx', { skip: hasNginx ? false : 'nginx is missing here' }, () => {
  for (const protocol of ['TLSv1.2', 'TLSv1.3']) {
    test(`is loaded over ${protocol}, and a redirect of nginx is told`, async (context) => {
      const { port, cacert } = await startNginx(context, protocol);
      const options = (path: string): readonly string[] =>
        `--url wss://localhost:${port}${path} --cacert ${cacert} --connections 20 --hold 0 --json`.split(' ');
      const outcome = await load(...options('/'), '--workload', 'echo rate=100/s for=0.5s, broadcast times=1');
      assertComplete(outcome);
      assert.deepEqual(
        outcome.json.phases.map(({ counts }) => counts['received']),
        [50, 20],
      );
      const { json } = await load(...options('/old'));
      assert.equal(json.serverWords.failures['http301'], "redirected to 'https://elsewhere.example/'");
    });
  }
});
