import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { summarize, type PhaseSummary } from '../../assets/loadgen/measure/summary.ts';
import type { BroadcastRaw } from '../../assets/loadgen/phases/broadcast.ts';
import type { LoadProcessRaw } from '../../assets/loadgen/raw.ts';
import { parseWorkload } from '../../assets/loadgen/workload/workload.ts';
import { startLoad } from './held-load.ts';
import { startLabServer, toAll } from './lab-server.ts';
import { until } from '../until.ts';

/** What a process has of its one phase of broadcasts. */
function broadcastsIn(raw: LoadProcessRaw): BroadcastRaw {
  const found = raw.phases.find((phase) => phase.kind === 'broadcast');
  assert.ok(found !== undefined);
  return found;
}

describe('the workload, on real connections', { concurrency: 4 }, () => {
  test('two hosts take turns publishing, and every broadcast reaches every member once', async (context) => {
    const servers = await Promise.all([startLabServer(context), startLabServer(context)]);
    const ports = servers.map((server) => server.port);
    const hosts = [0, 1].map((hostIndex) =>
      startLoad(context, ports, { connections: 61, hosts: 2, hostIndex, processes: 2, ratePerSecond: 400 }),
    );
    await until('all open', () => hosts.every((host) => host.rampEnded));
    assert.deepEqual(
      servers.map((server) => server.members.size).toSorted((a, b) => a - b),
      [30, 31],
    );
    const workload = parseWorkload('echo rate=300/s for=0.5s, broadcast times=5 every=0.1s');
    const outcomes = await Promise.all(hosts.map(async (host) => host.drive(workload)));
    assert.deepEqual(
      outcomes.map((phases) => phases.map(({ kind, pending, counts }) => [kind, pending, counts['published']])),
      [
        [
          ['echo', 0, undefined],
          ['broadcast', 0, 3],
        ],
        [
          ['echo', 0, undefined],
          ['broadcast', 0, 2],
        ],
      ],
    );
    assert.equal(hosts[0]!.status().phase, 'holding');

    for (const [hostIndex, host] of hosts.entries()) {
      const raws = await host.collectRaws();
      assert.equal(raws.length, 3);
      const summary = summarize(raws);
      const members = 30 + hostIndex;
      assert.equal(summary.established, members);
      assert.deepEqual(summary.lost, {});
      const [echo, { broadcasts }] = summary.phases as [PhaseSummary, PhaseSummary];
      assert.equal(broadcasts.length, 5);
      for (const broadcast of broadcasts) {
        assert.equal(broadcast.received, members);
        assert.equal(broadcast.members, members);
        assert.equal(broadcast.duplicates + broadcast.outOfOrder, 0);
        // Latency is for one's own only: another host's clock says nothing here.
        assert.equal(broadcast.latencyMicros.count, broadcast.seq % 2 === hostIndex ? members : 0);
      }
      const { sent = 0, received, wrong } = echo.counts;
      assert.ok(Math.abs(sent - (150 * members) / 61) <= 1, `${sent} echoes`);
      assert.equal(received, sent);
      assert.equal(wrong, 0);
      const { counts } = raws.at(-1)!;
      const { publications } = broadcastsIn(raws.at(-1)!);
      assert.equal(counts.wanted, 0);
      assert.equal(publications.length, 2 * (3 - hostIndex));
      for (const publication of publications) {
        assert.equal(publication.seq % 2, hostIndex);
        assert.ok(publication.sentMicros >= publication.dueMicros);
        assert.equal(publication.answer?.elapsedMicros, 123);
      }
      const own = broadcastsIn(raws[0]!).broadcasts[hostIndex]!;
      assert.equal(decodeFromCompressedBase64(own.latency!).totalCount, own.received);
    }
  });

  test('one local address and port serves connections to several server ports when there are too few', async (context) => {
    const servers = await Promise.all([startLabServer(context), startLabServer(context)]);
    const load = startLoad(
      context,
      servers.map((server) => server.port),
      {
        connections: 18,
        processes: 2,
        localPorts: { first: 20_000, last: 20_008 },
      },
    );
    await until('all open', () => load.rampEnded);
    assert.equal(load.counts().open, 18);
    assert.deepEqual(load.counts().connectFailures, {});
    assert.deepEqual(
      servers.map((server) => server.members.size),
      [9, 9],
    );
  });

  test('the publisher finds local ports where members have all of the range towards its servers', async (context) => {
    const servers = await Promise.all([startLabServer(context), startLabServer(context)]);
    const load = startLoad(
      context,
      servers.map((server) => server.port),
      { connections: 18, localPorts: { first: 20_000, last: 20_008 } },
    );
    await until('all open', () => load.rampEnded);
    // Each of its attempts from the range fails as it is made, and another must follow by itself.
    const driven = load.drive(parseWorkload('broadcast times=2 every=0.1s'));
    let outcome: Awaited<typeof driven> | null = null;
    void driven.then((it) => (outcome = it));
    await until('the workload is over', () => outcome !== null);
    assert.deepEqual(outcome, [{ kind: 'broadcast', pending: 0, counts: { published: 2, received: 36 } }]);
  });

  test('broadcasts are over when the server has answered their publisher', async (context) => {
    const server = await startLabServer(context, { answersAfter: 700 });
    const load = startLoad(context, [server.port], { connections: 8 });
    await until('all open', () => load.rampEnded);
    await load.drive(parseWorkload('broadcast times=2 every=0.1s'));
    const published = (await load.collectRaws()).flatMap((raw) => broadcastsIn(raw).publications);
    assert.deepEqual(
      published.map(({ answer }) => answer),
      [1, 2].map(() => ({ members: 8, failed: 0, elapsedMicros: 123 })),
    );
  });

  test('lost, doubled and late broadcasts are told apart', async (context) => {
    const held: string[] = [];
    const server = await startLabServer(context, {
      deliver(members, message, seq) {
        if (seq === 0) toAll(members, message);
        // 1 reaches nobody but the first, twice; 2 comes after 3.
        if (seq === 1) for (const _ of [1, 2]) members[0]!.send(message);
        if (seq === 2) held.push(message);
        if (seq === 3) for (const text of [message, ...held]) toAll(members, text);
      },
    });
    const load = startLoad(context, [server.port], { connections: 8 });
    await until('all open', () => load.rampEnded);
    const driving = load.drive(parseWorkload('broadcast times=4 every=0.1s'));
    await until('broadcasts', () => load.status().broadcastMessages === 8 + 2 + 8 + 8);
    const { broadcasts } = summarize(await load.collectRaws()).phases[0]!;
    assert.deepEqual(
      broadcasts.map(({ received, duplicates, outOfOrder }) => [received, duplicates, outOfOrder]),
      [
        [8, 0, 0],
        [1, 1, 0],
        [8, 0, 8],
        [8, 0, 0],
      ],
    );
    const [outcome] = await driving;
    assert.equal(outcome?.pending, 7);
  });

  test('echoes that come back changed are counted as wrong', async (context) => {
    const server = await startLabServer(context, {
      onMember(member) {
        member.removeAllListeners('message');
        member.on('message', (data: Buffer) => member.send(`${data.toString().slice(0, -1)}x`));
      },
    });
    const load = startLoad(context, [server.port], { connections: 4 });
    await until('all open', () => load.rampEnded);
    const driving = load.drive(parseWorkload('echo rate=100/s for=0.2s'));
    await until('echoes', () => load.status().phase === 'driving');
    const counts = async () => summarize(await load.collectRaws()).phases[0]?.counts ?? {};
    const deadline = Date.now() + 10_000;
    let echo = await counts();
    while ((echo['wrong'] ?? 0) < 20 && Date.now() < deadline) echo = await counts();
    assert.deepEqual(echo, { sent: 20, received: 0, wrong: 20, doubled: 0, outOfOrder: 0, notSent: 0 });
    const stopped = assert.rejects(driving, /stopped before the workload was over/);
    await load.stop();
    await stopped;
  });

  test("another implementation's pings, fragments and big messages are taken in stride", async (context) => {
    const pongs: string[] = [];
    const server = await startLabServer(context, {
      onMember(member) {
        member.on('pong', (data) => pongs.push(data.toString()));
        member.ping('are you there');
        member.send(Buffer.alloc(1_000_000, 1));
        member.send('frag', { fin: false });
        member.ping('in between');
        member.send('mented', { fin: true });
        member.send('x'.repeat(70_000));
      },
    });
    const load = startLoad(context, [server.port], { connections: 5 });
    await until('pongs', () => pongs.length === 10);
    assert.deepEqual(new Set(pongs), new Set(['are you there', 'in between']));
    const outcome = await load.drive(parseWorkload('echo rate=50/s for=0.1s, broadcast times=1 every=0.05s'));
    assert.deepEqual(outcome, [
      { kind: 'echo', pending: 0, counts: { sent: 5, received: 5 } },
      { kind: 'broadcast', pending: 0, counts: { published: 1, received: 5 } },
    ]);
    assert.deepEqual(load.counts().lost, {});
  });

  test('fails to drive before the ramp has ended, twice, and without /publish', async (context) => {
    const server = await startLabServer(context);
    const slow = startLoad(context, [server.port], { connections: 10, ratePerSecond: 1 });
    const workload = parseWorkload('broadcast times=1 every=0.05s');
    await assert.rejects(slow.drive(workload), /the ramp has not ended/);
    const load = startLoad(context, [server.port], { connections: 1 });
    await until('open', () => load.rampEnded);
    await load.drive(workload);
    await assert.rejects(load.drive(workload), /has been driven on these connections already/);
    const other = await startLabServer(context, { path: '/members' });
    const elsewhere = startLoad(context, [other.port], { connections: 1, path: '/members' });
    await until('open', () => elsewhere.rampEnded);
    await elsewhere.drive(workload);
  });

  test('processes that write in turn do so one after the other, each its own file', async (context) => {
    const server = await startLabServer(context);
    const load = startLoad(context, [server.port], { connections: 10, processes: 4 });
    await until('all open', () => load.rampEnded);
    const folder = mkdtempSync(join(tmpdir(), 'c1m-turns-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const files = await load.collect(folder, 'inTurn');
    assert.deepEqual(
      files,
      [0, 1, 2, 3].map((process) => join(folder, `loadgen-${process}.json`)),
    );
    const written = files.map((file) => statSync(file, { bigint: true }).mtimeNs);
    assert.deepEqual(
      written,
      written.toSorted((a, b) => Number(a - b)),
    );
    const raws = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as LoadProcessRaw);
    assert.deepEqual(
      raws.map(({ process, counts }) => [process, counts.open]),
      [0, 1, 2, 3].map((process) => [process, process % 2 === 0 ? 2 : 3]),
    );
  });
});
