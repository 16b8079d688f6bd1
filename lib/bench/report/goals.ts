import {
  bytesAConnection,
  cpuAConnection,
  cpuAConnectionWithStart,
  cpuAMessage,
  drivenFigures,
  figures,
  type Figure,
} from './figures.ts';
import { middle, type Result } from './result.ts';

/** Something the load generator is to reach, and whether it did. */
export interface Goal {
  readonly goal: string;
  /** Null where the figures cannot tell. */
  readonly met: boolean | null;
  readonly found: string;
}

const mostOfReference = 1.1;
const mostOfReferenceDriven = 1.25;
const mostOfReferenceOverTls = 1.15;
const mostBytesAConnection = 300;
const mostTlsBytesAConnection = 300;
const mostBaseBytes = 60e6;

/**
 * Holds the medians of the load generator (the second result) against the reference (the first) and the peers (the others); and those
 * of `secured` likewise, if there are any.
 */
export function goalsOf([reference, ours, ...peers]: readonly Result[], secured: readonly Result[]): readonly Goal[] {
  if (reference === undefined || ours === undefined) return [];
  const bytes = middle(bytesAConnection, ours) ?? Number.NaN;
  return [
    ...[cpuAConnection, cpuAConnectionWithStart, cpuAMessage].map((figure) =>
      ratioGoal(figure, reference, ours, mostOfReference),
    ),
    ...drivenFigures
      .filter((figure) => middle(figure, ours) !== null)
      .map((figure) => ratioGoal(figure, reference, ours, mostOfReferenceDriven)),
    {
      goal: `under ${mostBytesAConnection} bytes a connection above the process's base`,
      met: bytes < mostBytesAConnection,
      found: bytes.toFixed(0),
    },
    {
      goal: `base under ${mostBaseBytes / 1e6} MB resident`,
      met: ours.base.ramped.rssBytes < mostBaseBytes,
      found: `${(ours.base.ramped.rssBytes / 1e6).toFixed(1)} MB`,
    },
    ...securedGoals(ours, secured),
    ...peers.map((peer) => peerGoal(ours, peer)),
  ];
}

function securedGoals(plain: Result, [reference, ours]: readonly Result[]): readonly Goal[] {
  if (reference === undefined || ours === undefined) return [];
  const ratio = ratioGoal(cpuAConnection, reference, ours, mostOfReferenceOverTls);
  const bytes = (middle(bytesAConnection, ours) ?? Number.NaN) - (middle(bytesAConnection, plain) ?? Number.NaN);
  return [
    { ...ratio, goal: `over TLS: ${ratio.goal}` },
    {
      goal: `over TLS: under ${mostTlsBytesAConnection} bytes a connection more than without`,
      met: bytes < mostTlsBytesAConnection,
      found: bytes.toFixed(0),
    },
  ];
}

function ratioGoal(figure: Figure, reference: Result, ours: Result, most: number): Goal {
  const goal = `${figure.name} within ${most.toFixed(2)} of the C reference`;
  const [our, their] = [middle(figure, ours) ?? Number.NaN, middle(figure, reference) ?? Number.NaN];
  // What a few connections cost beyond the first is lost in what the processes cost at any rate.
  if (our <= 0 || their <= 0) return { goal, met: null, found: 'a figure is not above zero' };
  return { goal, met: our / their <= most, found: (our / their).toFixed(2) };
}

function peerGoal(ours: Result, peer: Result): Goal {
  const losses = figures
    .filter(({ compared }) => compared)
    .flatMap((figure) => {
      const [our, their] = [middle(figure, ours), middle(figure, peer)];
      if (our === null || their === null) return [];
      return (figure.moreIsBetter ? our > their : our < their) ? [] : [figure.name];
    });
  return {
    goal: `${peer.name} beaten on every column it has a figure in`,
    met: losses.length === 0,
    found: losses.length === 0 ? 'yes' : `not on ${losses.join('; ')}`,
  };
}
