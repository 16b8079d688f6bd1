import { koffi } from './native-calls.ts';

// The process itself links the C library, whichever it is: no file name to guess.
const libc = koffi.load(null);

/**
 * A function of the C library. Addresses are passed as plain numbers (`int64_t`): half the cost of handing over a
 * Buffer, whose address would be looked up again at every call.
 */
function declare(definition: string): (...values: number[]) => number {
  return libc.func(definition);
}

/** The same, or a function that does nothing where this C library has none. */
function declareIfThere(definition: string): (...values: number[]) => number {
  try {
    return declare(definition);
  } catch {
    return () => 0;
  }
}

/** Memory outside V8's heap whose address never changes, for the kernel to read from and write to. */
export interface Memory {
  readonly bytes: Buffer;
  readonly address: number;
}

/** Allocates zeroed memory; it lives as long as the returned object is referred to. */
export function allocate(byteCount: number): Memory {
  // An ArrayBuffer of its own is never inside V8's moving heap, as a small typed array may be.
  const bytes = Buffer.from(new ArrayBuffer(byteCount));
  return { bytes, address: Number(koffi.address(bytes)) };
}

/** `errno` of the last call that returned -1. */
export function errno(): number {
  return koffi.errno();
}

type One = (a: number) => number;
type Two = (a: number, b: number) => number;
type Three = (a: number, b: number, c: number) => number;
type Four = (a: number, b: number, c: number, d: number) => number;
type Five = (a: number, b: number, c: number, d: number, e: number) => number;
type Six = (a: number, b: number, c: number, d: number, e: number, f: number) => number;
type Seven = (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => number;

/** socket(domain, type, protocol): a descriptor, or -1. */
export const socket: Three = declare('int socket(int, int, int)');
/** bind(fd, address of a sockaddr, its length). */
export const bind: Three = declare('int bind(int, int64_t, int)');
/** connect(fd, address of a sockaddr, its length). */
export const connect: Three = declare('int connect(int, int64_t, int)');
/** close(fd). */
export const close: One = declare('int close(int)');
/** recv(fd, buffer address, length, flags): bytes read, 0 at the end, or -1. */
export const receive: Four = declare('int recv(int, int64_t, int64_t, int)');
/** recvmsg(fd, address of a msghdr, flags): as recv. */
export const receiveMessage: Three = declare('int recvmsg(int, int64_t, int)');
/** read(fd, buffer address, length). */
export const read: Three = declare('int read(int, int64_t, int64_t)');
/** send(fd, buffer address, length, flags): bytes taken, or -1. */
export const send: Four = declare('int send(int, int64_t, int64_t, int)');
/** setsockopt(fd, level, name, value address, value length). */
export const setSocketOption: Five = declare('int setsockopt(int, int, int, int64_t, int)');
/** clock_gettime(clock, address of a timespec). */
export const clockTime: Two = declare('int clock_gettime(int, int64_t)');
/** nanosleep(address of a timespec, address for what is left or 0). */
export const nanosleep: Two = declare('int nanosleep(int64_t, int64_t)');
/** epoll_create1(flags). */
export const epollCreate: One = declare('int epoll_create1(int)');
/** epoll_ctl(epoll, operation, fd, address of an epoll_event). */
export const epollControl: Four = declare('int epoll_ctl(int, int, int, int64_t)');
/** epoll_wait(epoll, address of the events, how many, milliseconds). */
export const epollWait: Four = declare('int epoll_wait(int, int64_t, int, int)');
/** prctl(option, value), as far as it is needed here. */
export const processControl: Two = declare('int prctl(int, int64_t)');

/** malloc_trim(bytes to keep): gives freed memory back to the kernel; does nothing where the C library is not glibc. */
export const trimMemory: One = declareIfThere('int malloc_trim(size_t)');

/** syscall(number, …) for what older C libraries have no function for; declared once for each number of arguments. */
export const systemCall2: Three = declare('int64_t syscall(int64_t, int64_t, int64_t)');
export const systemCall3: Four = declare('int64_t syscall(int64_t, int64_t, int64_t, int64_t)');
export const systemCall5: Six = declare('int64_t syscall(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t)');
export const systemCall6: Seven = declare(
  'int64_t syscall(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t)',
);

/** Numbers of the system calls used through syscall(), from asm/unistd.h of the two architectures. */
export const systemCallNumbers =
  process.arch === 'x64'
    ? { ioSetup: 206, ioGetEvents: 208, ioSubmit: 209, epollWait2: 441 }
    : { ioSetup: 0, ioGetEvents: 4, ioSubmit: 2, epollWait2: 441 };
