import { formatPhase } from '../../assets/loadgen/workload/parse-text.ts';
import type { RunResult } from '../results/schema/run-result.ts';
import { atAGlance } from './page/at-a-glance.ts';
import { comparisonTable } from './page/comparison/comparison-table.ts';
import { chartsSection } from './page/charts/charts-section.ts';
import { conformance } from './page/conformance.ts';
import { html, trusted, type Html } from './page/html.ts';
import { environment, method, references } from './page/method.ts';
import { readPageFiles, type PageFiles } from './page/page-files.ts';
import { measurementsTable, remarks } from './page/tables.ts';
import { reportRoom, shownPhases } from './phases/rooms.ts';
import { unknownFromOutside } from './comparison.ts';
import { counted, unbroken, utcMinute } from '../text/units.ts';

/** The most missing things that are listed. */
const missingShown = 12;

/** The most servers that the title names; of more it says how many. */
const namedInTitle = 5;

/** The least and the most of what is inlined comes from the page's own files, so nothing may be fetched. */
const contentPolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * A run's result as one HTML page that carries everything inside itself and fetches nothing. Pure but for `files`, which are read from this
 * package unless they are given.
 */
export function renderReport(result: RunResult, files: PageFiles = readPageFiles()): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${contentPolicy}" />
        <meta name="color-scheme" content="light dark" />
        <title>${headline(result)} · C1mLab</title>
        <style>
          ${trusted(files.chartLibraryStyle)}${trusted(files.style)}
        </style>
      </head>
      <body>
        <main>
          ${heading(result)} ${atAGlance(result)}
          ${
            result.servers.length === 0
              ? html`<p class="banner">No server was measured.</p>`
              : html`<h2>Comparison</h2>
                  ${comparisonTable(result)}${comparisonNote(result)}`
          }
          ${remarks(result)} ${chartsSection(result)}
          ${
            result.measurements.length === 0
              ? ''
              : html`<h2>Every measurement</h2>
                  ${measurementsTable(result)}`
          }
          ${shownPhases(result).map((shown) => reportRoom(shown.kind).details?.(shown) ?? '')} ${conformance(result)}
          ${method(result)} ${environment(result)} ${references(result)}
          <footer>
            Run ${result.runId}. Made by C1mLab from the run's raw files, which lie beside this page with result.json.
          </footer>
        </main>
        <script>
          // uPlot asks for the reader's language and fails at one that Intl does not know, as browsers report with LANG=C.
          var uPlot = ((navigator) => {
            ${trusted(files.chartLibrary)};
            return uPlot;
          })({ language: 'en' });
        </script>
        <script>
          if (document.getElementById('chart-data')) {
            ${trusted(files.charts)};
          }
          ${trusted(files.comparison)};
        </script>
      </body>
    </html> `;
  return page.html;
}

function headline({ servers, parameters }: RunResult): string {
  const names = servers.map(({ title }) => title);
  // A number on the line before its noun reads as part of the name; a narrow screen has no room for more than that.
  const connections = counted(parameters.connections, 'WebSocket connection').replace(/ (?=\d|W)/g, '\u00a0');
  if (names.length > namedInTitle) return `${names.length} servers under ${connections}`;
  const listed =
    names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}` : (names[0] ?? 'No server');
  return `${listed} under ${connections}`;
}

const places = { aws: 'EC2', local: 'one machine', url: 'a server at a URL, loaded from one machine' } as const;

function heading(result: RunResult): Html {
  const { parameters, complete, missing, hosts } = result;
  const reached = result.measurements.filter(
    ({ verdict }) => verdict.reached && verdict.valid && verdict.complete,
  ).length;
  const [machine] = hosts;
  const elsewhere = machine === undefined ? '' : `, ${machine.cpus} x ${machine.cpuModel}`;
  return html`<header>
    <div class="eyebrow">C1mLab · ${utcMinute(result.beganUnixMillis)} · ${places[result.where]}${elsewhere}</div>
    <h1>${headline(result)}</h1>
    <p class="lead">
      ${reached} of ${counted(result.measurements.length, 'measurement')} ${reached === 1 ? 'is' : 'are'} valid,
      complete and reached ${reached === 1 ? 'its' : 'their'} target. Each server was asked ${asked(parameters)}.
    </p>
    ${
      complete
        ? ''
        : html`<div class="banner" role="note">
            <strong>This run is incomplete.</strong> What was measured is shown; what is missing:
            <ul>
              ${(missing.length === 0 ? ['see the verdicts below'] : missing.slice(0, missingShown)).map((what) => html`<li>${what}</li>`)}
              ${missing.length > missingShown ? html`<li>${missing.length - missingShown} more in result.json</li>` : ''}
            </ul>
          </div>`
    }
  </header>`;
}

/** What every server was asked: to hold so many connections, and what happened on them. */
function asked({ connections, workload, repeats }: RunResult['parameters']): Html {
  const phases =
    workload.length === 0 ? '' : html`, and then for the workload <code>${workload.map(formatPhase).join(', ')}</code>`;
  return html`to hold
  ${unbroken(counted(connections, 'connection'))}${phases}${repeats > 1 ? `, ${repeats} times over` : ''}`;
}

const hasBroadcasts = ({ parameters: { workload } }: RunResult): boolean =>
  workload.some(({ kind }) => kind === 'broadcast');

function comparisonNote(result: RunResult): Html {
  return html`<p class="soft" style="margin-top:10px">
    ${
      result.target === null
        ? html`Memory is the slope over the ramp (- or no column: indistinguishable from zero, or too short a ramp);
          kernel memory is the
          machine's${result.hostsShareOneMachine ? ', with both ends of each connection on it' : ''}.`
        : html`${unknownFromOutside}.`
    }
    ${hasBroadcasts(result) ? 'Spread: last arrival minus first on one host, median over broadcasts.' : ''}
    ${
      result.parameters.repeats > 1
        ? '± is half the range over repeats; bold: the best, or indistinguishable from it because the ranges overlap.'
        : 'Single run: ignore small differences (use --repeats).'
    }
  </p>`;
}
