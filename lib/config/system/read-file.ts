import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { LabError } from '../lab-error.ts';

/** Larger files than this, bytes, are none of the lab's. */
const bytesMost = 512 * 1024 * 1024;

/**
 * The text of a file that somebody named or left: never waits, as reading a FIFO does, and never reads without end, as a device is. Throws
 * LabError `usage` for what is no file or too large; the system's own errors (ENOENT, EACCES, ELOOP, …) are thrown as they are.
 */
export function readTextFile(file: string): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) {
      const kind = status.isDirectory() ? 'a folder' : status.isFIFO() ? 'a named pipe' : 'a device';
      throw new LabError('usage', `${file} is ${kind}, not a file`, 'remove it, or name another');
    }
    if (status.size > bytesMost) {
      const hint = 'check that it is the file you mean';
      throw new LabError('usage', `${file} has ${status.size} bytes, which no file of the lab has`, hint);
    }
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}
