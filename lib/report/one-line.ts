import type { RunResult } from '../results/schema/run-result.ts';
import { compareServers, verdictOf, type ComparedColumn } from './comparison.ts';
import { wholeNumber } from '../text/units.ts';

/**
 * The first server of a result in one line: its verdict, its connections, and of memory, processor time and each phase the figure that is
 * looked at first. All others stand in the table.
 */
export function oneLineOf(result: RunResult): string {
  const [server] = result.servers;
  if (server === undefined) return 'not measured';
  const peak = server.figures['peakConnections']?.median ?? 0;
  const told = compareServers(result).flatMap(figure);
  return [verdictOf(server, result).word, `${wholeNumber(peak)} connections`, ...told].join(', ');
}

function figure({ column, unit, cells: [cell] }: ComparedColumn): readonly string[] {
  if (cell === undefined || cell.text === '-') return [];
  const value = `${cell.suspect ? '~' : ''}${cell.text} ${unit.name}`;
  if (column.name === 'serverBytesPerConnection') return [`${value} each`];
  if (column.name === 'serverCpuMicrosPerConnection') return [`${value} of CPU each`];
  if (column.name.endsWith('.micros99')) return [`${column.group}: 99 % back after ${value}`];
  return column.name.endsWith('.p99Micros') ? [`${column.group} p99 ${value}`] : [];
}
