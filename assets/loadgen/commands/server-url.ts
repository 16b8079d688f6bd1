import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { EnvironmentError, UsageError } from './exit-codes.ts';

/** The server that a URL names, its name resolved. */
export interface ServerUrl {
  readonly hostName: string;
  /** IPv4. */
  readonly address: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** What the scheme implies. */
  readonly defaultPort: number;
  /** wss://. */
  readonly isSecure: boolean;
}

/** Reads a ws:// or wss:// URL; throws {@link UsageError} for what the load generator cannot do, and {@link EnvironmentError} for a name that does not resolve. */
export async function serverUrl(text: string): Promise<ServerUrl> {
  if (!URL.canParse(text)) throw new UsageError(`--url must be such as ws://host:port/, got '${text}'`);
  const url = new URL(text);
  const isSecure = url.protocol === 'wss:';
  if (!isSecure && url.protocol !== 'ws:') {
    throw new UsageError(`--url must begin with ws:// or wss://, got '${withoutCredentials(text)}'`);
  }
  const hostName = url.hostname;
  if (isIPv6(hostName.replace(/^\[|\]$/g, ''))) {
    throw new UsageError(`--url has the IPv6 address ${hostName}, but the load generator speaks IPv4 only`);
  }
  let address: string;
  try {
    ({ address } = await lookup(hostName, { family: 4 }));
  } catch (error) {
    throw new EnvironmentError(`no IPv4 address found for '${hostName}' (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
  const defaultPort = isSecure ? 443 : 80;
  const port = url.port === '' ? defaultPort : Number(url.port);
  return { hostName, address, port, defaultPort, path: url.pathname + url.search, isSecure };
}

/** A URL as it may be shown and kept: without the user and password that it may hold. */
export function withoutCredentials(text: string): string {
  const url = new URL(text);
  if (url.username === '' && url.password === '') return text;
  url.username = '';
  url.password = '';
  return url.href;
}
