/** The exit codes of `c1m`, by name. */
export const exitCodes = {
  /** Everything asked for was done and the result is valid. */
  ok: 0,
  /** An error of the lab's own that nobody foresaw. */
  internal: 1,
  /** Bad arguments or a bad lab file. */
  usage: 2,
  /** The machine or account lacks something: user namespaces, memory, descriptors, a port, disk space, credentials. */
  environment: 3,
  /** The run failed: a build, a server or a load process. What was measured until then is kept. */
  runFailed: 4,
  /** The run ended, but the connections asked for were not all reached. */
  targetNotReached: 5,
  /** The run ended, but its numbers cannot be trusted. */
  resultInvalid: 6,
  /** Something of the lab that costs money is still in the account (`c1m leftovers`). */
  leftovers: 7,
  /** A server breaks a promise that measurements rest on (`c1m verify`). */
  promiseBroken: 8,
  /** A figure became worse than `--fail-if` allows (`c1m compare`). */
  becameWorse: 9,
  /** Interrupted by the user; what was measured until then is kept. */
  interrupted: 130,
} as const;

export type ExitCodeName = keyof typeof exitCodes;

/** An error that the user can do something about: printed as two lines, what is wrong and what to do. */
export class LabError extends Error {
  /** Which exit code ends the program. */
  readonly code: ExitCodeName;
  /** What to do about it: a sentence, with the command where there is one. */
  readonly hint: string;

  constructor(code: ExitCodeName, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LabError';
    this.code = code;
    this.hint = hint;
  }

  /** The two lines, without an end of line. */
  get twoLines(): string {
    return `error: ${inOneLine(this.message)}\n  fix: ${inOneLine(this.hint)}`;
  }
}

/** Characters that one value of a message is cut at. */
const valueMost = 200;
/** Characters that a whole message is cut at. */
const lineMost = 2000;

/**
 * A text from anywhere as one line that a terminal cannot be confused by: its lines are set apart by bars, control characters are
 * shown as escapes, values (whatever stands in quotes, and words) are cut at 200 characters.
 */
export function inOneLine(text: string): string {
  const line = text
    .replaceAll(/'[^']*'|"[^"]*"|\S+/g, (value) => cut(value, valueMost))
    .split(/\s*\n\s*/)
    .filter((part) => part !== '')
    .join(' | ')
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
      const code = character.codePointAt(0) ?? 0;
      if (character === '\t') return ' ';
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
    });
  return cut(line, lineMost);
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`;
}
