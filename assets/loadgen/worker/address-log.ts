import { endpointsOf, type Target } from '../connections/target.ts';
import { countCause } from '../measure/failure-causes.ts';
import type { AddressCounts, FailureCause } from '../raw.ts';

/** What became of the connections to each address of a server that has several. */
export class AddressLog {
  readonly #addresses: readonly string[];
  readonly #counts = new Map<
    string,
    { opened: number; lost: number; failures: { [cause in FailureCause]?: number } }
  >();

  constructor(target: Target) {
    this.#addresses = endpointsOf(target).map(({ address }) => address);
    for (const address of this.#addresses) this.#counts.set(address, { opened: 0, lost: 0, failures: {} });
  }

  #of(serverPort: number): { opened: number; lost: number; failures: { [cause in FailureCause]?: number } } {
    return this.#counts.get(this.#addresses[serverPort]!)!;
  }

  opened(serverPort: number): void {
    this.#of(serverPort).opened += 1;
  }

  lost(serverPort: number): void {
    this.#of(serverPort).lost += 1;
  }

  failed(serverPort: number, cause: FailureCause): void {
    countCause(this.#of(serverPort).failures, cause);
  }

  raw(): readonly AddressCounts[] {
    return [...this.#counts].map(([address, counts]) => ({ address, ...counts }));
  }
}
