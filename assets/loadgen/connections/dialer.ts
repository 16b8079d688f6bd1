import { errorNumbers } from '../kernel/error-numbers.ts';
import { bind, close, connect, errno, type Memory } from '../kernel/libc.ts';
import { choosePortLate, setPort, shareLocalAddress, socketAddress, tcpSocket } from '../kernel/tcp.ts';
import { endpointsOf, type Target } from './target.ts';

const anyVersion4 = '0.0.0.0';
const anyVersion6 = '::';

/** Begins TCP connections from chosen addresses and ports. */
export class Dialer {
  readonly #servers: readonly Memory[];
  // Sources by server: any address of this host is another one for each family.
  readonly #sources: readonly (readonly Memory[])[];

  constructor(target: Target, sources: readonly string[]) {
    const endpoints = endpointsOf(target);
    this.#servers = endpoints.map(({ address, port }) => socketAddress(address, port));
    const from = (any: string): readonly Memory[] =>
      sources.map((source) => socketAddress(source === anyVersion4 ? any : source, 0));
    const [version4, version6] = [from(anyVersion4), from(anyVersion6)];
    this.#sources = endpoints.map(({ address }) => (address.includes(':') ? version6 : version4));
  }

  /** The descriptor of a socket with its local address, for one server, or minus errno. `localPort` 0 leaves the choice to the kernel. */
  bind(serverPort: number, source: number, localPort: number, shareLocalPort: boolean): number {
    const from = this.#sources[serverPort]![source]!;
    const fd = tcpSocket(from);
    if (fd < 0) return -errno();
    setPort(from, localPort);
    if (shareLocalPort) shareLocalAddress(fd);
    if (localPort === 0) choosePortLate(fd);
    if (bind(fd, from.address, from.bytes.length) === 0) return fd;
    const error = errno();
    close(fd);
    return -error;
  }

  /** Begins to connect a bound socket: 0 when it is under way or done, else minus errno. */
  connect(fd: number, serverPort: number): number {
    const server = this.#servers[serverPort]!;
    if (connect(fd, server.address, server.bytes.length) === 0) return 0;
    const error = errno();
    return error === errorNumbers.EINPROGRESS ? 0 : -error;
  }
}
