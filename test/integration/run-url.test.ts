import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import type { UrlRecord } from '../../lib/run/url/url-record.ts';
import { startLab, startProgram, waitFor, withFolder } from './lab-process.ts';

/** What a server in this process does. */
interface Behaviour {
  readonly echoes: boolean;
  readonly publishes: boolean;
}

/** Runs a body with a server on a random port of the loopback address. */
async function withServer(behaviour: Behaviour, body: (url: string, members: () => number) => Promise<void>) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 1024 });
  let members = 0;
  server.on('connection', (socket, request) => {
    socket.on('error', () => {});
    if (behaviour.publishes && request.url === '/publish') {
      socket.on('message', (data, binary) => {
        const others = [...server.clients].filter((client) => client !== socket);
        for (const member of others) member.send(data, { binary });
        socket.send(`sent ${others.length} 0 1`);
      });
      return;
    }
    members += 1;
    if (behaviour.echoes) socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  await once(server, 'listening');
  try {
    await body(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, () => members);
  } finally {
    for (const client of server.clients) client.terminate();
    server.close();
  }
}

function onlyRecord(out: string): { readonly folder: string; readonly record: UrlRecord } {
  const [run = ''] = readdirSync(out);
  const folder = join(out, run);
  return { folder, record: JSON.parse(readFileSync(join(folder, 'loadgen.json'), 'utf8')) as UrlRecord };
}

const sizes = '--connections 60 --echo-rate 50 --echo-seconds 1 --interval 0.5'.split(' ');

describe('run --url', () => {
  test('shows and keeps no password that stands in the URL', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true, publishes: false }, async (url) => {
        const secret = url.replace('ws://', 'ws://me:hushhush@');
        const lab = startLab('run', '--url', secret, ...sizes, '--out', out);
        await lab.ended;
        const { folder, record } = onlyRecord(out);
        assert.equal(record.load.url, url);
        const kept = readFileSync(join(folder, 'loadgen.json'), 'utf8');
        for (const text of [lab.stdout(), lab.stderr(), kept]) assert.doesNotMatch(text, /hushhush/);
        const wrong = startLab('run', '--url', secret.replace('ws:', 'http:'), '--out', out);
        assert.equal((await wrong.ended).code, 2);
        assert.doesNotMatch(wrong.stderr(), /hushhush/);
      });
    });
  });

  test('connects, echoes and broadcasts to a server that has all of it, after saying what it will open', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true, publishes: true }, async (url, members) => {
        const lab = startLab('run', '--url', url, ...sizes, '--broadcasts', '2', '--out', out);
        const { code } = await lab.ended;
        const { folder, record } = onlyRecord(out);
        assert.ok(code === 0 || (code === 6 && record.invalid !== null), lab.stderr());
        const { result } = record;
        assert.deepEqual([result.open, result.reached, members()], [60, true, 61], 'the sixty, and the one that asked');
        const [echo, broadcast] = result.phases;
        assert.deepEqual([echo?.counts['sent'], echo?.counts['received']], [50, 50]);
        assert.deepEqual(
          broadcast?.broadcasts.map(({ members: addressed, received }) => [addressed, received]),
          [
            [60, 60],
            [60, 60],
          ],
        );
        const port = new URL(url).port;
        assert.match(
          lab.stderr(),
          new RegExp(`opening 60 connections from this machine to 127\\.0\\.0\\.1 port ${port}`),
        );
        assert.match(lab.stdout(), /60 open of 60/);
        assert.ok(lab.stdout().includes(folder));

        const again = startLab('report', folder);
        assert.equal((await again.ended).code, code);
        assert.ok(lab.stdout().startsWith(again.stdout()));
      });
    });
  });

  test('leaves out broadcasts where /publish is but one more path that echoes', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true, publishes: false }, async (url) => {
        const lab = startLab('run', '--url', url, ...sizes, '--out', out);
        const { code } = await lab.ended;
        assert.ok(code === 0 || code === 6, lab.stderr());
        const { record } = onlyRecord(out);
        assert.deepEqual(
          record.result.phases.map(({ kind, counts }) => [kind, counts['received']]),
          [['echo', 50]],
        );
        assert.match(lab.stderr(), /no broadcasts/);

        const asked = startLab('run', '--url', url, ...sizes, '--broadcasts', '1', '--out', join(out, 'none'));
        assert.equal((await asked.ended).code, 2);
        assert.match(asked.stderr(), /\/publish does not send a message to every member[^]*fix: remove --broadcasts/);
      });
    });
  });

  test('leaves no folder of a size that the load generator refuses', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true, publishes: false }, async (url, members) => {
        const lab = startLab('run', '--url', url, '--connections', '1M', '--out', out);
        assert.equal((await lab.ended).code, 2, lab.stderr());
        assert.match(lab.stderr(), /^error: .*1000000.*\n {2}fix: .*\n$/m);
        assert.deepEqual([readdirSync(out), members()], [[], 2], 'only the two that asked');
      });
    });
  });

  test('keeps what it has when it is interrupted', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true, publishes: true }, async (url, members) => {
        const long = '--connections 60 --echo-rate 10 --echo-seconds 100'.split(' ');
        const lab = startLab('run', '--url', url, ...long, '--out', out);
        await waitFor('all connections', 60, () => members() === 61);
        lab.child.kill('SIGINT');
        assert.equal((await lab.ended).code, 130, lab.stderr());
        const { record } = onlyRecord(out);
        assert.deepEqual([record.result.reached, record.result.reason], [false, 'interrupted']);
      });
    });
  });

  test('by a disk that is full shows what was measured, and fails in two lines', async () => {
    await withFolder(async (out) => {
      await withServer({ echoes: true, publishes: false }, async (url) => {
        // A small disk of this run's own, which is filled as soon as the run's folder is there.
        const script = [
          'mount -t tmpfs -o size=24m tmpfs "$1" || exit 77',
          '(until [ -e "$1"/*-*/ ]; do sleep 0.05; done; cat /dev/zero >"$1/filler" 2>/dev/null) &',
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

  test('fails in two lines to report of a record that was cut off', async () => {
    await withFolder(async (folder) => {
      writeFileSync(join(folder, 'loadgen.json'), '{"schema": 1,');
      const lab = startLab('report', folder);
      assert.equal((await lab.ended).code, 2, lab.stderr());
      assert.match(lab.stderr(), /^error: .*loadgen\.json is no record of a run: .*\n {2}fix: .*\n$/);
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
