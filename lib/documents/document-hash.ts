import { createHash } from 'node:crypto';

/**
 * A short hash of what a document says: 16 hexadecimal digits, the same however its JSON is written. The order of keys does not
 * count, nor whether a number or a truth value stands as text, for CloudFormation may write either.
 */
export function documentHash(content: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(content)))
    .digest('hex')
    .slice(0, 16);
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .map(([key, entry]): [string, unknown] => [key, canonical(entry)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
