import { downsample } from '../../../results/statistics/downsample.ts';
import type { RunResult } from '../../../results/schema/run-result.ts';
import { threeDigits } from '../../../text/units.ts';
import { colourOf, type Chart } from './chart.ts';
import { chartsOf } from './charts.ts';
import { html, jsonForScript, type Html } from '../html.ts';
import { pointsTable } from '../tables.ts';

/** Rows of a chart's table for each of its lines. */
const tableRows = 12;

/** The charts with captions, a line that reads values out, and a table for each; the page's script draws into them. */
export function chartsSection(result: RunResult): Html {
  const charts = chartsOf(result);
  if (charts.length === 0) return html``;
  const legend = result.servers.map(
    ({ title }, index) =>
      html`<li><span class="key" style="background:var(--s${colourOf(index)})"></span>${title}</li>`,
  );
  return html`<h2>Charts</h2>
    <ul class="legend" aria-label="Colours of the servers">
      ${legend}
    </ul>
    <noscript><p class="banner">The charts need JavaScript; the tables below each of them do not.</p></noscript>
    <div class="grid charts">${charts.map(figure)}</div>
    <script type="application/json" id="chart-data">
      ${jsonForScript(charts)}
    </script>`;
}

function figure(chart: Chart): Html {
  const hint = 'Point to read values, drag to zoom.';
  const lines = chart.series
    .filter(({ style }) => style !== 'fit')
    .map(({ name, points }) => ({
      name,
      points: downsample(points, tableRows).map(([x, y]) => [showX(chart, x), y] as const),
    }));
  return html`<figure class="card">
    <h3 id="${chart.id}-title">${chart.title}</h3>
    <figcaption>${chart.caption}${chart.logarithmic ? ' The scale is logarithmic.' : ''}</figcaption>
    <div class="plot" id="${chart.id}" role="img" aria-labelledby="${chart.id}-title"></div>
    <div class="soft" id="${chart.id}-readout" data-hint="${hint}">${hint}</div>
    <details>
      <summary>Values as a table</summary>
      ${pointsTable([chart.xLabel, chart.yLabel], lines)}
    </details>
  </figure>`;
}

function showX({ percentiles }: Chart, x: number): string {
  return percentiles ? `${Number((100 - 100 / 10 ** x).toPrecision(6))} %` : threeDigits(x);
}
