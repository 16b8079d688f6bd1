import { ServiceError } from './service-error.ts';

/** One page of a list, with the token of the next one if there is more. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly NextToken?: string;
}

/** Cuts a page out of a list. A token is the position that it goes on at; one that never was given is refused. */
export function page<T>(
  all: readonly T[],
  { MaxResults = 50, NextToken }: { readonly MaxResults?: number | undefined; readonly NextToken?: string | undefined },
): Page<T> {
  const start = NextToken === undefined ? 0 : positionOf(NextToken);
  const end = start + MaxResults;
  const items = all.slice(start, end);
  if (end >= all.length) return { items };
  return { items, NextToken: Buffer.from(`position ${end}`).toString('base64') };
}

function positionOf(token: string): number {
  const position = /^position (\d+)$/.exec(Buffer.from(token, 'base64').toString())?.[1];
  if (position === undefined) throw new ServiceError('InvalidNextToken', 'The specified token is not valid.');
  return Number(position);
}
