import { phaseNames, type PhaseKindName } from '../../../assets/loadgen/workload/phase-kinds.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import { colourOf, seriesName } from '../page/charts/chart.ts';
import { broadcastReport } from './broadcast.ts';
import type { ReportRoom, ShownPhase } from './phase-report.ts';

/** The kinds of phases that have more to show than figures and the distribution of a latency. */
const rooms: Readonly<Partial<Record<PhaseKindName, object>>> = { broadcast: broadcastReport };

/** A kind's room, for phases of that kind only. */
export function reportRoom(kind: PhaseKindName): ReportRoom {
  return rooms[kind] ?? {};
}

/** Each phase of a run's workload with what every measurement has of it; phases that none has are left out. */
export function shownPhases(result: RunResult): readonly (ShownPhase & { readonly kind: PhaseKindName })[] {
  const { workload } = result.parameters;
  const names = phaseNames(workload);
  return workload
    .map(({ kind }, place) => ({
      kind,
      name: names[place] ?? kind,
      result,
      measured: result.measurements.flatMap((measurement) => {
        const phase = measurement.phases.find((candidate) => candidate.place === place);
        const colour = colourOf(result.servers.findIndex(({ server }) => server === measurement.server));
        return phase === undefined ? [] : [{ title: seriesName(measurement, result), colour, phase }];
      }),
    }))
    .filter(({ measured }) => measured.length > 0);
}
