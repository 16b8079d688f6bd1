/** A workload that cannot be: what is wrong, with the field and its value, and what would do. */
export class WorkloadError extends Error {
  override readonly name = 'WorkloadError';
  /** What to do about it. */
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}
