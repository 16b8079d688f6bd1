import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { millisLeft, secondsSince } from '../client/deadline.ts';
import { closePayload, opcodes } from '../client/frame.ts';
import { RawClient } from '../client/raw-client.ts';
import { upgradeRequest } from '../client/upgrade.ts';
import type { CaseContext, ServerPromise } from '../promise.ts';
import { verifyBacklog } from '../server-process.ts';

/** The contract's time for a server to stop, in milliseconds, on a machine with nothing else to do. */
const stopMillis = 10_000;

/**
 * Clients of a server, and four that are trouble: a member reads nothing at all, another and a publisher never answer a close, and
 * a request is not complete.
 */
async function openClients({ open, tcp }: CaseContext): Promise<readonly RawClient[]> {
  const clients = await Promise.all([...Array.from({ length: 50 }, () => open('/')), open('/publish')]);
  const stuck = await open('/');
  stuck.pause();
  await open('/');
  await open('/publish');
  (await tcp()).write(upgradeRequest('/').slice(0, 60));
  return clients;
}

/** A server listens where it is told to. */
export const listeningPromises: readonly ServerPromise[] = [
  {
    name: 'listens',
    promise: 'the listening line has port, name and version; the address is the one it was given, the backlog no less',
    check: async ({ process, server }) => {
      const event = await process.listening();
      assert.equal(event['port'], process.port);
      assert.equal(event['server'], server.description.name);
      const version = String(event['version']);
      const wanted = server.description.framework.version;
      assert.ok(version.includes(wanted), `the version must name ${wanted}, as server.json does, got '${version}'`);
      await assert.rejects(RawClient.tcp(process, '127.0.0.2'), /ECONNREFUSED/);
      const [line = ''] = execFileSync('ss', ['-Hltn', `sport = :${process.port}`], { encoding: 'utf8' }).split('\n');
      const wantedBacklog = Math.min(verifyBacklog, Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')));
      assert.ok(
        Number(line.trim().split(/\s+/)[2]) >= wantedBacklog,
        `a backlog of ${wantedBacklog}; ss says: ${line}`,
      );
    },
  },
  {
    name: 'port-in-use',
    promise: 'a server that cannot listen says why on standard error and exits with another code than 0',
    check: async ({ launch, process }) => {
      const second = launch(process.port);
      await assert.rejects(second.listening(), /before it listened/, 'the port of another process is taken');
      const { exit, stderr } = await second.end;
      assert.notEqual(exit, 0);
      assert.notEqual(stderr, '', 'standard error must say what is wrong');
    },
  },
];

/** Closing and stopping. The last of these stops the shared process. */
export const closingPromises: readonly ServerPromise[] = [
  {
    name: 'close-comes-last',
    promise: 'a client that closes gets all that it is owed, then the close with its code, then the end',
    check: async ({ open }) => {
      const [client, other] = [await open(), await open()];
      client.pause();
      const whole = Buffer.alloc(1024 * 1024, 'x');
      client.send({ opcode: opcodes.binary, payload: whole });
      client.send({ opcode: opcodes.close, payload: closePayload(1000) });
      // It reads only after the server has had the time to answer.
      for (let answered = 0; answered < 100; answered += 1) {
        other.sendText('others are served');
        assert.equal(await other.text(), 'others are served');
      }
      client.resume();
      assert.ok((await client.message()).payload.equals(whole));
      assert.equal(await client.closeCode(), 1000);
      await client.ended();
    },
  },
  {
    name: 'stops',
    promise: 'on SIGTERM, also on a second one, every client gets 1001 and the server exits 0 within 10 s',
    check: async (context) => {
      const { process } = context;
      const clients = await openClients(context);
      const began = performance.now();
      const stopping = process.stop();
      const [first, ...others] = clients;
      assert.equal(await first?.closeCode(), 1001);
      process.terminate();
      for (const client of others) assert.equal(await client.closeCode(), 1001);
      for (const client of clients) {
        client.send({ opcode: opcodes.close, payload: closePayload(1001) });
        await client.ended();
      }
      const { exit, events, stderr } = await stopping;
      assert.equal(exit, 0, stderr);
      assert.ok(millisLeft(began, stopMillis) > 0, `it took ${secondsSince(began)}`);
      assert.deepEqual(events.at(-1), { event: 'stopped', port: process.port });
    },
  },
  {
    name: 'stops-without-clients',
    promise: 'a server without clients stops as well, and its port is free again',
    check: async ({ launch, process }) => {
      const client = await RawClient.open(process, '/');
      await client.close();
      const { exit } = await process.stop();
      assert.equal(exit, 0);
      const next = launch(process.port);
      await next.listening();
    },
  },
];
