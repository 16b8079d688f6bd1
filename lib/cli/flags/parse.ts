const units: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, m: 1e6, M: 1e6 };

/** Reads a count such as `10000`, `10k` or `1.2M`; throws with what was wrong. */
export function parseCount(input: string): number {
  const match = /^(\d+(?:\.\d+)?)([kKmM]?)$/.exec(input);
  const value = match === null ? Number.NaN : Number(match[1]) * (units[match[2] ?? ''] ?? Number.NaN);
  const rounded = Math.round(value);
  if (match === null || Math.abs(rounded - value) > 1e-6 || rounded > 999_999_999) {
    throw new Error(`expected a whole number up to 999999999, such as 10000, 10k or 1.2M, got '${input}'`);
  }
  return rounded;
}

/** Reads a count of at least one. */
export function parsePositiveCount(input: string): number {
  const value = parseCount(input);
  if (value < 1) throw new Error(`expected at least 1, got '${input}'`);
  return value;
}

/** Reads a count from `least` to `most`. */
export function countWithin(least: number, most: number): (input: string) => number {
  return (input) => {
    const value = parseCount(input);
    if (value < least || value > most) throw new Error(`expected ${least} to ${most}, got '${input}'`);
    return value;
  };
}

/** Reads seconds, up to three decimals, more than zero. */
export function parseSeconds(input: string): number {
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(input) || Number(input) <= 0) {
    throw new Error(`expected seconds, more than 0 and with at most three decimals, got '${input}'`);
  }
  return Number(input);
}

/** Reads seconds from `least` to `most`. */
export function secondsWithin(least: number, most: number): (input: string) => number {
  return (input) => {
    const value = parseSeconds(input);
    if (value < least || value > most) throw new Error(`expected ${least} to ${most} seconds, got '${input}'`);
    return value;
  };
}

/** Reads a list of names, `a,b`; spaces around them are ignored, an empty or doubled name is an error. */
export function parseNames(input: string): readonly string[] {
  const names = input.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) throw new Error(`expected names separated by commas, got '${input}'`);
  const doubled = names.find((name, place) => names.indexOf(name) !== place);
  if (doubled !== undefined) throw new Error(`'${doubled}' is named twice`);
  return names;
}

/** A flag as it is typed, by its name in code: `--echo-rate`. */
export function flagWord(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
