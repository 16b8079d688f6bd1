/** What one check of an account came to. What could not be asked is `not known`, never `ok`. */
export interface Finding {
  /** What was looked at, in a few words. */
  readonly check: string;
  readonly state: 'ok' | 'failed' | 'not known';
  /** What was found. */
  readonly text: string;
  /** What to do about it. */
  readonly fix?: string;
}
