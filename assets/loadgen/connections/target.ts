/** Where connections go: one server, several ports. */
export interface Target {
  readonly address: string;
  readonly ports: readonly number[];
  readonly path: string;
  /** For the Host header; the address when not given. */
  readonly hostName?: string;
}
