import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import type { CaseContext, ContractCase } from '../contract-case.ts';
import { closePayload, opcodes } from '../frame.ts';
import { RawClient } from '../raw-client.ts';
import { freePort, type ServerProcess } from '../server-process.ts';

/** Expects a server to end by itself with this exit code, one line on standard error, and without having listened. */
async function expectEnd(process: ServerProcess, exit: number, what: string): Promise<void> {
  const listened = process.listening().then(
    () => true,
    () => false,
  );
  assert.equal(await listened, false, `${what}: the server listens nevertheless`);
  const end = await process.end;
  assert.equal(end.exit, exit, `${what}: exit code ${exit} expected, got ${end.exit}: ${end.stderr}`);
  assert.equal(end.stderr.split('\n').length, 1, `${what}: one line on standard error expected, got: ${end.stderr}`);
  assert.notEqual(end.stderr, '', `${what}: standard error must say what is wrong`);
}

/** Members of a server, of which the last two are trouble: one never answers a close, one reads nothing at all. */
async function openClients({ track }: CaseContext, port: number): Promise<readonly RawClient[]> {
  const open = async (path: string) => track(await RawClient.open(port, path));
  const clients = await Promise.all([...Array.from({ length: 50 }, () => open('/')), open('/publish')]);
  const stuck = await open('/');
  stuck.pause();
  await open('/');
  return clients;
}

export const lifecycleCases: readonly ContractCase[] = [
  {
    name: 'says-listening',
    promise: 'the line that says listening has the port, the name of the server and its version',
    run: async ({ start, server }) => {
      const process = await start();
      const event = await process.listening();
      assert.equal(event['port'], process.port);
      assert.equal(event['server'], server.description.name);
      const version = String(event['version']);
      const wanted = server.description.framework.version;
      assert.ok(version.includes(wanted), `the version must name ${wanted}, as server.json does, got '${version}'`);
    },
  },
  {
    name: 'sigterm',
    promise: 'on SIGTERM every client gets 1001, the line that says stopped follows, and exit code 0 within 10 s',
    run: async (context) => {
      const process = await context.start();
      const clients = await openClients(context, process.port);
      const began = performance.now();
      const stopping = process.stop();
      for (const client of clients) {
        assert.equal(await client.closeCode(), 1001);
        client.send({ opcode: opcodes.close, payload: closePayload(1001) });
        await client.ended();
      }
      const { exit, events, stderr } = await stopping;
      const seconds = (performance.now() - began) / 1000;
      assert.equal(exit, 0, stderr);
      assert.ok(seconds < 10, `it took ${seconds} s`);
      assert.deepEqual(events.at(-1), { event: 'stopped', port: process.port });
    },
  },
  {
    name: 'sigterm-twice',
    promise: 'a second SIGTERM while it stops changes nothing',
    run: async (context) => {
      const server = await context.start();
      const client = context.track(await RawClient.open(server.port, '/'));
      const stopping = server.stop();
      // The client has not answered its close yet, so the server waits.
      assert.equal(await client.closeCode(), 1001);
      process.kill(server.pid, 'SIGTERM');
      const { exit, events, stderr } = await stopping;
      assert.equal(exit, 0, stderr);
      assert.deepEqual(events.at(-1), { event: 'stopped', port: server.port });
    },
  },
  {
    name: 'sigterm-without-clients',
    promise: 'a server without clients stops as well, and its port is free again',
    run: async ({ start, launch }) => {
      const process = await start();
      const client = await RawClient.open(process.port, '/');
      await client.close();
      const { exit } = await process.stop();
      assert.equal(exit, 0);
      await launch(process.port).listening();
    },
  },
  {
    name: 'port-in-use',
    promise: 'a port in use ends it with exit code 1 and one line',
    run: async ({ launch, process }) => {
      await expectEnd(launch(process.port), 1, 'a port that another process of this server has');
      const holder = createServer();
      await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
      const address = holder.address();
      try {
        assert.ok(address !== null && typeof address === 'object');
        await expectEnd(launch(address.port), 1, 'a port that another program has');
      } finally {
        holder.close();
      }
    },
  },
  {
    name: 'address-not-here',
    promise: 'an address that this host does not have ends it with exit code 1',
    run: async ({ launch }) => {
      // An address of TEST-NET-1 (RFC 5737), which no host has.
      const environment = { C1M_ADDRESS: '192.0.2.1' };
      await expectEnd(launch(await freePort(), { environment }), 1, 'address 192.0.2.1');
    },
  },
  {
    name: 'bad-environment',
    promise: 'a bad variable ends it with exit code 2 and one line',
    run: async ({ launch }) => {
      const bad: readonly Readonly<Record<string, string | null>>[] = [
        { C1M_PORT: null },
        { C1M_PORT: '' },
        { C1M_PORT: '0' },
        { C1M_PORT: '65536' },
        { C1M_PORT: '-1' },
        { C1M_PORT: 'http' },
        { C1M_PORT: '80 81' },
        { C1M_ADDRESS: 'nowhere' },
        { C1M_ADDRESS: '1.2.3' },
        { C1M_BACKLOG: '0' },
        { C1M_BACKLOG: 'many' },
        { C1M_BUILD: null },
        { C1M_BUILD: '/nowhere' },
      ];
      const port = await freePort();
      for (const environment of bad) {
        await expectEnd(launch(port, { environment }), 2, JSON.stringify(environment));
      }
    },
  },
  {
    name: 'listens-on-its-address',
    promise: 'it listens on the address it is given and no other, and by default on all',
    run: async ({ start, track }) => {
      const second = await start({ environment: { C1M_ADDRESS: '127.0.0.2' } });
      track(await RawClient.tcp(second.port, '127.0.0.2'));
      await assert.rejects(RawClient.tcp(second.port, '127.0.0.1'), /ECONNREFUSED/);
      const all = await start({ environment: { C1M_ADDRESS: null } });
      for (const address of ['127.0.0.1', '127.0.0.3']) track(await RawClient.tcp(all.port, address));
    },
  },
  {
    name: 'backlog',
    promise: 'the listen backlog is the one it is given',
    run: async ({ start }) => {
      const { port } = await start({ environment: { C1M_BACKLOG: '321' } });
      const [line = ''] = execFileSync('ss', ['-Hltn', `sport = :${port}`], { encoding: 'utf8' })
        .trim()
        .split('\n');
      assert.equal(line.split(/\s+/)[2], '321', `ss says: ${line}`);
    },
  },
];
