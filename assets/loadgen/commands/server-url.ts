import { lookup } from 'node:dns/promises';
import { EnvironmentError, UsageError } from './exit-codes.ts';

/** The server that a URL names, its name resolved. */
export interface ServerUrl {
  /** As the URL has it: an IPv6 address in brackets. */
  readonly hostName: string;
  /** The first of its addresses. */
  readonly address: string;
  /** Every address that it has, IPv4 first. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** What the scheme implies. */
  readonly defaultPort: number;
  /** wss://. */
  readonly isSecure: boolean;
}

/** A URL's host without the brackets of an IPv6 address. */
export function bareHost(hostName: string): string {
  return hostName.replace(/^\[|\]$/g, '');
}

/** Reads a ws:// or wss:// URL that an option has; throws {@link UsageError} for what the load generator cannot do, and {@link EnvironmentError} for a name that does not resolve. */
export async function serverUrl(text: string, option = 'url'): Promise<ServerUrl> {
  if (!URL.canParse(text)) {
    throw new UsageError(`--${option} must be such as ws://host:port/, got '${withoutCredentials(text)}'`);
  }
  const url = new URL(text);
  const isSecure = url.protocol === 'wss:';
  if (!isSecure && url.protocol !== 'ws:') {
    throw new UsageError(`--${option} must begin with ws:// or wss://, got '${withoutCredentials(text)}'`);
  }
  const hostName = url.hostname;
  const addresses = await addressesOf(bareHost(hostName));
  const defaultPort = isSecure ? 443 : 80;
  const port = url.port === '' ? defaultPort : Number(url.port);
  return { hostName, address: addresses[0]!, addresses, port, defaultPort, path: url.pathname + url.search, isSecure };
}

async function addressesOf(host: string): Promise<readonly string[]> {
  try {
    const found = await lookup(host, { all: true });
    return [...new Set(found.toSorted((a, b) => a.family - b.family).map(({ address }) => address))];
  } catch (error) {
    throw new EnvironmentError(`no address found for '${host}' (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
      hint: 'check the name, and that this machine can resolve it',
    });
  }
}

/** A URL, or what was given for one, as it may be shown and kept: without the user and password that it may hold. */
export function withoutCredentials(text: string): string {
  const url = URL.parse(text);
  // Where no host can be told, as in `user:password@host`, all before the last @ may be the password.
  if (url === null || url.host === '') return text.replace(/^(\w+:\/\/)?.*@/s, '$1');
  if (url.username === '' && url.password === '') return text;
  url.username = '';
  url.password = '';
  return url.href;
}
