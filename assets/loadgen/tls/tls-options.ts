/** How connections are secured. Plain data: load processes get it as JSON. */
export interface TlsOptions {
  /** The name that is asked for (SNI) and that the certificate must be for; an IP address is only checked, as SNI takes none. */
  readonly serverName: string;
  /** Certificates (PEM, one after the other) that the server's must lead to; null: any certificate will do. */
  readonly trusted: string | null;
  /** Whether later connections of a process resume the session of an earlier one. */
  readonly resume: boolean;
}
