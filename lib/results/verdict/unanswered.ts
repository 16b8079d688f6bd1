import type { MeasurementResult } from '../schema/measurement-result.ts';

type Figures = Pick<MeasurementResult, 'connections' | 'ramp' | 'broadcasts' | 'broadcastLatency' | 'echo'>;

/**
 * What figures lack that a verdict needs: answers and echoes that never came, histograms that hold nothing of what was counted, more
 * connections than there can be. As sentences; empty when nothing is lacking.
 */
export function findUnanswered(result: Figures, undecodable: number): readonly string[] {
  const { connections, ramp, broadcasts, broadcastLatency, echo } = result;
  const lacking: string[] = [];
  const unanswered = echo.sent - echo.received;
  if (unanswered > 0) {
    lacking.push(`${unanswered} of ${echo.sent} echoes never came back`);
  }
  const silent = broadcasts.filter(({ server }) => server !== null && server.unanswered > 0).length;
  if (silent > 0) {
    lacking.push(`the server did not answer the publisher of ${silent} of ${broadcasts.length} broadcasts`);
  }
  if (undecodable > 0) lacking.push(`${undecodable} histograms could not be decoded`);
  const arrived = broadcasts.some(({ publishedBy, received }) => publishedBy !== null && received > 0);
  for (const [what, latency, events] of [
    ['connections', ramp.connectLatency, connections.established > 0],
    ['echoes', echo.roundTrip, echo.received > 0],
    ['broadcasts', broadcastLatency, arrived],
  ] as const) {
    if (events && latency === null) lacking.push(`there are ${what}, and no latency of them was kept`);
  }
  if (connections.peak > connections.wanted) {
    const { peak, wanted } = connections;
    lacking.push(`${peak} connections were open where ${wanted} were wanted: something counts twice`);
  }
  return lacking;
}
