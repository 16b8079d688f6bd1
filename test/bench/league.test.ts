import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { editionsIn, isKept, keepCell, parseEdition, readEdition } from '../../lib/bench/league/kept-cells.ts';
import { leagueMarkdown } from '../../lib/bench/league/league-markdown.ts';
import { leaguePage } from '../../lib/bench/league/league-page.ts';
import { standingsOf } from '../../lib/bench/league/standings.ts';
import { LabError } from '../../lib/config/lab-error.ts';
import { readMerged } from '../results/read-merged.ts';
import { runFiles } from '../results/synthetic-run.ts';

describe('a league', () => {
  let folder = '';
  const servers = ['netty', 'node', 'go'] as const;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'c1m-league-'));
    for (const repeat of [1, 2, 3]) {
      for (const server of servers) {
        const result = await readMerged(runFiles({ servers: [server] }));
        keepCell(folder, '2026-11', { server, connections: 2_000, repeat }, result);
      }
    }
    keepCell(
      folder,
      '2025-11',
      { server: 'go', connections: 2_000, repeat: 1 },
      await readMerged(runFiles({ servers: ['go'] })),
    );
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  test('keeps a result once, and never writes over it', async () => {
    const cell = { server: 'go', connections: 2_000, repeat: 1 };
    assert.ok(isKept(folder, '2026-11', cell));
    assert.ok(!isKept(folder, '2026-11', { ...cell, repeat: 4 }));
    const file = join(folder, '2026-11/2000/go-1.json');
    const text = readFileSync(file, 'utf8');
    const other = await readMerged(runFiles({ servers: ['node'] }));
    assert.throws(() => keepCell(folder, '2026-11', cell, other), LabError);
    assert.equal(readFileSync(file, 'utf8'), text);
  });

  test('shows the newest edition first', () => {
    assert.deepEqual(editionsIn(folder), ['2026-11', '2025-11']);
    assert.throws(() => parseEdition('../2026'), /is no edition/);
  });

  test('compares servers over their repeats, ranked by memory', () => {
    const [standings] = standingsOf(readEdition(folder, '2026-11'));
    assert.ok(standings !== undefined);
    assert.deepEqual(
      standings.result.servers.map(({ server, valid }) => `${server} ${valid}`),
      ['netty 3', 'node 3', 'go 3'],
    );
    const memory = standings.columns.find(({ column }) => column.name === 'serverBytesPerConnection');
    assert.deepEqual(
      memory?.cells.map(({ best }) => best),
      [true, false, false],
    );
    assert.ok(memory?.cells.every(({ halfRange }) => halfRange !== null));
  });

  test('knows the best though another has a single repeat, and none where the best has', () => {
    const cells = readEdition(folder, '2026-11');
    const bestOf = (single: string): readonly (boolean | undefined)[] => {
      const [standings] = standingsOf(cells.filter(({ server, repeat }) => server !== single || repeat === 1));
      const memory = standings?.columns.find(({ column }) => column.name === 'serverBytesPerConnection');
      return servers.map(
        (server) => memory?.cells[standings?.result.servers.findIndex((one) => one.server === server) ?? -1]?.best,
      );
    };
    assert.deepEqual(bestOf('go'), [true, false, false]);
    assert.deepEqual(bestOf('netty'), [false, false, false]);
  });

  test('says how many times the server of the role floor another is, and never calls that one the best', async () => {
    const result = await readMerged(runFiles({ servers: ['netty'] }));
    const asFloor = {
      ...result,
      servers: result.servers.map((one) => ({ ...one, server: 'beneath', title: 'beneath' })),
      measurements: result.measurements.map((one) => ({ ...one, server: 'beneath', title: 'beneath', role: 'floor' })),
    };
    const floors = [1, 2].map((repeat) => ({
      server: 'beneath',
      connections: 2_000,
      repeat,
      file: '',
      result: asFloor,
    }));
    const [standings] = standingsOf([...readEdition(folder, '2026-11'), ...floors]);
    const memory = standings?.columns.find(({ column }) => column.name === 'serverBytesPerConnection');
    const cells = new Map(standings?.result.servers.map(({ server }, row) => [server, memory?.cells[row]]));
    assert.equal(cells.get('beneath')?.timesFloor, null);
    assert.equal(cells.get('beneath')?.best, false);
    assert.equal(cells.get('netty')?.timesFloor, '1.00');
    assert.equal(cells.get('netty')?.best, true);
    assert.ok(Number(cells.get('go')?.timesFloor) > 1.5);
  });

  test('has a page and a table in which each figure leads to its runs', () => {
    const editions = editionsIn(folder).map((edition) => ({
      edition,
      standings: standingsOf(readEdition(folder, edition)),
    }));
    const page = leaguePage(editions, ['node (ws)']);
    assert.doesNotMatch(page, /<(link|img|iframe|object|embed)\b|\bsrc\s*=|@import|url\(/i);
    for (const server of servers) {
      assert.match(page, new RegExp(`href="#runs-2026-11-2000-${server}"`));
      assert.match(page, new RegExp(`id="runs-2026-11-2000-${server}"`));
      assert.match(page, new RegExp(`href="2026-11/2000/${server}-2.json"`));
    }
    assert.match(page, /<option value="Java">/);
    const text = leagueMarkdown(editions, ['node (ws)']);
    assert.match(text, /^\| netty \| \*\*4\.\d+\*\* ±/m);
    assert.match(text, /\[3\]\(2026-11\/2000\/go-3\.json\)/);
    assert.match(text, /^## 2025-11$/m);
    for (const made of [page, text]) assert.match(made, /all connections of node \(ws\);/);
  });
});
