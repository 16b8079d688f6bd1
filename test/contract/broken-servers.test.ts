import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { ServerDescription } from '../../lib/config/servers.ts';
import { allCases } from './all-cases.ts';
import { buildServer, serverFolder, type BuiltServer } from './built-server.ts';
import { ContractRun, type CaseOutcome } from './run-contract.ts';

/** A change to one file of the node server that breaks one promise, and the case that must find it. */
interface Fault {
  readonly what: string;
  readonly file: 'server.js' | 'broadcast.js' | 'environment.js';
  readonly from: string;
  readonly to: string;
  /** Also taken out of the file, where it would hide the fault. */
  readonly without?: string;
  readonly foundBy: string;
}

const faults: readonly Fault[] = [
  {
    what: 'text comes back as binary',
    file: 'server.js',
    from: 'this.send(data, { binary },',
    to: 'this.send(data, { binary: true },',
    foundBy: 'echo-text',
  },
  {
    what: 'a path too many',
    file: 'server.js',
    from: "['/', members],",
    to: "['/', members], ['/other', members],",
    foundBy: 'unknown-path',
  },
  {
    what: 'compression',
    file: 'server.js',
    from: 'perMessageDeflate: false',
    to: 'perMessageDeflate: true',
    foundBy: 'upgrade-as-browsers-send-it',
  },
  {
    what: 'no limit on messages',
    file: 'server.js',
    from: 'maxPayload: messageLimit',
    to: 'maxPayload: 0',
    foundBy: 'oversized-refused',
  },
  {
    what: 'text that is not checked',
    file: 'server.js',
    from: 'noServer: true',
    to: 'noServer: true, skipUTF8Validation: true',
    foundBy: 'invalid-utf8-refused',
  },
  { what: 'echoes that pile up', file: 'server.js', from: 'client.pause();', to: '', foundBy: 'echoes-unread' },
  {
    what: 'a wrong close code at the end',
    file: 'server.js',
    from: 'client.close(1001)',
    to: 'client.close(1000)',
    foundBy: 'sigterm',
  },
  {
    what: 'one exit code for everything',
    file: 'server.js',
    from: 'process.exit(code)',
    to: 'process.exit(1)',
    foundBy: 'bad-environment',
  },
  {
    what: "the kernel's default backlog",
    file: 'server.js',
    from: 'host, port, backlog }, ()',
    to: 'host, port }, ()',
    foundBy: 'backlog',
  },
  {
    what: 'all addresses',
    file: 'server.js',
    from: 'listen({ host,',
    to: "listen({ host: '0.0.0.0',",
    foundBy: 'listens-on-its-address',
  },
  {
    what: '2 KiB that are kept of each connection',
    file: 'server.js',
    from: "member.on('error', ignore);",
    to: "member.on('error', ignore); (globalThis.kept ??= []).push(Buffer.alloc(2048, 1));",
    foundBy: 'churn-leaks-nothing',
  },
  {
    what: 'sent twice',
    file: 'broadcast.js',
    from: 'member.send(data, { binary }, done);',
    to: 'member.send(data, { binary }, done); member.send(data, { binary });',
    foundBy: 'publish-reaches-all',
  },
  {
    what: 'sent to all but one',
    file: 'broadcast.js',
    from: 'for (const member of members) {',
    to: 'for (const member of [...members].slice(1)) {',
    foundBy: 'publish-reaches-all',
  },
  {
    what: 'binary published as text',
    file: 'broadcast.js',
    from: 'member.send(data, { binary }, done)',
    to: 'member.send(data, { binary: false }, done)',
    foundBy: 'publish-unchanged',
  },
  {
    what: 'no bound for slow readers',
    file: 'broadcast.js',
    from: '4 * 1024 * 1024',
    to: '4000 * 1024 * 1024',
    without: 'if (member.bufferedAmount > 0) slow.push(member);',
    foundBy: 'stuck-member-cut-off',
  },
  {
    what: 'slow readers cut off too soon',
    file: 'broadcast.js',
    from: '4 * 1024 * 1024',
    to: '64 * 1024',
    foundBy: 'short-pause-survived',
  },
  {
    what: 'versions that were never a standard',
    file: 'server.js',
    from: "=== '13' ? undefined : 426",
    to: '? undefined : 426',
    foundBy: 'bad-upgrade-refused',
  },
  { what: 'HTTP/1.0', file: 'server.js', from: "httpVersion !== '1.1' || ", to: '', foundBy: 'http-1-0-refused' },
  {
    what: 'any number of hosts',
    file: 'server.js',
    from: 'hosts.length !== 1',
    to: 'false',
    foundBy: 'one-host-required',
  },
  {
    what: 'targets that begin with a slash only',
    file: 'server.js',
    from: ".replace(/^https?:\\/\\/[^/?]*/i, '')",
    to: '',
    foundBy: 'absolute-target',
  },
  {
    what: "the library's bound on pongs",
    file: 'server.js',
    from: 'autoPong: false,',
    to: '',
    without: "member.on('ping', answerPing);",
    foundBy: 'many-pings',
  },
  {
    what: 'pongs that pile up',
    file: 'server.js',
    from: 'whenSent(this, pongLimit)',
    to: 'ignore',
    foundBy: 'pings-unread',
  },
  {
    what: 'a thousand fragments at most',
    file: 'server.js',
    from: 'maxFragments: 128 * 1024',
    to: 'maxFragments: 1000',
    foundBy: 'echo-of-crumbs',
  },
  {
    what: 'answers as they are ready',
    file: 'server.js',
    from: 'answered = answered.then(async () => publisher.send(await outcome, ignore));',
    to: 'outcome.then((text) => publisher.send(text, ignore));',
    foundBy: 'answers-past-a-stuck-member',
  },
  {
    what: 'a second SIGTERM ends it at once',
    file: 'server.js',
    from: "process.on('SIGTERM'",
    to: "process.once('SIGTERM'",
    foundBy: 'sigterm-twice',
  },
  { what: 'port 0 accepted', file: 'environment.js', from: 'number < 1 ||', to: '', foundBy: 'bad-environment' },
];

/** The built node server in a temporary folder, changed by `fault`. */
function broken(context: TestContext, fault: Fault): BuiltServer {
  const server = buildServer(serverFolder('node'));
  const build = mkdtempSync(join(tmpdir(), 'c1m-broken-'));
  context.after(() => rmSync(build, { recursive: true }));
  cpSync(server.build, build, { recursive: true });
  const file = join(build, fault.file);
  const text = readFileSync(file, 'utf8');
  for (const part of [fault.from, fault.without ?? '']) {
    assert.ok(text.includes(part), `${fault.file} no longer holds: ${part}`);
  }
  writeFileSync(file, text.replaceAll(fault.from, fault.to).replace(fault.without ?? '', ''));
  return { ...server, build };
}

async function outcomeOf(context: TestContext, server: BuiltServer, caseName: string): Promise<CaseOutcome> {
  const found = allCases.find(({ name }) => name === caseName);
  assert.ok(found, `there is no case ${caseName}`);
  const run = new ContractRun(server);
  context.after(() => run.close());
  return run.run(found);
}

// Most of them wait for something that does not come, so several wait at once.
describe('the contract suite finds a server that breaks a promise', { concurrency: 4 }, () => {
  for (const fault of faults) {
    test(`fails on ${fault.what}: ${fault.foundBy}`, async (context) => {
      const { result, detail } = await outcomeOf(context, broken(context, fault), fault.foundBy);
      assert.equal(result, 'failed');
      context.diagnostic(detail);
    });
  }

  const declaring = (server: BuiltServer, caseName: string): BuiltServer => {
    const description: ServerDescription = {
      ...server.description,
      knownDeviations: [{ case: caseName, why: 'says the test' }],
    };
    return { ...server, description };
  };

  test('a declared deviation that fails is known', async (context) => {
    const fault = faults[0];
    assert.ok(fault);
    const server = declaring(broken(context, fault), fault.foundBy);
    assert.equal((await outcomeOf(context, server, fault.foundBy)).result, 'known deviation');
  });

  test('fails on a declared deviation that passes: it is stale', async (context) => {
    const server = declaring(buildServer(serverFolder('node')), 'ping');
    assert.equal((await outcomeOf(context, server, 'ping')).result, 'stale deviation');
  });
});
