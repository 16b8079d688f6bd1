import type { TlsOptions } from '../tls/tls-options.ts';

/** Where connections go: one server, several ports. */
export interface Target {
  readonly address: string;
  readonly ports: readonly number[];
  readonly path: string;
  /** For the Host header; the address when not given. */
  readonly hostName?: string;
  /** How they are secured (wss://); not at all when not given. */
  readonly tls?: TlsOptions;
}
