import type { Known } from '../account/known.ts';

/** Something of a lab that is in the account. */
export interface Leftover {
  readonly what: string;
  readonly id: string;
  /** Since when it is there; null where AWS does not say. */
  readonly since: Date | null;
  /** What AWS bills for it. */
  readonly cost: LeftoverCost;
  /** What is worth knowing of it beside: a state, a size. */
  readonly note: string;
}

/** What a thing is billed by; `unclear` says why nobody knows. */
export type LeftoverCost =
  | { readonly kind: 'free' }
  | {
      readonly kind: 'instance';
      readonly instanceType: string;
      readonly spot: boolean;
      readonly addresses: number;
      readonly monitored: boolean;
    }
  | { readonly kind: 'disk'; readonly gib: number }
  | { readonly kind: 'address' }
  | { readonly kind: 'stored'; readonly bytes: number }
  | { readonly kind: 'unclear'; readonly reason: string };

/** One kind of thing that was looked for. */
export interface Search {
  readonly what: string;
  /** A thing of this kind can cost money by itself: when it could not be looked for, nobody can say that nothing does. */
  readonly canCost: boolean;
  readonly found: Known<readonly Leftover[]>;
}

/** A leftover with its price. */
export interface PricedLeftover extends Leftover {
  /** Dollars a month if it stays; zero for what is free. */
  readonly month: Known<number>;
}
