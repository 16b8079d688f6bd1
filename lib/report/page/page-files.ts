import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What a report page is made of beside the data. */
export interface PageFiles {
  /** uPlot's script and style sheet, as its package has them. */
  readonly chartLibrary: string;
  readonly chartLibraryStyle: string;
  /** Our own scripts and style sheets. */
  readonly charts: string;
  readonly comparison: string;
  readonly style: string;
}

/** Reads the files that a report carries inside itself; the only reading from disk in lib/report. */
export function readPageFiles(): PageFiles {
  const require = createRequire(import.meta.url);
  const own = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
  return {
    chartLibrary: readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8'),
    chartLibraryStyle: readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'),
    charts: own('charts/charts.client.js'),
    comparison: own('comparison/comparison.client.js'),
    style: ['report.css', 'charts/charts.css', 'comparison/comparison.css'].map(own).join(''),
  };
}
