import type { Target } from '../connections/target.ts';
import type { LoadPlan } from '../plan/share.ts';

/** A host's part of the load, and where it goes. */
export interface LoadOptions {
  readonly host: string;
  readonly plan: LoadPlan;
  readonly target: Target;
  /** Where broadcasts are published: one message to each port. */
  readonly publishTarget: Target;
  readonly ratePerSecond: number | null;
  readonly handshakeSeconds: number;
}
