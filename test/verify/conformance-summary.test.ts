import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { knownServers, serversFolder } from '../../lib/cli/servers/server-folders.ts';
import { articleLab } from '../../lib/config/lab.ts';
import { describeRun } from '../../lib/run/describe-run.ts';
import { conformanceFile, tableText } from '../../lib/verify/conformance/conformance-table.ts';
import { conformanceSummary } from '../../lib/verify/conformance/conformance-summary.ts';
import { conformanceCases, conformanceNames, differences, recordTable } from '../../lib/verify/conformance/observe.ts';

test('a summary counts what is as the standard asks, and names what is not, or not always', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'c1m-conformance-'));
  context.after(() => rmSync(folder, { recursive: true }));
  assert.equal(conformanceSummary(folder), null);
  const observed = {
    'wasteful-16-bit-length': ['close 1002'],
    'pings-1000': ['all pongs', 'end'],
    'rsv2-text': ['echo'],
    'no such case': ['echo'],
  };
  writeFileSync(join(folder, conformanceFile), tableText({ framework: 'x 1', observed }));
  const summary = conformanceSummary(folder);
  assert.equal(summary?.holds, conformanceNames.length - 2);
  assert.deepEqual(summary.differs, [
    { what: 'text with RSV2', section: 'RFC 6455, 5.2', asks: 'close 1002', observed: ['echo'] },
    { what: '1000 pings at once', section: 'RFC 6455, 5.5.3', asks: 'all pongs', observed: ['all pongs', 'end'] },
  ]);
});

test('the record of a run keeps the summary of each of its servers', () => {
  const node = knownServers().find(({ description }) => description.name === 'node');
  assert.ok(node);
  const run = {
    runId: 'r',
    folder: '/nowhere',
    request: { servers: ['node'], connections: 1, workload: [], tls: false, deflate: false },
    repeats: 1,
    servers: [{ description: node.description, outsideFolder: null }],
    schedule: [],
    beganUnixMillis: 1,
    gitCommit: null,
    calibration: null,
  };
  const backend = { where: 'local', region: null, oneMachine: true, lab: articleLab } as const;
  const kept = describeRun(backend, run, [], new Map(), null).servers?.[0]?.conformance;
  assert.deepEqual(kept, conformanceSummary(join(serversFolder, 'node')));
  assert.equal(kept?.framework, `ws ${node.description.framework.version}`);
});

test('a table keeps what is not always just as the standard asks, and shows what is otherwise later', async () => {
  const { description } = knownServers().find((server) => server.description.name === 'node') ?? assert.fail();
  const asAsked = Object.fromEntries(conformanceCases.map(({ name, asks }) => [name, asks]));
  const once = { ...asAsked, 'rsv2-text': 'echo', 'no-key': '400' };
  const observations = [once, { ...once, 'pings-1000': 'end' }, once, once];
  const table = await recordTable(
    { description, source: '', build: '' },
    { observe: async () => observations.pop() ?? {} },
  );
  assert.deepEqual(table.observed, { 'no-key': ['400'], 'rsv2-text': ['echo'], 'pings-1000': ['all pongs', 'end'] });
  assert.deepEqual(differences(table, { ...once, 'pings-1000': 'end' }), []);
  assert.deepEqual(
    differences({ ...table, observed: { ...table.observed, old: ['end'] } }, { ...once, crumbs: 'end' }),
    ['crumbs: end instead of echo', 'old: is kept, but there is no such case'],
  );
});
