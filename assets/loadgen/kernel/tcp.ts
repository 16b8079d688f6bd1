import { allocate, setSocketOption, socket, type Memory } from './libc.ts';

const inet = 2;
const inet6 = 10;
const stream = 1;
const nonBlocking = 0o4000;
const closeOnExec = 0o2000000;

/** A new non-blocking TCP socket for addresses of the family that one has: its descriptor, or -1. */
export function tcpSocket({ bytes }: Memory): number {
  return socket(bytes[0]!, stream | nonBlocking | closeOnExec, 0);
}

/** A sockaddr_in or sockaddr_in6 (all of the memory) for an address as it is written and a port. */
export function socketAddress(address: string, port: number): Memory {
  const isVersion6 = address.includes(':');
  const memory = allocate(isVersion6 ? 28 : 16);
  memory.bytes.writeUInt16LE(isVersion6 ? inet6 : inet, 0);
  setPort(memory, port);
  if (isVersion6) for (const [n, group] of groupsOf(address).entries()) memory.bytes.writeUInt16BE(group, 8 + 2 * n);
  else for (const [n, part] of address.split('.').entries()) memory.bytes[4 + n] = Number(part);
  return memory;
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  // A URL's host is in the one form of RFC 5952, without dots.
  const [left = '', right = ''] = new URL(`ws://[${address}]`).hostname.slice(1, -1).split('::');
  const numbers = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const [first, last] = [numbers(left), numbers(right)];
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}

/** Replaces the port of a socket address. */
export function setPort(address: Memory, port: number): void {
  address.bytes[2] = port >> 8;
  address.bytes[3] = port & 0xff;
}

const on = allocate(4);
on.bytes.writeInt32LE(1, 0);
const resetOnClose = allocate(8);
resetOnClose.bytes.writeInt32LE(1, 0);

/** SO_REUSEADDR: lets connections to different server ports share a local address and port. */
export function shareLocalAddress(fd: number): void {
  setSocketOption(fd, 1, 2, on.address, 4);
}

/** TCP_NODELAY: what is sent leaves at once. */
export function sendAtOnce(fd: number): void {
  setSocketOption(fd, 6, 1, on.address, 4);
}

/** SO_TIMESTAMPNS: the kernel notes when bytes come, and tells it to a {@link StampedReads}. */
export function stampArrivals(fd: number): void {
  setSocketOption(fd, 1, 35, on.address, 4);
}

/** IP_BIND_ADDRESS_NO_PORT: binding to port 0 fixes the address only; the port is chosen by connect(). */
export function choosePortLate(fd: number): void {
  setSocketOption(fd, 0, 24, on.address, 4);
}

/** SO_LINGER of zero: close() resets, and leaves no TIME_WAIT that would keep the port from the next run. */
export function closeByReset(fd: number): void {
  setSocketOption(fd, 1, 13, resetOnClose.address, 8);
}

/**
 * TCP_REPAIR (linux/tcp.h): close() then sends nothing, as if the network were gone. Takes CAP_NET_ADMIN in the namespace of the
 * socket; false without it.
 */
export function closeSilently(fd: number): boolean {
  return setSocketOption(fd, 6, 19, on.address, 4) === 0;
}
