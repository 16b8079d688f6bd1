import type { Stamp } from '../measure/stamp.ts';
import type { TlsOptions } from '../tls/tls-options.ts';
import type { HeaderValues } from '../websocket/request-values.ts';

/** Where connections go: one server, several ports or addresses. */
export interface Target {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** Further addresses of the same family or another, each with the same ports: all are used in turn. */
  readonly otherAddresses?: readonly string[];
  readonly ports: readonly number[];
  readonly path: string;
  /** For the Host header; the address when not given. */
  readonly hostName?: string;
  /** The port that the scheme implies, which Host leaves out. */
  readonly defaultPort?: number;
  /** Header lines that requests have besides, `Name: value`. */
  readonly headers?: readonly string[];
  /** Headers with a value for each connection. */
  readonly headerValues?: readonly HeaderValues[];
  /** A text that each connection sends first. */
  readonly hello?: string;
  /** Where messages that the server pushes say when they were sent. */
  readonly stamp?: Stamp;
  /** Subprotocols that are offered. */
  readonly subprotocols?: readonly string[];
  /** Whether messages may be compressed: permessage-deflate is offered. */
  readonly deflate?: boolean;
  /** How they are secured (wss://); not at all when not given. */
  readonly tls?: TlsOptions;
}

/** One place where a target is to be found. */
interface ServerEndpoint {
  readonly address: string;
  readonly port: number;
}

/** All places where a target is to be found, in the order in which connections use them. */
export function endpointsOf({ address, otherAddresses = [], ports }: Target): readonly ServerEndpoint[] {
  return ports.flatMap((port) => [address, ...otherAddresses].map((each) => ({ address: each, port })));
}
