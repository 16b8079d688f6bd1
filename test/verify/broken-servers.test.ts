import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { serversFolder } from '../../lib/cli/servers/server-folders.ts';
import type { ServerDescription } from '../../lib/config/servers.ts';
import { buildServer, type BuiltServer } from '../../lib/verify/built-server.ts';
import { allPromises } from '../../lib/verify/promises/all-promises.ts';
import { Verification, type PromiseOutcome } from '../../lib/verify/verification.ts';

const node = join(serversFolder, 'node');

/** A change to the node server that breaks one promise, and the case that must find it. */
interface Fault {
  readonly what: string;
  readonly from: string;
  readonly to: string;
  readonly foundBy: string;
}

const faults: readonly Fault[] = [
  {
    what: 'text comes back as binary',
    from: 'answer(this, data, { binary });',
    to: 'answer(this, data);',
    foundBy: 'echo-text',
  },
  {
    what: 'empty fragments lose the message',
    from: 'function echo(data, binary) {',
    to: "function echo(data, binary) {\n  if (data.toString().startsWith('half')) return;",
    foundBy: 'echo-empty-fragments',
  },
  { what: 'pings are not answered', from: 'noServer: true', to: 'noServer: true, autoPong: false', foundBy: 'ping' },
  {
    what: 'a member joins late',
    from: "(client) => endpoint.emit('connection', client, request)",
    to: "(client) => {\n      endpoint.clients.delete(client);\n      setTimeout(() => endpoint.clients.add(client), 2000);\n      endpoint.emit('connection', client, request);\n    }",
    foundBy: 'member-at-once',
  },
  {
    what: 'sent twice',
    from: 'member.send(data, { binary });',
    to: 'member.send(data, { binary }); member.send(data, { binary });',
    foundBy: 'publish-reaches-all',
  },
  {
    what: 'sent to all but one',
    from: 'of members.clients) {',
    to: 'of [...members.clients].slice(1)) {',
    foundBy: 'publish-reaches-all',
  },
  {
    what: 'binary published as text',
    from: 'member.send(data, { binary });',
    to: 'member.send(data, { binary: false });',
    foundBy: 'publish-unchanged',
  },
  {
    what: 'publishers hear broadcasts',
    from: 'of members.clients) {',
    to: 'of [...members.clients, ...publishers.clients]) {',
    foundBy: 'publishers-hear-nothing',
  },
  {
    what: 'answers out of order',
    from: 'answer(this, broadcast(data, binary))',
    // Each second answer before the first: however slow the machine is.
    to: '((text) => { for (const one of this.held ? [text, this.held] : []) answer(this, one); this.held = this.held ? null : text; })(broadcast(data, binary))',
    foundBy: 'answers-in-order',
  },
  {
    what: 'no bound for slow readers',
    from: 'member.bufferedAmount + data.length <= waitingLimit',
    to: 'true',
    foundBy: 'stuck-member-cut-off',
  },
  {
    what: 'slow readers cut off too soon',
    from: 'member.bufferedAmount + data.length <= waitingLimit',
    to: 'member.bufferedAmount === 0',
    foundBy: 'short-pause-survived',
  },
  { what: 'echoes that pile up', from: 'client.pause();', to: ';', foundBy: 'echoes-unread' },
  {
    what: 'answers that pile up',
    from: 'answer(this, broadcast(data, binary))',
    to: 'this.send(broadcast(data, binary))',
    foundBy: 'answers-unread',
  },
  {
    what: 'no limit on messages',
    from: 'maxPayload: 1024 * 1024',
    to: 'maxPayload: 0',
    foundBy: 'endless-message-ends',
  },
  {
    what: 'a target that ends the server',
    from: "request.url.split('?', 1)",
    to: "[new URL(request.url, 'ws://localhost').pathname]",
    foundBy: 'garbage-hurts-nobody',
  },
  {
    what: 'a refused upgrade that ends the server',
    from: "    socket.on('error', ignore);\n",
    to: '',
    foundBy: 'abandoned-upgrade-cleaned-up',
  },
  {
    what: 'a length that ends the server',
    from: "member.on('error', ignore);",
    to: "member.on('error', (error) => {\n    if (error.code === 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH') throw error;\n  });",
    foundBy: 'negative-length-hurts-nobody',
  },
  {
    what: '2 KiB that are kept of each connection',
    from: "member.on('error', ignore);",
    to: "member.on('error', ignore); (globalThis.kept ??= []).push(Buffer.alloc(2048, 1));",
    foundBy: 'churn-leaks-nothing',
  },
  { what: 'a wrong close code at the end', from: 'client.close(1001)', to: 'client.close(1000)', foundBy: 'stops' },
  {
    what: 'a second SIGTERM ends it at once',
    from: 'if (stopping) return;',
    to: 'if (stopping) process.exit(1);',
    foundBy: 'stops',
  },
  {
    what: "the kernel's default backlog",
    from: 'backlog: Number(C1M_BACKLOG) }',
    to: '}',
    foundBy: 'listens',
  },
  { what: 'all addresses', from: 'listen({ host,', to: "listen({ host: '0.0.0.0',", foundBy: 'listens' },
  {
    what: 'silence when the port is taken',
    from: 'let stopping = false;',
    to: "server.on('error', () => process.exit(0));\nlet stopping = false;",
    foundBy: 'port-in-use',
  },
];

const built = await buildServer(node);

/** The built node server in a temporary folder, changed by `fault`. */
function broken(context: TestContext, fault: Fault): BuiltServer {
  const build = mkdtempSync(join(tmpdir(), 'c1m-broken-'));
  context.after(() => rmSync(build, { recursive: true }));
  cpSync(built.build, build, { recursive: true });
  const file = join(build, 'server.js');
  const text = readFileSync(file, 'utf8');
  assert.ok(text.includes(fault.from), `server.js no longer holds: ${fault.from}`);
  writeFileSync(file, text.replaceAll(fault.from, fault.to));
  return { ...built, build };
}

async function outcomeOf(context: TestContext, server: BuiltServer, name: string): Promise<PromiseOutcome> {
  const promise = allPromises.find((known) => known.name === name);
  assert.ok(promise, `there is no promise ${name}`);
  const verification = new Verification(server);
  context.after(() => verification.close());
  return verification.check(promise);
}

// Most of them wait for something that does not come, so several wait at once.
describe('c1m verify finds a server that breaks a promise', { concurrency: 4 }, () => {
  for (const fault of faults) {
    test(`fails on ${fault.what}: ${fault.foundBy}`, async (context) => {
      const { result, detail } = await outcomeOf(context, broken(context, fault), fault.foundBy);
      assert.equal(result, 'broken');
      context.diagnostic(detail);
    });
  }

  const declaring = (server: BuiltServer, caseName: string, sometimes = false): BuiltServer => {
    const description: ServerDescription = {
      ...server.description,
      knownDeviations: [{ case: caseName, sometimes, why: 'says the test' }],
    };
    return { ...server, description };
  };

  test('a broken promise that server.json lists is declared', async (context) => {
    const fault = faults[0];
    assert.ok(fault);
    const server = declaring(broken(context, fault), fault.foundBy);
    assert.equal((await outcomeOf(context, server, fault.foundBy)).result, 'declared');
  });

  test('fails on a kept promise that server.json lists: it is stale', async (context) => {
    const server = declaring(built, 'ping');
    assert.equal((await outcomeOf(context, server, 'ping')).result, 'stale');
  });

  test('a kept promise that server.json lists as broken at times is kept', async (context) => {
    const server = declaring(built, 'ping', true);
    assert.equal((await outcomeOf(context, server, 'ping')).result, 'kept');
  });
});
