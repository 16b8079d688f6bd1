import { phasesOfKind } from '../../../assets/loadgen/workload/phase-kinds.ts';
import { echoCounts, delayedEchoes, stalledEchoes } from './compare-echoes.ts';
import { broadcastCounts, delayedBroadcasts } from './compare-broadcasts.ts';
import { churn } from './compare-churn.ts';
import { heartbeats } from './compare-heartbeats.ts';
import { idle } from './compare-idle.ts';
import { restart } from './compare-restart.ts';
import { storm } from './compare-storm.ts';
import { compare, type Comparison } from './comparison.ts';
import { exactly, type MeasuredCase, type Parts, type Row } from './measured-case.ts';

/** Every figure of a case that its behaviour says something about. */
export function compareCase(one: MeasuredCase): readonly Comparison[] {
  const { calibrationCase, truth, restarted } = one;
  const row: Row = (claim) => compare({ case: calibrationCase.name, ...claim });
  const noAccount = row({
    behaviour: 'its own account',
    quantity: 'lines',
    unit: 'count',
    claimed: null,
    measured: null,
  });
  if (truth === null) return [noAccount];
  const parts = { ...one, truth };
  const { behaviour } = calibrationCase;
  return [
    ...connections(parts, row),
    ...((behaviour.bytesPerMember ?? 0) > 0 ? memory(parts, row) : []),
    ...echoCounts(parts, row),
    ...((behaviour.stallMicros ?? 0) > 0 ? stalledEchoes(parts, row) : delayedEchoes(parts, row)),
    ...broadcastCounts(parts, row),
    ...((behaviour.broadcastSpreadMicros ?? 0) > 0 ? delayedBroadcasts(parts, row) : []),
    ...storm(parts, row),
    ...idle(parts, row),
    ...heartbeats(parts, row),
    ...churn(parts, row),
    // One that writes to memory for everybody who comes back at once may take longer than clients wait: no behaviour that it was told.
    ...((behaviour.bytesPerMember ?? 0) > 0 ? [] : phasesOfKind(one.workload.workload, 'restart')).flatMap(() =>
      restarted === null ? [noAccount] : restart(parts, restarted, row),
    ),
  ];
}

function connections({ truth, measured, calibrationCase: { behaviour }, workload }: Parts, row: Row): Comparison[] {
  const { connections: found } = measured;
  const failures = (cause: string): number => found.connectFailures[cause] ?? 0;
  const lost = (cause: string): number => found.lost[cause] ?? 0;
  const exact = exactly(row);
  const rows = [exact('members', 'connections established', truth.members, found.established, workload.connections)];
  if ((behaviour.silent ?? 0) === 0) return rows;
  const third = (behaviour.loseMembers ?? 0) / 3;
  return [
    ...rows,
    exact(
      'never answered',
      'attempts with handshakeTimeout',
      truth.silent,
      failures('handshakeTimeout'),
      behaviour.silent,
    ),
    exact('answered 503', 'attempts with http503', truth.rejected, failures('http503'), behaviour.reject),
    exact('reset', 'attempts with ECONNRESET', truth.reset, failures('ECONNRESET'), behaviour.reset),
    exact('nothing listens', 'attempts with ECONNREFUSED', truth.refused, failures('ECONNREFUSED')),
    exact(
      'all of these',
      'attempts',
      truth.members + truth.silent + truth.rejected + truth.reset + truth.refused,
      found.attempts,
    ),
    exact('all of these', 'connections given up', 0, found.abandoned, 0),
    exact('members reset', 'lost with ECONNRESET', truth.membersReset, lost('ECONNRESET'), third),
    exact('members sent a close frame', 'lost with closeFrame', truth.membersClosed, lost('closeFrame'), third),
    exact('members ended', 'lost with closedByServer', truth.membersEnded, lost('closedByServer'), third),
  ];
}

function memory({ truth, measured, calibrationCase: { behaviour } }: Parts, row: Row): Comparison[] {
  const slope = measured.memory.server;
  return [
    row({
      behaviour: 'memory written to',
      quantity: "server's bytes a connection",
      unit: 'bytes',
      nominal: behaviour.bytesPerMember ?? null,
      claimed: truth.members === 0 ? null : truth.touchedBytes / truth.members,
      measured: slope?.bytesPerConnection ?? null,
      noise: slope === null ? 0 : slope.highBytesPerConnection - slope.bytesPerConnection,
    }),
  ];
}
