import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { renderTable } from '../../lib/report/render-table.ts';
import { changed, changedProcess, changedSamples, readMerged } from '../results/read-merged.ts';
import { runFiles } from '../results/synthetic-run.ts';

describe('the table', () => {
  test('has a row a server, fits 120 columns, and its columns line up', async () => {
    const table = renderTable(await readMerged(runFiles({ servers: ['netty', 'node', 'go', 'undertow'] })));
    const lines = table.split('\n');
    assert.ok(
      lines.every((line) => line.length <= 120),
      lines.find((line) => line.length > 120),
    );
    const rows = lines.filter((line) => /^(netty|node ws|go gorilla|undertow) .*valid$/.test(line));
    assert.equal(rows.length, 4);
    assert.equal(new Set(rows.map((row) => row.indexOf('2 000'))).size, 1);
    assert.equal(new Set(rows.map((row) => row.indexOf('valid'))).size, 1);
  });

  test('breaks into tables below each other where the terminal is narrower, and wraps its text there', async () => {
    const result = await readMerged(runFiles({ servers: ['netty', 'node'] }));
    const lines = renderTable(result, 80).split('\n');
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
    assert.equal(lines.filter((line) => line.startsWith('netty ')).length, 2);
    assert.equal(lines.filter((line) => /^netty .* valid$/.test(line)).length, 1);
    const words = (text: string): readonly string[] => text.split(/\s+/).toSorted();
    const twice = ['server', 'netty', 'node', 'ws'];
    assert.deepEqual(words(lines.join('\n')), [...words(renderTable(result)), ...twice].toSorted(), 'nothing is lost');
  });

  test('names the workload as it can be given again', async () => {
    const table = renderTable(await readMerged(runFiles({ broadcasts: 1 })));
    assert.match(table, /^workload: echo rate=200\/s for=3s bytes=64, broadcast times=1 every=2s bytes=24$/m);
  });

  test('keeps the article’s row out of the rows that were measured', async () => {
    const table = renderTable(await readMerged(runFiles()));
    const place = table.indexOf('article 2015, netty');
    assert.ok(place > table.indexOf('Single run'));
    assert.match(
      table.replaceAll(/\s+/g, ' '),
      /different hardware and method\): article 2015, netty: 1 200 000 connections, 15\.2 GB/,
    );
  });

  test('marks no best where there is one repeat, whose range is unknown', async () => {
    const table = renderTable(await readMerged(runFiles({ servers: ['netty', 'go'] })));
    assert.ok(!table.includes('*'));
    assert.match(table, /Single run: ignore small differences/);
  });

  test('marks the best of repeats, with all that cannot be told from it', async () => {
    const files = runFiles({ servers: ['netty', 'node', 'go'], repeats: 3 });
    const table = renderTable(await readMerged(files));
    const row = (name: string): string => table.split('\n').find((line) => line.startsWith(name)) ?? '';
    // Memory lies far apart; the processor time of a broadcast is made the same for all.
    assert.match(row('netty'), /4\.\d+\*/);
    assert.doesNotMatch(row('go gorilla'), /9\.\d+\*/);
    assert.ok(table.split('\n').filter((line) => /^\s+±/.test(line)).length === 3);
    for (const name of ['netty', 'node ws', 'go gorilla']) assert.match(row(name), /86\.7\*/);
    assert.ok(table.split('\n').every((line) => line.length <= 120));
  });

  test('says in a footnote where a server stopped and why', async () => {
    const files = Object.keys(runFiles({ servers: ['node'] }))
      .filter((path) => /loadgen-[01]\.json$/.test(path))
      .reduce(
        (all, path) =>
          changedProcess(all, path, (process) => ({
            ...process,
            counts: { ...process.counts, open: 100, established: 100, connectFailures: { EMFILE: 4 } },
            ramp: { ...process.ramp, openOverTime: [[process.ramp.beganMicros + 1e6, 100] as const] },
          })),
        runFiles({ servers: ['node'] }),
      );
    const table = renderTable(await readMerged(files));
    assert.match(table, /stopped \[1\]/);
    assert.match(
      table,
      /\[1\] node ws: stopped at 400 of 2000 connections: load processes ran out of descriptors: 16 EMFILE/,
    );
  });

  test('calls an invalid measurement invalid, and a skipped server by name with its reason', async () => {
    const files = changed(
      changedSamples(runFiles({ servers: ['netty'] }), 'raw/netty/load-1/samples.jsonl', (sample, place) => ({
        ...sample,
        addresses: place > 0.5 ? 1 : 11,
      })),
      'run.json',
      (record) => ({ ...record, skipped: [{ server: 'spray', reason: 'java is missing' }] }),
    );
    const table = renderTable(await readMerged(files));
    assert.match(table, /INVALID \[1\]/);
    assert.match(table, /spray was skipped: java is missing/);
  });

  test('shows a hyphen, not a zero, for what one server lacks, and no column for what all do', async () => {
    const files = runFiles({ servers: ['netty', 'node'] });
    const { 'raw/node/server/samples.jsonl': _samples, ...rest } = files;
    const table = renderTable(await readMerged(rest));
    assert.match(table, /INCOMPLETE/);
    assert.doesNotMatch(table, /^ {2}- /m, 'what a measurement lacks is in its own footnote');
    assert.match(table, /node ws +2 000 +- +- +- .* - +5\.52 /);
    const { 'raw/netty/server/samples.jsonl': _more, ...none } = rest;
    const without = renderTable(await readMerged(none));
    assert.match(without, /^node ws +2 000 +(?!- )\S.*incomplete/m);
    assert.doesNotMatch(without, / - .*incomplete|^ +conns.* memory\/conn/m);
  });

  test('explains a hyphen where memory a connection has no slope, and only there', async () => {
    const sloped = await readMerged(runFiles());
    assert.doesNotMatch(renderTable(sloped), /under memory\/conn/);
    const flat = {
      ...sloped,
      servers: sloped.servers.map((server) => ({
        ...server,
        figures: { ...server.figures, serverBytesPerConnection: null },
      })),
    };
    assert.match(renderTable(flat), /- or no column under memory\/conn: the slope is indistinguishable from zero/);
  });

  test('says that no server was measured', async () => {
    const files = runFiles({ servers: ['node'] });
    const table = renderTable(await readMerged({ 'run.json': files['run.json'] ?? '' }));
    assert.match(table, /No server was measured\.\n\n {2}- node was not measured\n/);
  });
});
