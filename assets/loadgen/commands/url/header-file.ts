import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { eachLine, type HeaderValues } from '../../websocket/request-values.ts';
import { UsageError } from '../exit-codes.ts';

/** Headers of a file: those that are the same in every request, and those with a value for each connection. */
interface HeaderFile {
  /** `Name: value`. */
  readonly headers: readonly string[];
  readonly values: readonly HeaderValues[];
}

/** More would not fit into any server's limit. */
const headersMost = 100;
/** RFC 9110, section 5.5: what can be seen, and blanks, a character for each byte. */
export const valueForm = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/**
 * Reads a file of headers, one a line. A value `@FILE` stands for the lines of another file (beside the first, where it is no absolute path),
 * one for each connection and from the first again after the last. Throws {@link UsageError} for what cannot be read or sent.
 */
export function readHeaderFile(file: string, check: (header: string, place: string) => string): HeaderFile {
  const headers: string[] = [];
  const values: HeaderValues[] = [];
  readLines(file, (line, _number, place) => {
    if (headers.length + values.length === headersMost)
      throw new UsageError(`${file} has more than ${headersMost} headers`);
    const header = check(line.toString('latin1'), `line ${place} of ${file}`);
    const colon = header.indexOf(':');
    const value = header.slice(colon + 1).trim();
    if (!value.startsWith('@')) {
      headers.push(header);
      return;
    }
    values.push(readValues(header.slice(0, colon), resolve(dirname(file), value.slice(1))));
  });
  return { headers, values };
}

function readValues(name: string, file: string): HeaderValues {
  const lines = readLines(file, (line, _number, place) => {
    // The line may be a secret, which is not for a log.
    if (!valueForm.test(line.toString('latin1'))) {
      throw new UsageError(`${file} has something on line ${place} that cannot be in a header`);
    }
  });
  if (lines === 0) throw new UsageError(`${file} has no value for ${name}: give one a line`);
  return { name, file, lines };
}

function readLines(file: string, use: Parameters<typeof eachLine>[1]): number {
  try {
    // It is read again by every load process, which a pipe would give nothing.
    if (!statSync(file).isFile()) throw new Error(`${file} is no file`);
    return eachLine(file, use);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--header-file cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
