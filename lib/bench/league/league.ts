import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseNames, parsePositiveCount } from '../../cli/flags/parse.ts';
import { chooseServers, knownServers } from '../../cli/servers/server-folders.ts';
import { runDifferences } from '../../compare/run-differences.ts';
import { exitCodes, LabError } from '../../config/lab-error.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import { scheduleMeasurements } from '../../run/schedule.ts';
import { flagValue, runBenchmarkCommand, type Flags } from '../command-line.ts';
import { labRun } from '../lab-command.ts';
import { editionsIn, isKept, keepCell, parseEdition, readEdition, type LeagueCell } from './kept-cells.ts';
import { leagueMarkdown } from './league-markdown.ts';
import { leaguePage } from './league-page.ts';
import { standingsOf } from './standings.ts';

const kept = join(import.meta.dirname, '../../../docs/league');
const runs = join(import.meta.dirname, '../../../results/league');

const usage = `Measures every server under the same workload, one at a time in random order, and makes one page and one table of all that
was measured. What is kept already is not measured again, so it can be ended at any time and started again another day.

usage: npm run bench:league -- [flags]
  --edition NAME     year and month, and a word if there are several (default: this month), such as 2026-11-arm
  --servers LIST     names, languages or all (default: all)
  --sizes LIST       connections, such as 10k,100k (the default)
  --repeats N        of each server and size (default: 3)
  --workload W       preset, file or text (default: push)
  --out DIR          where results and pages are kept (default: docs/league)
  --no-measure       only make the pages again
exit codes: 0, 4 where a cell is still missing, 130 interrupted`;
const options = {
  edition: { type: 'string', default: new Date().toISOString().slice(0, 7) },
  servers: { type: 'string', default: 'all' },
  sizes: { type: 'string', default: '10k,100k' },
  repeats: { type: 'string', default: '3' },
  workload: { type: 'string', default: 'push' },
  out: { type: 'string', default: kept },
  measure: { type: 'boolean', default: true },
} as const;

/** Measures what is missing of an edition, and makes the pages of all editions. */
async function main(flags: Flags<typeof options>): Promise<number> {
  const edition = flagValue('edition', flags.edition, parseEdition);
  const sizes = flagValue('sizes', flags.sizes, (text) => parseNames(text).map(parsePositiveCount));
  const repeats = flagValue('repeats', flags.repeats, parsePositiveCount);
  const items = flagValue('servers', flags.servers, parseNames);
  const servers = chooseServers(knownServers(), items, process.cwd()).map(({ description }) => description.name);
  // Round after round of all sizes: a league that is ended early has every server once before it has any twice.
  const cells = sizes
    .flatMap((connections) =>
      scheduleMeasurements(servers, repeats, 'random', Math.random).map(({ server, repeat }): LeagueCell => ({
        server,
        connections,
        repeat,
      })),
    )
    .sort((a, b) => a.repeat - b.repeat);
  const missing = cells.filter((cell) => !isKept(flags.out, edition, cell));
  if (!flags.measure) {
    writePages(flags.out);
    return exitCodes.ok;
  }
  let failed = 0;
  for (const [place, cell] of missing.entries()) {
    process.stderr.write(
      `\nleague ${edition}: ${cell.server} under ${cell.connections} connections, repeat ${cell.repeat} (${place + 1} of ${missing.length} that are missing)\n`,
    );
    const why = await measure(cell, edition, flags.workload, flags.out);
    writePages(flags.out);
    if (why === null) continue;
    failed += 1;
    process.stderr.write(`league ${edition}: ${cell.server} is not kept: ${why}\n`);
  }
  process.stdout.write(
    `league ${edition}: ${missing.length - failed} measured, ${cells.length - missing.length} were kept before, ${failed} missing\n${join(flags.out, 'index.html')}\n`,
  );
  return failed === 0 ? exitCodes.ok : exitCodes.runFailed;
}

/** Measures a cell and keeps its result; else says why there is none to keep. Throws where the machine is another than the edition's. */
async function measure(cell: LeagueCell, edition: string, workload: string, out: string): Promise<string | null> {
  const { server, connections } = cell;
  const words = ['--servers', server, '--connections', String(connections), '--workload', workload];
  let folder: string;
  try {
    ({ folder } = await labRun(words, runs));
  } catch (error) {
    if (!(error instanceof LabError) || error.code === 'interrupted') throw error;
    return error.message;
  }
  const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as RunResult;
  const [skipped] = result.skipped;
  if (skipped !== undefined) return skipped.reason;
  const [measurement] = result.measurements;
  if (measurement === undefined || !measurement.verdict.complete) return `its run is not complete, see ${folder}`;
  const alike = editionsIn(out).includes(edition)
    ? readEdition(out, edition).find((other) => other.connections === connections)
    : undefined;
  const differences = alike === undefined ? [] : runDifferences(alike.result, result);
  if (differences.length > 0) {
    throw new LabError(
      'usage',
      `edition ${edition} was measured differently: ${differences.join('; ')}`,
      'give this machine and workload an edition of their own, such as --edition 2026-11-arm',
    );
  }
  keepCell(out, edition, cell, result);
  // The result and the page carry what is compared; raw files of a hundred runs would fill the disk.
  rmSync(folder, { recursive: true });
  return null;
}

function writePages(out: string): void {
  mkdirSync(out, { recursive: true });
  const editions = editionsIn(out).map((edition) => ({ edition, standings: standingsOf(readEdition(out, edition)) }));
  const singleThreaded = knownServers().flatMap(({ description: { title, singleThreaded: is } }) =>
    is ? [title] : [],
  );
  writeFileSync(join(out, 'index.html'), leaguePage(editions, singleThreaded));
  writeFileSync(join(out, 'README.md'), leagueMarkdown(editions, singleThreaded));
}

await runBenchmarkCommand(usage, options, main);
