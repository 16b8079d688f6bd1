/** What a command prints and ends with. */
export interface Answer {
  readonly code: number;
  readonly out?: readonly string[];
  readonly errors?: readonly string[];
}

/** A command that cannot be carried out; its message is what the command prints. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
