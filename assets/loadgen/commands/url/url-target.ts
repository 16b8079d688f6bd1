import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Target } from '../../connections/target.ts';
import { EnvironmentError, UsageError } from '../exit-codes.ts';
import type { Options } from '../options.ts';
import { deflateOption, requestOptionTable, requestOptions } from '../request-options.ts';
import { bareHost, serverUrl, withoutCredentials, type ServerUrl } from '../server-url.ts';
import { refuseTlsOptions, tlsOptionTable, tlsOptions } from '../tls-options.ts';
import { readStamp } from './stamp-option.ts';
import { findReachable, type Unreachable } from './reachable.ts';

/** How connections to a URL are requested and secured: the options that `loadgen --url` and `c1m run --url` have in common. */
export const urlOptionTable = { ...requestOptionTable, ...tlsOptionTable } as const;

/** How long an attempt to connect may take until its upgrade is answered. */
export const handshakeSeconds = 10;

/** More than any server of the lab takes. */
const helloMost = 2 ** 20;

const sourcesHint = 'give --sources of the family that the server has';

/** A server that only has a URL, and how connections to it are made. */
export interface UrlTarget {
  readonly server: ServerUrl;
  readonly target: Target;
  /** Where broadcasts are published. */
  readonly publishTarget: Target;
  /** This host's addresses that connections come from. */
  readonly sources: readonly string[];
  /** Addresses of the server's name that take no connection, and get none. */
  readonly leftOut: readonly Unreachable[];
}

/**
 * Reads a URL, the options of {@link urlOptionTable} and `--sources`. Throws UsageError for what cannot be, EnvironmentError for a name
 * that does not resolve.
 */
export async function readUrlTarget(url: string, options: Options): Promise<UrlTarget> {
  const server = await serverUrl(url);
  if (!server.isSecure && !publishesOverTls(options)) refuseTlsOptions(options, `--url is ${withoutCredentials(url)}`);
  const sources = sourcesOf(options);
  const addresses = server.addresses.filter((address) => isAny(sources) || isIP(address) === isIP(sources[0]!));
  if (addresses.length === 0) {
    throw new EnvironmentError(`--sources are IPv${isIP(sources[0]!)}, but ${server.hostName} has no such address`, {
      hint: sourcesHint,
    });
  }
  const { reachable, leftOut } =
    addresses.length === 1 ? { reachable: addresses, leftOut: [] } : await findReachable(addresses, server.port);
  const [address = '', ...otherAddresses] = reachable;
  const target = await targetOf(server, address, options, new URL(url));
  const hello = options.has('hello') ? { hello: readHello(options.text('hello')) } : {};
  const stamp = options.has('stamp') ? { stamp: readStamp(options.text('stamp'), reachable) } : {};
  return {
    server,
    target: { ...target, ...hello, ...stamp, ...(otherAddresses.length === 0 ? {} : { otherAddresses }) },
    publishTarget: options.has('publish-url')
      ? await publishTarget(options.text('publish-url'), options, sources)
      : { ...target, path: '/publish' },
    sources,
    leftOut,
  };
}

async function targetOf(server: ServerUrl, address: string, options: Options, url: URL): Promise<Target> {
  return {
    address,
    ports: [server.port],
    path: server.path,
    hostName: server.hostName,
    defaultPort: server.defaultPort,
    ...requestOptions(options, url),
    deflate: await deflateOption(options),
    ...(server.isSecure ? { tls: await tlsOptions(options, bareHost(server.hostName)) } : {}),
  };
}

function publishesOverTls(options: Options): boolean {
  return options.has('publish-url') && URL.parse(options.text('publish-url'))?.protocol === 'wss:';
}

/** One connection publishes, whatever addresses the name has: the service is to see to the rest. */
async function publishTarget(url: string, options: Options, sources: readonly string[]): Promise<Target> {
  const server = await serverUrl(url, 'publish-url');
  const address = server.addresses.find((each) => isAny(sources) || isIP(each) === isIP(sources[0]!));
  if (address === undefined) {
    throw new EnvironmentError(`${server.hostName} has no address of the family of --sources`, { hint: sourcesHint });
  }
  return targetOf(server, address, options, new URL(url));
}

/** Any address of this host, where none are asked for: the kernel takes the one that the route to the server has. */
function sourcesOf(options: Options): readonly string[] {
  if (!options.has('sources')) return ['0.0.0.0'];
  const sources = options.list('sources', (value) => isIP(value) !== 0, 'IP addresses');
  if (new Set(sources).size < sources.length) throw new UsageError('--sources names an address twice');
  if (new Set(sources.map(isIP)).size > 1) throw new UsageError('--sources must be all IPv4 or all IPv6');
  return sources;
}

function isAny([first]: readonly string[]): boolean {
  return first === '0.0.0.0';
}

function readHello(text: string): string {
  const bytes = text.startsWith('@') ? readFile(text.slice(1)) : Buffer.from(text);
  if (bytes.length > helloMost) throw new UsageError(`--hello must be at most ${helloMost} bytes, got ${bytes.length}`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new UsageError('--hello must be text in UTF-8', { cause: error });
  }
}

function readFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`--hello cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
