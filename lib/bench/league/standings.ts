import { compareServers, type ComparedColumn } from '../../report/comparison.ts';
import { rankServers } from '../../report/rank-servers.ts';
import { summariseServer } from '../../results/merge/summarise-server.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import type { KeptCell } from './kept-cells.ts';

/** The figures that the league compares: one for each question, the rest is in the runs. */
const figures =
  /^(serverBytesPerConnection|serverCpuMicrosPerConnection)$|\.(p99Micros|serverCpuSecondsPerThousand|micros99)$/;

/** All servers of an edition under so many connections. */
export interface Standings {
  readonly connections: number;
  readonly cells: readonly KeptCell[];
  /** The runs as one: every repeat a measurement, servers by their memory a connection. */
  readonly result: RunResult;
  readonly columns: readonly ComparedColumn[];
}

/** An edition of the league with its standings, a size each. */
export interface ShownEdition {
  readonly edition: string;
  readonly standings: readonly Standings[];
}

/** The standings of an edition, a size each; sizes of which nothing is kept are left out. */
export function standingsOf(cells: readonly KeptCell[]): readonly Standings[] {
  const sizes = [...new Set(cells.map(({ connections }) => connections))].sort((a, b) => a - b);
  return sizes.flatMap((connections) => {
    const own = cells.filter((cell) => cell.connections === connections);
    const [first] = own;
    if (first === undefined) return [];
    const result = rankServers(asOneRun(first.result, own), 'memory');
    return [{ connections, cells: own, result, columns: leagueColumns(result) }];
  });
}

function leagueColumns(result: RunResult): readonly ComparedColumn[] {
  return compareServers(result).filter(({ column }) => figures.test(column.name));
}

/** Runs of one server each as one run of all of them, so that what compares the servers of a run compares these. */
function asOneRun(first: RunResult, cells: readonly KeptCell[]): RunResult {
  const measurements = cells.flatMap(({ repeat, server, result }) =>
    result.measurements.map((measurement) => ({ ...measurement, repeat, measurement: `${server}-${repeat}` })),
  );
  const servers = [...new Set(cells.map(({ server }) => server))];
  return {
    ...first,
    parameters: { ...first.parameters, servers, repeats: Math.max(...cells.map(({ repeat }) => repeat)) },
    servers: servers.map((server) =>
      summariseServer(
        server,
        measurements.filter((measurement) => measurement.server === server),
        first.parameters.workload,
      ),
    ),
    measurements,
    skipped: [],
    missing: [],
    complete: cells.every(({ result }) => result.complete),
  };
}
