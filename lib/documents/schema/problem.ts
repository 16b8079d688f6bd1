/** One thing that is wrong with a document. */
export interface Problem {
  /** Where, as in `mainSteps[2].inputs.runCommand[0]`; empty for the document as a whole. */
  readonly path: string;
  readonly value: unknown;
  /** What is wrong, to be read after the value: `is used by no step`. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
}

/** A problem as one line: `parameters.Server: "x" …: …`. Long values are cut at 120 characters. */
export function describeProblem(problem: Problem): string {
  const text = JSON.stringify(problem.value) ?? 'undefined';
  const value = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return `${problem.path === '' ? 'the document' : problem.path}: ${value} ${problem.message}: ${problem.fix}`;
}

/** The path of a member: `a.b` or `a[0]`. */
export function memberPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}
