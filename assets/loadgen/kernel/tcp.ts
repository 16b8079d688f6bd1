import { allocate, setSocketOption, socket, type Memory } from './libc.ts';

const inet = 2;
const stream = 1;
const nonBlocking = 0o4000;
const closeOnExec = 0o2000000;

/** Length of a sockaddr_in. */
export const socketAddressBytes = 16;

/** A new non-blocking IPv4 TCP socket: its descriptor, or -1. */
export function tcpSocket(): number {
  return socket(inet, stream | nonBlocking | closeOnExec, 0);
}

/** A sockaddr_in for a dotted IPv4 address and a port. */
export function socketAddress(address: string, port: number): Memory {
  const memory = allocate(socketAddressBytes);
  memory.bytes.writeUInt16LE(inet, 0);
  setPort(memory, port);
  for (const [index, part] of address.split('.').entries()) memory.bytes[4 + index] = Number(part);
  return memory;
}

/** Replaces the port of a sockaddr_in. */
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
