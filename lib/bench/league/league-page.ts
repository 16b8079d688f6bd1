import { readFileSync } from 'node:fs';
import { formatPhase } from '../../../assets/loadgen/workload/parse-text.ts';
import { comparisonTable } from '../../report/page/comparison/comparison-table.ts';
import { html, trusted, type Html } from '../../report/page/html.ts';
import { readPageFiles } from '../../report/page/page-files.ts';
import { verdictBadge } from '../../report/page/verdict-badge.ts';
import { verdictOf } from '../../report/comparison.ts';
import { utcMinute, wholeNumber } from '../../text/units.ts';
import type { KeptCell } from './kept-cells.ts';
import { machineOfResult, threadsNote } from './league-markdown.ts';
import type { ShownEdition, Standings } from './standings.ts';

/**
 * The league as one HTML page that fetches nothing; the results of the runs lie beside it. Editions come in the order given.
 * `singleThreaded` are the titles of the servers that run on one thread.
 */
export function leaguePage(editions: readonly ShownEdition[], singleThreaded: readonly string[]): string {
  const files = readPageFiles();
  const filter = readFileSync(new URL('league.client.js', import.meta.url), 'utf8');
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>League of WebSocket servers · C1mLab</title>
        <style>
          ${trusted(files.style)}
        </style>
      </head>
      <body>
        <main>
          <div class="eyebrow">C1mLab</div>
          <h1>League of WebSocket servers</h1>
          <p class="lead">
            Every server under the same workload on the same machine, held to the same promises, judged by the same
            verdict. Click a heading to rank by it, and a figure for the runs that it comes from.
          </p>
          <div class="filters">
            <label>
              language
              <select id="language">
                <option value="">all</option>
                ${languagesOf(editions).map((language) => html`<option value="${language}">${language}</option>`)}
              </select>
            </label>
          </div>
          ${editions.map(editionSection)}
          <footer>
            ± is half the range over repeats; bold: the best, or indistinguishable from it because the ranges overlap. A
            figure without ± has one repeat: ignore small differences. × floor: how many times the figure of a server in
            C that does nothing else. A figure marked ~ is to be read with care; its run says why.
            ${threadsNote(singleThreaded)}
          </footer>
        </main>
        <script>
          ${trusted(files.comparison)};
          ${trusted(filter)};
        </script>
      </body>
    </html> `;
  return page.html;
}

function languagesOf(editions: readonly ShownEdition[]): readonly string[] {
  const languages = editions.flatMap(({ standings }) =>
    standings.flatMap(({ result }) => result.measurements.map(({ language }) => language ?? '')),
  );
  return [...new Set(languages)].filter((language) => language !== '').sort();
}

/** The newest edition stands open, earlier ones are folded beside it. */
function editionSection({ edition, standings }: ShownEdition, place: number): Html {
  const body = standings.map((size) => sizeSection(edition, size));
  return place === 0
    ? html`<h2>${edition}</h2>
        ${body}`
    : html`<details>
        <summary>${edition}</summary>
        ${body}
      </details>`;
}

function sizeSection(edition: string, { connections, result, columns, cells }: Standings): Html {
  const anchorOf = (server: string): string => `runs-${edition}-${connections}-${server}`;
  return html`<h3>${wholeNumber(connections)} connections</h3>
    <p class="soft">
      Workload <code>${result.parameters.workload.map(formatPhase).join(', ')}</code>. ${machineOfResult(result)}.
    </p>
    ${comparisonTable(result, { columns, linkOf: ({ server }) => `#${anchorOf(server)}` })}
    <details>
      <summary>Runs, with versions and verdicts</summary>
      ${result.servers.map(
        (server) =>
          html`<section id="${anchorOf(server.server)}">
            <h3>${server.title} ${verdictBadge(verdictOf(server, result).word)}</h3>
            <ul class="remarks">
              ${cells.filter((cell) => cell.server === server.server).map(runOf)}
            </ul>
          </section>`,
      )}
    </details>`;
}

function runOf({ repeat, file, result }: KeptCell): Html {
  const [measurement] = result.measurements;
  const versions = Object.entries(result.versions).map(([name, version]) => `${name} ${version}`);
  const commit = result.gitCommit?.replace(/^([0-9a-f]{12})[0-9a-f]+/, '$1') ?? '';
  const reasons = measurement?.verdict.reasons ?? ['nothing was measured'];
  return html`<li>
    <a href="${file}">Repeat ${repeat}</a>, ${utcMinute(result.beganUnixMillis)},
    ${[measurement?.framework ?? '', ...versions, commit].filter((part) => part !== '').join(', ')}.
    ${reasons.length === 0 ? 'Nothing to remark.' : `${reasons.join('. ')}.`}
  </li>`;
}
