import type { HostStatus } from '../progress.ts';

/** What ended hosts' parts of the workload before their time, in sentences that name the host. */
export function whyDropped(statuses: readonly HostStatus[]): readonly string[] {
  const someDrive = statuses.some(({ load }) => load?.phase === 'driving');
  return statuses.flatMap(({ host, load, driveFailed }) => {
    if (load?.driveFailure !== undefined) return `${host}: ${load.driveFailure}`;
    // Where none drives the step ends by itself, with what the command has said.
    if (driveFailed === null || !someDrive) return [];
    return `${host}: the command that drives the workload ended with exit code ${driveFailed}`;
  });
}
