import { errorNumbers } from './error-numbers.ts';
import {
  allocate,
  epollControl,
  epollCreate,
  epollWait,
  errno,
  processControl,
  systemCall6,
  systemCallNumbers,
} from './libc.ts';

/** Event bits, from sys/epoll.h. */
export const readable = 0x1;
export const writable = 0x4;
export const failed = 0x8;
export const hungUp = 0x10;
export const peerClosed = 0x2000;
/** Report a state when it begins, not for as long as it lasts: saves the kernel a second look at every socket. */
export const edgeTriggered = 1 << 31;

const closeOnExec = 0o2000000;
const add = 1;
const modify = 3;
const setTimerSlack = 29;

// struct epoll_event is packed on x86-64 only.
const wordsPerEvent = process.arch === 'x64' ? 3 : 4;
const dataWord = process.arch === 'x64' ? 1 : 2;

/** From here on what the kernel adds to a wait would be felt: a thousandth, as below. */
const longMicros = 20_000;

/**
 * Whole milliseconds that a wait of epoll may be asked for, so that it ends before `micros` have passed: the kernel lets it
 * take up to 0.1 % longer, and 0.5 % in a process of low priority (select_estimate_accuracy() in fs/select.c).
 */
function millis(micros: number): number {
  return Math.min(Math.floor((micros * 0.99) / 1000) - 1, 1e9);
}

/** One epoll instance, and the events of its last wait. */
export class Epoll {
  readonly #fd: number;
  readonly #one = allocate(wordsPerEvent * 4);
  readonly #oneWords = new Int32Array(this.#one.bytes.buffer);
  readonly #many;
  readonly #words: Int32Array;
  readonly #capacity: number;
  readonly #timeout = allocate(16);
  readonly #timeoutWords = new Int32Array(this.#timeout.bytes.buffer);
  #microseconds = true;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#many = allocate(capacity * wordsPerEvent * 4);
    this.#words = new Int32Array(this.#many.bytes.buffer);
    this.#fd = epollCreate(closeOnExec);
    if (this.#fd < 0) throw new Error(`epoll_create1 failed with errno ${errno()}`);
    // Timed work should begin when it is due, not up to 50 us later (the kernel's default slack), in nanoseconds.
    processControl(setTimerSlack, 1000);
    // The first short wait of a process takes milliseconds, which the first timed work would be late by.
    this.wait(1);
  }

  /** Begins to watch a descriptor; false when the kernel refuses (errno says why). */
  add(fd: number, events: number): boolean {
    return this.#control(add, fd, events);
  }

  /** Replaces what is watched of a descriptor. */
  modify(fd: number, events: number): boolean {
    return this.#control(modify, fd, events);
  }

  #control(operation: number, fd: number, events: number): boolean {
    this.#oneWords[0] = events;
    this.#oneWords[dataWord] = fd;
    return epollControl(this.#fd, operation, fd, this.#one.address) === 0;
  }

  /** Waits for events, at most so many microseconds (Infinity: for ever); how many there are. */
  wait(timeoutMicros: number): number {
    const count = this.#wait(timeoutMicros);
    if (count >= 0) return count;
    const error = errno();
    if (error === errorNumbers.EINTR) return 0;
    if (error === errorNumbers.ENOSYS && this.#microseconds) {
      this.#microseconds = false;
      return this.wait(timeoutMicros);
    }
    throw new Error(`epoll_wait failed with errno ${error}`);
  }

  #wait(timeoutMicros: number): number {
    if (timeoutMicros <= 0) return epollWait(this.#fd, this.#many.address, this.#capacity, 0);
    if (timeoutMicros === Infinity) return epollWait(this.#fd, this.#many.address, this.#capacity, -1);
    // A long wait would end too late: it ends a little early, and the rest is waited for exactly.
    if (timeoutMicros >= longMicros)
      return epollWait(this.#fd, this.#many.address, this.#capacity, millis(timeoutMicros));
    if (!this.#microseconds) {
      return epollWait(this.#fd, this.#many.address, this.#capacity, Math.ceil(timeoutMicros / 1000));
    }
    // Seconds stay 0, and of the 64 bits of nanoseconds the lower half is enough.
    this.#timeoutWords[2] = Math.round(timeoutMicros * 1000);
    // glibc has a function for it only since 2.35, the kernel the call since 5.11.
    return systemCall6(
      systemCallNumbers.epollWait2,
      this.#fd,
      this.#many.address,
      this.#capacity,
      this.#timeout.address,
      0,
      0,
    );
  }

  /** The descriptor of the n-th event. */
  descriptor(n: number): number {
    return this.#words[n * wordsPerEvent + dataWord]!;
  }

  /** The event bits of the n-th event. */
  events(n: number): number {
    return this.#words[n * wordsPerEvent]!;
  }
}
