import { errorNumbers } from '../kernel/error-numbers.ts';
import { allocate, errno, read } from '../kernel/libc.ts';
import type { WorkerOrder, WorkerReport } from '../supervisor/messages.ts';

/** Descriptor of the pipe on which orders come. */
export const controlDescriptor = 0;
const reportDescriptor = 1;

const { writeSync } = process.getBuiltinModule('node:fs');
const buffer = allocate(65536);
let rest = '';
let waiting: readonly WorkerOrder[] = [];

/** Reads what orders have come (waiting for one if none has); null when the supervisor is gone. */
export function readOrders(): readonly WorkerOrder[] | null {
  const got = read(controlDescriptor, buffer.address, buffer.bytes.length);
  if (got === 0) return null;
  if (got < 0) {
    if (errno() === errorNumbers.EAGAIN || errno() === errorNumbers.EINTR) return [];
    return null;
  }
  rest += buffer.bytes.toString('utf8', 0, got);
  const lines = rest.split('\n');
  rest = lines.pop() ?? '';
  return lines.map((line) => JSON.parse(line) as WorkerOrder);
}

/** Reads the first order. */
export function readFirstOrder(): WorkerOrder | null {
  for (;;) {
    const orders = readOrders();
    if (orders === null) return null;
    const [first, ...later] = orders;
    if (first === undefined) continue;
    waiting = later;
    return first;
  }
}

/** Orders that came in the same breath as the first one; no event will tell of them. */
export function takeWaitingOrders(): readonly WorkerOrder[] {
  const taken = waiting;
  waiting = [];
  return taken;
}

/** Tells the supervisor something. A supervisor that is gone is noticed by the end of the control pipe. */
export function report(message: WorkerReport): void {
  try {
    writeSync(reportDescriptor, `${JSON.stringify(message)}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}
