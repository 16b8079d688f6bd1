import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { renderReport } from '../../lib/report/render-report.ts';
import { renderTable } from '../../lib/report/render-table.ts';
import { changed, readMerged } from '../results/read-merged.ts';
import { runFiles } from '../results/synthetic-run.ts';

/** The data that the page's script draws from. */
function chartData(
  page: string,
): readonly { readonly id: string; readonly series: readonly { readonly points: readonly unknown[] }[] }[] {
  const text = /<script type="application\/json" id="chart-data">\s*([\s\S]*?)\s*<\/script>/.exec(page)?.[1];
  assert.ok(text !== undefined, 'no chart data in the page');
  return JSON.parse(text) as ReturnType<typeof chartData>;
}

describe('the report', () => {
  test('fetches nothing: it has no address to fetch from, and a policy that forbids it', async () => {
    const page = renderReport(await readMerged(runFiles()));
    assert.doesNotMatch(page, /<(link|img|iframe|object|embed)\b|\bsrc\s*=|@import|url\(/i);
    assert.match(page, /Content-Security-Policy" content="default-src &#39;none&#39;;/);
  });

  test('has charts of connections, memory, latency and spread with a line a server, each with a table', async () => {
    const page = renderReport(await readMerged(runFiles({ servers: ['netty', 'node', 'go'] })));
    const charts = chartData(page);
    for (const id of ['chart-connections', 'chart-memory', 'chart-broadcast', 'chart-broadcast-spread']) {
      const chart = charts.find((candidate) => candidate.id === id);
      assert.equal(chart?.series.length, id === 'chart-memory' ? 6 : 3, id);
      assert.ok(page.includes(`id="${id}"`));
    }
    assert.equal(page.match(/Values as a table/g)?.length, charts.length);
    assert.match(page, /article 2015, netty/);
  });

  test('folds what a server does with odd input: what the standard does not ask for, and how many cases hold', async () => {
    const known = {
      framework: 'ws 8.23.0',
      holds: 81,
      differs: [{ what: '<b> pings', section: 'RFC 6455, 5.5.3', asks: 'all pongs', observed: ['end', 'some pongs'] }],
    };
    const files = changed(runFiles({ servers: ['node', 'go'] }), 'run.json', (record) => ({
      ...record,
      servers: (record['servers'] as { name: string }[]).map((server) =>
        server.name === 'node' ? { ...server, conformance: known } : server,
      ),
    }));
    const page = renderReport(await readMerged(files)).replaceAll(/\s+/g, ' ');
    assert.match(page, /: 1 of 82 cases are not as the standard asks, 81 are/);
    assert.match(page, /&lt;b&gt; pings<\/strong>: end or some pongs/);
    assert.match(page, /\(RFC 6455, 5\.5\.3: all pongs\)/);
    assert.equal(page.match(/cases are not as the standard asks/g)?.length, 1, 'a server without a table has no fold');
    assert.match(page, /docs\/conformance\.md/);
    assert.doesNotMatch(renderReport(await readMerged(runFiles())), /Odd and illegal input/);
  });

  test('says what servers were asked to do, and nothing of what they were not', async () => {
    const lead = async (workload: string, parameters: object = {}): Promise<string> => {
      const files = changed(runFiles({ servers: ['node'], workload }), 'run.json', (record) => ({
        ...record,
        parameters: { ...(record['parameters'] as object), ...parameters },
      }));
      const page = renderReport(await readMerged(files));
      return (/<p class="lead">([^]*?)<\/p>/.exec(page)?.[1] ?? '')
        .replaceAll(/<[^>]*>|\s+/g, ' ')
        .replaceAll(/ +/g, ' ');
    };
    const all = await lead('echo rate=1000/s for=1s, broadcast times=3', { repeats: 2 });
    assert.match(
      all,
      /asked to hold [\d ]+ connections, and then for the workload echo rate=1000\/s for=1s bytes=64, broad/,
    );
    assert.match(all, /times=3 every=10s bytes=24 , 2 times over\. $/);
    assert.match(await lead('none'), /asked to hold [\d ]+ connections\. $/);
    assert.match(await lead('none', { connections: 1 }), /hold 1 connection\. $/);
  });

  test('shows at a glance every server, with a hyphen where a figure is unknown', async () => {
    const measured = await readMerged(runFiles({ servers: ['netty', 'go'] }));
    const unknown = measured.servers.map((server, index) =>
      index === 0 ? { ...server, figures: { ...server.figures, serverBytesPerConnection: null } } : server,
    );
    const page = renderReport({ ...measured, servers: unknown }).replaceAll(/\s+/g, ' ');
    const card = /<h3>Server memory per connection<\/h3>.*?<\/section>/.exec(page)?.[0] ?? '';
    assert.match(card, /<dt>netty<\/dt> <dd class="track" aria-hidden="true"><\/dd> <dd>-<\/dd>/);
    assert.match(card, /<dt>go gorilla<\/dt>.*? kB<\/dd>/);
  });

  test('names the column that a note of trust is about', async () => {
    const measured = await readMerged(runFiles({ servers: ['netty'] }));
    const trust = ['memory.kernelHoldsBothEnds', 'echo.latency.p99Micros', 'other'].map((figure) => ({
      figure,
      note: 'so',
    }));
    const page = renderReport({ ...measured, measurements: measured.measurements.map((one) => ({ ...one, trust })) });
    for (const note of ['memory/conn kernel: so', 'echo p99: so', 'other: so'])
      assert.ok(page.includes(`<li>${note}</li>`));
  });

  test('lets nothing from a run become markup or script', async () => {
    const hostile = `</script><script>globalThis.broken=1</script><!-- <b onload="x">'`;
    const files = changed(
      changed(runFiles({ servers: ['node'] }), 'run.json', (record) => ({
        ...record,
        runId: hostile,
        gitCommit: hostile,
        servers: [{ name: 'node', title: hostile, language: hostile, framework: hostile }],
        skipped: [{ server: 'spray', reason: hostile }],
      })),
      'raw/node/server/server.json',
      (start) => ({ ...start, flags: hostile }),
    );
    const page = renderReport(await readMerged(files));
    assert.ok(!page.includes('<script>globalThis'));
    assert.ok(!page.includes('<b onload'));
    // The data's script, the library's, and ours: no more.
    assert.equal(page.match(/<script/g)?.length, 3);
    assert.equal(page.match(/<\/script/g)?.length, 3);
    assert.ok(JSON.stringify(chartData(page)).includes('globalThis.broken'));
  });

  test('stays small: series of a long run are thinned', async () => {
    const connections = runFiles({ servers: ['node'], connections: 4_000, connectRate: 2 });
    const page = renderReport(await readMerged(connections));
    for (const { series } of chartData(page)) for (const { points } of series) assert.ok(points.length <= 1_000);
    assert.ok(page.length < 250_000, `${page.length} characters`);
  });

  test('names up to five servers in its title, and of more says how many there are', async () => {
    const measured = await readMerged(runFiles({ servers: ['netty', 'go'] }));
    const title = (servers: typeof measured.servers): string =>
      /<h1>([^]*?)<\/h1>/.exec(renderReport({ ...measured, servers }))?.[1]?.trim() ?? '';
    assert.match(title(measured.servers), /^netty and go gorilla under/);
    assert.match(title([...measured.servers, ...measured.servers, ...measured.servers]), /^6 servers under/);
  });

  test('folds the promises that a server breaks, and names them in the table in one line', async () => {
    const measured = await readMerged(runFiles({ servers: ['netty', 'go'] }));
    const deviations = [{ case: 'pings-unread', why: 'It reads on.' }];
    const result = {
      ...measured,
      measurements: measured.measurements.map((one) =>
        one.server === 'go' ? { ...one, knownDeviations: deviations } : one,
      ),
    };
    const page = renderReport(result);
    assert.match(page, /<summary>1 promise that this server is known to break<\/summary>/);
    assert.match(page, /<li>pings-unread: It reads on\.<\/li>/);
    assert.equal(renderReport(measured).includes('known to break'), false);
    assert.match(renderTable(result), /go gorilla: known deviations \(the report says why\): pings-unread$/m);
  });

  test('draws in a browser whose language Intl does not know', async () => {
    const page = renderReport(await readMerged(runFiles()));
    const library = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].find(([, text]) =>
      text?.includes('uPlot'),
    )?.[1];
    const noop = (): void => undefined;
    const target = { addEventListener: noop, dispatchEvent: noop };
    const window = {
      ...target,
      matchMedia: () => target,
      devicePixelRatio: 1,
      CustomEvent,
      navigator: { language: 'en-US@posix' },
    };
    const globals = { ...window, window, document: target };
    assert.equal(runInNewContext(`${library ?? ''}; typeof uPlot`, globals), 'function');
  });

  test('of a run that measured nothing says so', async () => {
    const files = runFiles({ servers: ['node'] });
    const page = renderReport(await readMerged({ 'run.json': files['run.json'] ?? '' }));
    assert.match(page, /No server was measured/);
    assert.match(page, /node was not measured/);
  });
});

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => {
  try {
    execFileSync('which', [name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** The page as the browser has it after a script of the test ran in it; errors of any script stand in its `errors`. */
async function domIn(folder: string, page: string, script: string): Promise<string> {
  const watched = page
    .replace(
      '<main>',
      `<main><p id="errors"></p><script>addEventListener('error', (event) => { document.getElementById('errors').textContent += event.message; });</script>`,
    )
    .replace('</body>', `<script>${script}</script></body>`);
  const file = join(folder, 'report.html');
  await writeFile(file, watched);
  const { stdout } = await promisify(execFile)(
    browser ?? '',
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND',
      `--user-data-dir=${join(folder, 'profile')}`,
      '--virtual-time-budget=4000',
      '--dump-dom',
      `file://${file}`,
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}

const inBrowser = { skip: browser === undefined ? 'no Chromium on this machine' : false, timeout: 120_000 };

test('every chart is drawn in a browser, without an error', inBrowser, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'c1m-report-'));
  try {
    const page = renderReport(await readMerged(runFiles({ servers: ['netty', 'node'] })));
    const stdout = await domIn(folder, page, '');
    assert.match(stdout, /<p id="errors"><\/p>/);
    assert.equal(stdout.match(/<canvas/g)?.length, chartData(page).length);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

test('a header of the comparison orders the rows by its column, and the other way round', inBrowser, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'c1m-report-'));
  try {
    const page = renderReport(await readMerged(runFiles({ servers: ['undertow', 'netty', 'go'] })));
    const order = async (clicks: number): Promise<readonly (string | undefined)[]> => {
      const click = `[...document.querySelectorAll('table.sortable th button')].find((one) => one.textContent.includes('server kB')).click();`;
      const dom = await domIn(folder, page, click.repeat(clicks));
      assert.match(dom, /<p id="errors"><\/p>/);
      const table = dom.slice(dom.indexOf('<table class="comparison sortable">'));
      return [...table.slice(0, table.indexOf('</table>')).matchAll(/<\/span>(netty|undertow|go gorilla)/g)].map(
        ([, name]) => name,
      );
    };
    assert.deepEqual(await order(0), ['undertow', 'netty', 'go gorilla']);
    assert.deepEqual(await order(1), ['netty', 'undertow', 'go gorilla']);
    assert.deepEqual(await order(2), ['go gorilla', 'undertow', 'netty']);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
