import { errorNumbers } from '../kernel/error-numbers.ts';
import { bind, close, connect, errno, type Memory } from '../kernel/libc.ts';
import {
  choosePortLate,
  setPort,
  shareLocalAddress,
  socketAddress,
  socketAddressBytes,
  tcpSocket,
} from '../kernel/tcp.ts';
import type { Target } from './target.ts';

/** Begins TCP connections from chosen addresses and ports. */
export class Dialer {
  readonly #servers: readonly Memory[];
  readonly #sources: readonly Memory[];

  constructor(target: Target, sources: readonly string[]) {
    this.#servers = target.ports.map((port) => socketAddress(target.address, port));
    this.#sources = sources.map((source) => socketAddress(source, 0));
  }

  /** The descriptor of a socket with its local address, or minus errno. `localPort` 0 leaves the choice to the kernel. */
  bind(source: number, localPort: number, shareLocalPort: boolean): number {
    const fd = tcpSocket();
    if (fd < 0) return -errno();
    const from = this.#sources[source]!;
    setPort(from, localPort);
    if (shareLocalPort) shareLocalAddress(fd);
    if (localPort === 0) choosePortLate(fd);
    if (bind(fd, from.address, socketAddressBytes) === 0) return fd;
    const error = errno();
    close(fd);
    return -error;
  }

  /** Begins to connect a bound socket: 0 when it is under way or done, else minus errno. */
  connect(fd: number, serverPort: number): number {
    if (connect(fd, this.#servers[serverPort]!.address, socketAddressBytes) === 0) return 0;
    const error = errno();
    return error === errorNumbers.EINPROGRESS ? 0 : -error;
  }
}
