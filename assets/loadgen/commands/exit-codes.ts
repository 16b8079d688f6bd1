/** What the load generator's exit codes mean. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** The command line is wrong: what, and what to do. */
export class UsageError extends Error {}
