import { monotonicMicros, unixMicros } from '../kernel/clock.ts';
import { Histogram, longestMicros } from './histogram.ts';
import { StampReader, type Stamp } from './stamp.ts';

/** Messages that a server sent without being asked for them: neither broadcasts nor echoes. Absent in the files of earlier versions. */
export interface PushesRaw {
  readonly messages: number;
  readonly bytes: number;
  readonly firstMicros: number | null;
  readonly lastMicros: number | null;
  /** From the time that a message carries until it was read; null when no stamp was asked for. */
  readonly stamped: StampedRaw | null;
}

/** Latency of messages that say when they were sent. */
interface StampedRaw {
  readonly latency: string;
  /** Whether server and load generator have one clock; else the offset of the two is in the latency. */
  readonly sharesClock: boolean;
  /** Messages without a time of the last 35 minutes (an older one is of another unit or clock), and with one that was still to come. */
  readonly unstamped: number;
  readonly ahead: number;
}

/** The host's clock may be set or slewed: how often its offset from the monotonic one is looked up. */
const offsetMicros = 1_000_000;

/** Counts what a server pushes, with the latency that its own time stamps give. */
export class PushLog {
  readonly #stamp: Stamp | null;
  readonly #reader: StampReader | null;
  readonly #latency = new Histogram();
  #messages = 0;
  #bytes = 0;
  #firstMicros = 0;
  #lastMicros = 0;
  #unstamped = 0;
  #ahead = 0;
  #unixOffset = 0;
  #offsetDue = 0;

  constructor(stamp: Stamp | null) {
    this.#stamp = stamp;
    this.#reader = stamp === null ? null : new StampReader(stamp);
  }

  /** Counts a message, given as to {@link ConnectionEvents.message}. */
  take(bytes: Uint8Array, start: number, end: number, tail: number, now: number): void {
    if (this.#messages === 0) this.#firstMicros = now;
    this.#lastMicros = now;
    this.#messages += 1;
    this.#bytes += end - start + Math.abs(tail);
    if (this.#reader === null) return;
    if (now >= this.#offsetDue) {
      this.#unixOffset = unixMicros() - monotonicMicros();
      this.#offsetDue = now + offsetMicros;
    }
    const latency = now + this.#unixOffset - this.#reader.read(bytes, start, end);
    if (latency < 0) this.#ahead += 1;
    else if (!(latency < longestMicros)) this.#unstamped += 1;
    else this.#latency.record(latency);
  }

  raw(): PushesRaw {
    const isEmpty = this.#messages === 0;
    return {
      messages: this.#messages,
      bytes: this.#bytes,
      firstMicros: isEmpty ? null : Math.round(this.#firstMicros),
      lastMicros: isEmpty ? null : Math.round(this.#lastMicros),
      stamped:
        this.#stamp === null
          ? null
          : {
              latency: this.#latency.encode(),
              sharesClock: this.#stamp.sharesClock,
              unstamped: this.#unstamped,
              ahead: this.#ahead,
            },
    };
  }
}
