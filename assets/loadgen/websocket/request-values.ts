/** A header whose value is another one for each connection: the next line of a file. */
export interface HeaderValues {
  readonly name: string;
  /** An absolute path. */
  readonly file: string;
  /** How many lines that are not blank it has. */
  readonly lines: number;
}

/** The longest line; servers take headers of 8 to 16 KiB. */
const longestLine = 8192;
const pieceBytes = 65536;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Reads a file in pieces and calls `use` with each line that is not blank, its number among these from 0, and its place in the file from 1;
 * how many there are. Throws for a line that is too long.
 */
export function eachLine(file: string, use: (line: Buffer, number: number, place: number) => void): number {
  const { closeSync, openSync, readSync } = process.getBuiltinModule('node:fs');
  const fd = openSync(file, 'r');
  try {
    const piece = Buffer.alloc(pieceBytes);
    let rest = Buffer.alloc(0);
    let number = 0;
    let place = 0;
    const take = (line: Buffer): void => {
      const end = line.at(-1) === carriageReturn ? line.length - 1 : line.length;
      if (end > longestLine) throw new Error(`${file} has a line longer than ${longestLine} bytes`);
      place += 1;
      if (end > 0) use(line.subarray(0, end), number++, place);
    };
    for (;;) {
      const got = readSync(fd, piece);
      if (got === 0) break;
      const bytes = rest.length === 0 ? piece.subarray(0, got) : Buffer.concat([rest, piece.subarray(0, got)]);
      let start = 0;
      for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, start)) {
        take(bytes.subarray(start, at));
        start = at + 1;
      }
      rest = Buffer.from(bytes.subarray(start));
      if (rest.length > longestLine + 1) take(rest);
    }
    take(rest);
    return number;
  } finally {
    closeSync(fd);
  }
}

/** The header lines that the connections of one process have of their own: those of its share alone are kept, in one piece of memory. */
export class RequestValues {
  readonly #headers: readonly OwnLines[];
  /** The bytes of the longest that any connection has. */
  readonly longest: number;

  /** For `count` connections from number `first` of the host on. Throws when a file cannot be read. */
  constructor(values: readonly HeaderValues[], first: number, count: number) {
    this.#headers = values.map((header) => new OwnLines(header, first, count));
    this.longest = this.#headers.reduce((sum, { longest }) => sum + longest, 0);
  }

  /** Writes the header lines of a connection of this process, numbered from 0, at a place; where they end. */
  write(connection: number, target: Buffer, at: number): number {
    let end = at;
    for (const header of this.#headers) end = header.write(connection, target, end);
    return end;
  }
}

class OwnLines {
  #bytes = Buffer.alloc(0);
  readonly #ends: Uint32Array;
  longest = 0;

  constructor({ name, file, lines }: HeaderValues, first: number, count: number) {
    const kept = Math.min(count, lines);
    const begin = Buffer.from(`${name}: `, 'latin1');
    const end = Buffer.from('\r\n');
    const own: Buffer[] = Array.from({ length: kept });
    const seen = eachLine(file, (line, number) => {
      const place = (((number - first) % lines) + lines) % lines;
      if (place < kept) own[place] = Buffer.concat([begin, line, end]);
    });
    if (seen !== lines) throw new Error(`${file} has been changed: it had ${lines} lines, and has ${seen}`);
    this.#bytes = Buffer.concat(own);
    this.#ends = new Uint32Array(kept);
    let total = 0;
    for (const [place, line] of own.entries()) {
      total += line.length;
      this.#ends[place] = total;
      this.longest = Math.max(this.longest, line.length);
    }
  }

  write(connection: number, target: Buffer, at: number): number {
    const place = connection % this.#ends.length;
    const start = place === 0 ? 0 : this.#ends[place - 1]!;
    return at + this.#bytes.copy(target, at, start, this.#ends[place]);
  }
}
