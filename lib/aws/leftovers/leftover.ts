import type { Result } from '../account/result.ts';

/** Something of a lab that is in the account. */
export interface Leftover {
  readonly what: string;
  readonly id: string;
  /** When it was made; null where AWS does not say. */
  readonly since: Date | null;
  /** Dollars a month if it stays; zero for what is free. */
  readonly month: Result<number>;
  /** A state, a size, or what else is worth knowing of it. */
  readonly note: string;
}

/** One kind of thing that was looked for. */
export interface Search {
  readonly what: string;
  /** It can cost money by itself: when it could not be looked for, nobody can say that nothing does. */
  readonly canCost: boolean;
  readonly found: Result<readonly Leftover[]>;
}

/** Whether it is billed, or nobody can say that it is not. */
export function costsMoney({ month }: Leftover): boolean {
  return !month.ok || month.value > 0;
}
