import type { GroundTruth } from '../../../assets/calibration/ground-truth/ground-truth.ts';
import type { Comparison } from './comparison.ts';
import { exactly, phaseIn, type Parts, type Row } from './measured-case.ts';

/** Who lost the connection when the server was killed, and who came back to the one that was started then. */
export function restart({ truth, measured }: Parts, restarted: GroundTruth, row: Row): Comparison[] {
  const found = phaseIn(measured, 'restart');
  const { members, silent, rejected, membersReset, membersClosed, membersEnded, afterCut } = restarted;
  const exact = exactly(row);
  return [
    exact(
      'restart',
      'connections lost by the restart',
      truth.open + membersReset + membersClosed + membersEnded,
      found.lostConnections,
    ),
    exact('restart', 'clients back after it', members + afterCut.returned, found.back),
    exact('restart', 'attempts with handshakeTimeout', silent, found.failures['handshakeTimeout'] ?? 0),
    exact('restart', 'attempts with http503', rejected + afterCut.rejected, found.failures['http503'] ?? 0),
  ];
}
