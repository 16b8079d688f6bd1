/** What the load generator's exit codes mean; those of `c1m` have the same numbers. */
export const exitCodes = {
  /** All connections were opened and held, and every message arrived. */
  done: 0,
  /** An error of the load generator's own. */
  defect: 1,
  usage: 2,
  /** The machine lacks something: a name that resolves, disk space, permissions. */
  environment: 3,
  /** A load process failed, the server took no broadcasts, or no load generator answered. */
  failed: 4,
  /** Not all connections were opened and held. */
  notReached: 5,
  /** All were, but messages are missing, or came back changed, twice or out of order, or none had the time that was asked for. */
  incomplete: 6,
  /** Nothing is missing, but the load generator was late, so that its times are not the server's; `c1m` has 6 for it. */
  late: 10,
  interrupted: 130,
} as const;

/** What an error may have beside its message. */
interface HintOptions extends ErrorOptions {
  /** What to do about it; default: what helps for errors of that kind. */
  readonly hint?: string;
}

/** The command line is wrong. */
export class UsageError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, { hint, ...options }: HintOptions = {}) {
    super(message, options);
    this.hint = hint;
  }
}

/** The machine lacks something. */
export class EnvironmentError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, { hint, ...options }: HintOptions = {}) {
    super(message, options);
    this.hint = hint;
  }
}

/** The exit code that an error deserves. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof EnvironmentError) return exitCodes.environment;
  if (!(error instanceof Error)) return exitCodes.defect;
  // What the kernel refuses has its name in `code`.
  if (/^E[A-Z]+$/.test((error as NodeJS.ErrnoException).code ?? '')) return exitCodes.environment;
  return error.constructor === Error ? exitCodes.failed : exitCodes.defect;
}
