import type { TlsOptions } from '../tls/tls-options.ts';

/** Where connections go: one server, several ports. */
export interface Target {
  readonly address: string;
  readonly ports: readonly number[];
  readonly path: string;
  /** For the Host header; the address when not given. */
  readonly hostName?: string;
  /** The port that the scheme implies, which Host leaves out. */
  readonly defaultPort?: number;
  /** Header lines that requests have besides, `Name: value`. */
  readonly headers?: readonly string[];
  /** Subprotocols that are offered. */
  readonly subprotocols?: readonly string[];
  /** How they are secured (wss://); not at all when not given. */
  readonly tls?: TlsOptions;
}
