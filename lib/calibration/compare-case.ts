import type { ReferenceDid } from '../../assets/calibration/did.ts';
import type { Latency } from '../results/schema/latency.ts';
import type { MeasurementResult } from '../results/schema/measurement-result.ts';
import type { CalibrationCase, CalibrationWorkload } from './cases.ts';
import { compare, meanOf, percentileOf, type Claim, type Comparison } from './comparison.ts';

/** A case that was measured: what was declared, what the server says it did, and what the lab found. */
export interface MeasuredCase {
  readonly calibrationCase: CalibrationCase;
  readonly workload: CalibrationWorkload;
  /** Null when the server left no account. */
  readonly did: ReferenceDid | null;
  readonly measured: MeasurementResult;
}

type Row = (claim: Omit<Claim, 'case'>) => Comparison;
type Percentile = 'p50' | 'p90' | 'p99';

const percents: Readonly<Record<Percentile, number>> = { p50: 50, p90: 90, p99: 99 };
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Every figure of a case that its behaviour says something about. */
export function compareCase(one: MeasuredCase): readonly Comparison[] {
  const { calibrationCase, measured, did } = one;
  const row: Row = (claim) => compare({ case: calibrationCase.name, ...claim });
  if (did === null) {
    return [row({ behaviour: 'its own account', quantity: 'lines', unit: 'count', claimed: null, measured: null })];
  }
  const parts = { ...one, did };
  const { behaviour } = calibrationCase;
  return [
    ...connections(parts, row),
    ...((behaviour.bytesPerMember ?? 0) > 0 ? memory(parts, row) : []),
    ...echoCounts(parts, row),
    ...((behaviour.stallMicros ?? 0) > 0 ? stalledEchoes(parts, row) : delayedEchoes(parts, row)),
    ...broadcastCounts(parts, row),
    ...((behaviour.broadcastSpreadMicros ?? 0) > 0 ? delayedBroadcasts(parts, row) : []),
  ];
}

/** What is known to have kept server and generator from their work during a measurement, as sentences. */
export function spoiltBy({ verdict }: MeasurementResult): readonly string[] {
  return verdict.walls
    .filter(({ effect, wall }) => effect === 'invalidates' || wall === 'machineCpu')
    .map(({ evidence }) => evidence);
}

interface Parts extends MeasuredCase {
  readonly did: ReferenceDid;
}

/**
 * What scheduling is known to have added to times at a percentile: how late server and generator were with what they had timed, and the
 * generator's turns. Where the verdict says that the machine kept them from their work, the greatest of these.
 */
function noiseAt({ did, measured }: Parts, percent: number): number {
  const { turn, lateness, maxLatenessWhileDrivingMicros, maxTurnWhileDrivingMicros } = measured.generator;
  if (spoiltBy(measured).length > 0) {
    const server = did.lateMicros.reduce((most, late) => Math.max(most, late), 0);
    return (maxLatenessWhileDrivingMicros ?? 0) + (maxTurnWhileDrivingMicros ?? 0) + server;
  }
  const own = (latency: Latency | null): number =>
    latency === null ? 0 : percent >= 99 ? latency.p99Micros : percent >= 90 ? latency.p90Micros : latency.p50Micros;
  return own(turn) + own(lateness) + (percentileOf(did.lateMicros, percent) ?? 0);
}

function connections({ did, measured, calibrationCase: { behaviour }, workload }: Parts, row: Row): Comparison[] {
  const { connections: found } = measured;
  const failures = (cause: string): number => found.connectFailures[cause] ?? 0;
  const lost = (cause: string): number => found.lost[cause] ?? 0;
  const exact = (about: string, quantity: string, claimed: number, got: number, nominal: number | null = null) =>
    row({ behaviour: about, quantity, unit: 'count', nominal, claimed, measured: got });
  const rows = [exact('members', 'connections established', did.members, found.established, workload.connections)];
  if ((behaviour.silent ?? 0) === 0) return rows;
  const third = (behaviour.loseMembers ?? 0) / 3;
  return [
    ...rows,
    exact(
      'never answered',
      'attempts with handshakeTimeout',
      did.silent,
      failures('handshakeTimeout'),
      behaviour.silent,
    ),
    exact('answered 503', 'attempts with badHandshake', did.rejected, failures('badHandshake'), behaviour.reject),
    exact('reset', 'attempts with ECONNRESET', did.reset, failures('ECONNRESET'), behaviour.reset),
    exact('nothing listens', 'attempts with ECONNREFUSED', did.refused, failures('ECONNREFUSED')),
    exact(
      'all of these',
      'attempts',
      did.members + did.silent + did.rejected + did.reset + did.refused,
      found.attempts,
    ),
    exact('all of these', 'connections given up', 0, found.abandoned, 0),
    exact('members reset', 'lost with ECONNRESET', did.membersReset, lost('ECONNRESET'), third),
    exact('members sent a close frame', 'lost with closeFrame', did.membersClosed, lost('closeFrame'), third),
    exact('members ended', 'lost with closedByServer', did.membersEnded, lost('closedByServer'), third),
  ];
}

function memory({ did, measured, calibrationCase: { behaviour } }: Parts, row: Row): Comparison[] {
  const slope = measured.memory.server;
  return [
    row({
      behaviour: 'memory written to',
      quantity: "server's bytes a connection",
      unit: 'bytes',
      nominal: behaviour.bytesPerMember ?? null,
      claimed: did.members === 0 ? null : did.touchedBytes / did.members,
      measured: slope?.bytesPerConnection ?? null,
      noise: slope === null ? 0 : slope.highBytesPerConnection - slope.bytesPerConnection,
    }),
  ];
}

function echoCounts(
  { did, measured: { echo }, calibrationCase: { behaviour }, workload }: Parts,
  row: Row,
): Comparison[] {
  const due = Math.round(workload.echoRate * workload.echoSeconds);
  const dropping = (behaviour.dropOneIn ?? 0) > 0;
  const dropped = dropping ? Math.floor(due / (behaviour.dropOneIn ?? 1)) : 0;
  const about = dropping ? 'echoes dropped' : 'echoes';
  return [
    row({
      behaviour: 'echoes',
      quantity: 'messages sent',
      unit: 'count',
      nominal: due,
      claimed: did.echoesReceived,
      measured: echo.sent,
    }),
    row({
      behaviour: about,
      quantity: 'messages without an answer',
      unit: 'count',
      nominal: dropped,
      claimed: did.echoesDropped,
      measured: echo.sent - echo.received,
    }),
    row({
      behaviour: 'echoes unchanged',
      quantity: 'wrong answers',
      unit: 'count',
      nominal: 0,
      claimed: 0,
      measured: echo.wrong,
    }),
  ];
}

function at(latency: Latency | null, percentile: Percentile): number | null {
  return latency === null ? null : latency[`${percentile}Micros`];
}

function delayedEchoes(parts: Parts, row: Row): Comparison[] {
  const { did, measured, calibrationCase } = parts;
  const { echoDelayMicros = 0, slowOneIn = 0, slowDelayMicros = 0 } = calibrationCase.behaviour;
  const { roundTrip } = measured.echo;
  const about = slowOneIn > 0 ? `1 echo in ${slowOneIn} is slow` : 'echoes delayed alike';
  const slowest = slowOneIn > 0 ? slowDelayMicros : echoDelayMicros;
  // The dropped ones are neither slow nor fast, so the share of slow ones follows from what was done alone.
  return [
    ...(['p50', 'p99'] as const).map((percentile) =>
      row({
        behaviour: about,
        quantity: `echo round trip, ${percentile}`,
        unit: 'micros',
        nominal: percentile === 'p50' ? echoDelayMicros : slowest,
        claimed: percentileOf(did.echoDelaysMicros, percents[percentile]),
        measured: at(roundTrip, percentile),
        noise: noiseAt(parts, percents[percentile]),
      }),
    ),
    row({
      behaviour: about,
      quantity: 'echo round trip, mean',
      unit: 'micros',
      claimed: meanOf(did.echoDelaysMicros),
      measured: roundTrip?.meanMicros ?? null,
      noise: noiseAt(parts, 90),
    }),
  ];
}

/**
 * In open loop, messages go on being due while the server stands still: of those due in a stall of S seconds the first waits S, the last
 * nothing, evenly between. So of T seconds of messages the share q waits longer than S - q T. A generator that waits for answers would have
 * sent next to none of them, and would show the stall in one message a connection.
 */
function stalledEchoes(parts: Parts, row: Row): Comparison[] {
  const { did, measured, workload, calibrationCase } = parts;
  const { roundTrip } = measured.echo;
  const stalls = did.stalls.map(([began, ended]) => ended - began);
  const total = (did.echoesReceived / workload.echoRate) * 1e6;
  const stall = stalls.length === 1 ? (stalls[0] ?? null) : null;
  const nominalStall = calibrationCase.behaviour.stallMicros ?? 0;
  const nominalTotal = workload.echoSeconds * 1e6;
  const above = (share: number, of: number, all: number): number => of - share * all;
  const one = (quantity: string, share: number, got: number | null): Comparison =>
    row({
      behaviour: 'stands still once',
      quantity: `echo round trip, ${quantity}`,
      unit: 'micros',
      nominal: above(share, nominalStall, nominalTotal),
      claimed: stall === null ? null : above(share, stall, total),
      measured: got,
      noise: noiseAt(parts, 99),
    });
  return [
    row({
      behaviour: 'answers at once before and after',
      quantity: 'echo round trip, p50',
      unit: 'micros',
      nominal: 0,
      claimed: percentileOf(did.echoDelaysMicros, 50),
      measured: at(roundTrip, 'p50'),
      noise: noiseAt(parts, 50),
    }),
    one('p90', 0.1, at(roundTrip, 'p90')),
    one('p99', 0.01, at(roundTrip, 'p99')),
    one('greatest', 0, roundTrip?.maxMicros ?? null),
    row({
      behaviour: 'stands still once',
      quantity: 'echo round trip, mean',
      unit: 'micros',
      nominal: nominalStall ** 2 / (2 * nominalTotal),
      claimed: stall === null || total === 0 ? null : stall ** 2 / (2 * total),
      measured: roundTrip?.meanMicros ?? null,
      noise: noiseAt(parts, 99),
    }),
  ];
}

function broadcastCounts({ did, measured, workload, calibrationCase }: Parts, row: Row): Comparison[] {
  const { loseOneIn = 0, duplicateOneIn = 0 } = calibrationCase.behaviour;
  const found = measured.broadcasts;
  const exact = (about: string, quantity: string, claimed: number, got: number, nominal: number | null = null) =>
    row({ behaviour: about, quantity, unit: 'count', nominal, claimed, measured: got });
  const members = sum(did.broadcasts.map((one) => one.members));
  const lost = sum(did.broadcasts.map((one) => one.lost));
  return [
    exact('broadcasts', 'broadcasts published', did.broadcasts.length, found.length, workload.broadcasts),
    exact('broadcasts', 'messages received', members - lost, sum(found.map(({ received }) => received))),
    exact(
      loseOneIn > 0 ? `1 message in ${loseOneIn} is lost` : 'none is lost',
      'messages missing',
      lost,
      sum(found.map(({ missing }) => missing)),
      loseOneIn > 0 ? Math.floor(members / loseOneIn) : 0,
    ),
    exact(
      duplicateOneIn > 0 ? `1 message in ${duplicateOneIn} comes twice` : 'none comes twice',
      'messages received twice',
      sum(did.broadcasts.map((one) => one.duplicated)),
      sum(found.map(({ duplicates }) => duplicates)),
    ),
    exact(
      'says how many it sent to',
      "members by the server's answers",
      members,
      sum(found.map(({ server }) => server?.members ?? 0)),
    ),
  ];
}

function delayedBroadcasts(parts: Parts, row: Row): Comparison[] {
  const { did, measured, calibrationCase } = parts;
  const { broadcastDelayMicros = 0, broadcastSpreadMicros = 0 } = calibrationCase.behaviour;
  const delays = did.broadcasts.flatMap((one) => one.delaysMicros);
  const spreads = did.broadcasts.map((one) => (one.delaysMicros.at(-1) ?? 0) - (one.delaysMicros[0] ?? 0));
  return [
    ...(['p50', 'p99'] as const).map((percentile) =>
      row({
        behaviour: 'broadcasts delayed and spread',
        quantity: `broadcast latency, ${percentile}`,
        unit: 'micros',
        nominal: broadcastDelayMicros + (broadcastSpreadMicros * percents[percentile]) / 100,
        claimed: percentileOf(delays, percents[percentile]),
        measured: at(measured.broadcastLatency, percentile),
        noise: noiseAt(parts, percents[percentile]),
      }),
    ),
    row({
      behaviour: 'broadcasts delayed and spread',
      quantity: 'spread on a host, median',
      unit: 'micros',
      nominal: broadcastSpreadMicros,
      claimed: percentileOf(spreads, 50),
      measured: measured.broadcastSpread?.medianMicros ?? null,
      noise: noiseAt(parts, 99),
    }),
  ];
}
