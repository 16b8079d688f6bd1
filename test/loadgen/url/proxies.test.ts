import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, test, type TestContext } from 'node:test';
import { loopbackSource } from '../held-load.ts';
import { startLabServer } from '../lab-server.ts';
import { authority, serverCertificate } from '../tls/certificates.ts';
import { assertComplete, load } from './answer-server.ts';

/** What a proxy is told: to redirect `/old`, to have nothing behind `/down`, and to pass on the rest. */
interface ProxyPlan {
  readonly port: number;
  readonly serverPort: number;
  /** Where nothing listens. */
  readonly deadPort: number;
  readonly version: '1.2' | '1.3';
  /** A file of this name in a folder of the proxy's own, which holds `both.pem`, `cert.pem` and `key.pem`. */
  readonly at: (name: string) => string;
}

interface Proxy {
  readonly name: string;
  /** Its words but for the file of its configuration, which comes last. */
  readonly words: readonly string[];
  readonly configuration: (plan: ProxyPlan) => string;
  /** What it answers where nothing listens behind it. */
  readonly downCause: string;
}

const target = 'https://elsewhere.example/';

const proxies: readonly Proxy[] = [
  {
    name: 'nginx',
    words: ['-e', 'stderr', '-c'],
    downCause: 'http502',
    configuration: ({ port, serverPort, deadPort, version, at }) => `
      daemon off; pid ${at('pid')}; error_log stderr crit; events { worker_connections 512; }
      http {
        access_log off;
        ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${at(name)};`).join(' ')}
        server {
          listen 127.0.0.1:${port} ssl; ssl_certificate ${at('cert.pem')}; ssl_certificate_key ${at('key.pem')};
          ssl_protocols TLSv${version};
          location /old { return 301 ${target}; }
          location /down { proxy_pass http://127.0.0.1:${deadPort}; }
          location / {
            proxy_pass http://127.0.0.1:${serverPort}; proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection Upgrade;
          }
        }
      }\n`,
  },
  {
    name: 'haproxy',
    words: ['-db', '-q', '-f'],
    downCause: 'http503',
    configuration: ({ port, serverPort, deadPort, version, at }) => `
global
  maxconn 200
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend secure
  bind 127.0.0.1:${port} ssl crt ${at('both.pem')} alpn h2,http/1.1 ssl-min-ver TLSv${version} ssl-max-ver TLSv${version}
  http-request redirect location ${target} code 301 if { path /old }
  use_backend down if { path /down }
  default_backend up
backend up
  server lab 127.0.0.1:${serverPort}
backend down
  retries 0
  server nobody 127.0.0.1:${deadPort}\n`,
  },
];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Starts a proxy in front of a server of the lab, over one version of TLS; its port, and the authority of its certificate. */
async function startProxy(
  context: TestContext,
  { name, words, configuration }: Proxy,
  version: ProxyPlan['version'],
): Promise<{ readonly port: number; readonly cacert: string }> {
  const [server, port, deadPort] = [await startLabServer(context), await freePort(), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), `c1m-${name}-`));
  const at = (file: string): string => join(folder, file);
  const { certificate, key } = serverCertificate();
  const files = {
    'cert.pem': certificate,
    'key.pem': key,
    'both.pem': certificate + key,
    'ca.pem': authority.certificate,
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(at(file), text);
  writeFileSync(at('proxy.conf'), configuration({ port, serverPort: server.port, deadPort, version, at }));
  const proxy = spawn(name, [...words, at('proxy.conf')], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(proxy, 'exit');
  context.after(async () => {
    proxy.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  });
  while (!(await listens(port))) {
    assert.equal(proxy.exitCode, null, `${name} ended before it listened`);
    await pause(20);
  }
  return { port, cacert: at('ca.pem') };
}

async function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

for (const proxy of proxies) {
  const skip = spawnSync(proxy.name, ['-v']).error === undefined ? false : `${proxy.name} is missing here`;
  describe(`a server behind ${proxy.name}`, { skip }, () => {
    for (const version of ['1.2', '1.3'] as const) {
      test(`is loaded over TLS ${version}, and what the proxy answers itself is told`, async (context) => {
        const { port, cacert } = await startProxy(context, proxy, version);
        const options = (path: string, connections: number): readonly string[] =>
          `--url wss://127.0.0.1:${port}${path} --cacert ${cacert} --connections ${connections} --hold 0 --json --sources ${loopbackSource()}`.split(
            ' ',
          );
        const outcome = await load(...options('/', 20), '--workload', 'echo rate=100/s for=0.5s, broadcast times=1');
        assertComplete(outcome);
        assert.deepEqual(
          outcome.json.phases.map(({ counts }) => counts['received']),
          [50, 20],
        );
        const old = await load(...options('/old', 1));
        assert.deepEqual(old.json.connectFailures, { http301: 1 });
        assert.equal(old.json.serverWords.failures['http301'], `redirected to '${target}'`);
        const down = await load(...options('/down', 1));
        assert.deepEqual(down.json.connectFailures, { [proxy.downCause]: 3 });
      });
    }
  });
}
