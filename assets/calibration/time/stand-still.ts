import type { Ledger } from '../ground-truth/ledger.ts';
import { monotonicMicros } from './clock.ts';

/** Stands still: nothing of this process runs meanwhile, and what arrives waits in the kernel. */
export function standStill(micros: number, ledger: Ledger): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, micros / 1000);
  ledger.stoodStill(monotonicMicros());
}
