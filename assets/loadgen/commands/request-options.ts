import { UsageError } from './exit-codes.ts';
import type { OptionDescription, Options } from './options.ts';

/** Options of a command line that add to the upgrade request. */
export const requestOptionTable = {
  header: {
    kind: 'list',
    placeholder: "'Name: value'",
    about: 'a header of the upgrade request; may be given more than once',
  },
  subprotocol: { kind: 'value', placeholder: 'NAME,NAME', about: 'subprotocols to offer' },
  origin: { kind: 'value', placeholder: 'ORIGIN', about: 'the Origin header' },
} as const satisfies Readonly<Record<string, OptionDescription>>;

// RFC 9110, section 5: a token, then anything that can be seen, and blanks.
const headerForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\u0020-\u007e\u0080-\u00ff]*$/;
const tokenForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What the handshake itself says, RFC 6455, section 4.1. */
const ownHeaders = ['upgrade', 'connection', 'sec-websocket-key', 'sec-websocket-version', 'sec-websocket-extensions'];

/** What a command line adds to the upgrade request of every connection. */
export interface RequestOptions {
  /** Header lines, `Name: value`. */
  readonly headers: readonly string[];
  /** Of which the server may choose one. */
  readonly subprotocols: readonly string[];
}

/** Reads what is added to requests; a URL's user and password become Basic authorization. Throws {@link UsageError}. */
export function requestOptions(options: Options, url: URL): RequestOptions {
  const headers = options.texts('header').map(checkedHeader);
  const has = (name: string): boolean => headers.some((header) => header.toLowerCase().startsWith(`${name}:`));
  if (url.username !== '' || url.password !== '') {
    if (has('authorization')) throw new UsageError('--url has a user, and --header an Authorization: give one of them');
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.push(`Authorization: Basic ${Buffer.from(credentials).toString('base64')}`);
  }
  if (options.has('origin')) headers.push(checkedHeader(`Origin: ${options.text('origin')}`));
  const isToken = (value: string): boolean => tokenForm.test(value);
  const subprotocols = options.has('subprotocol') ? options.list('subprotocol', isToken, 'names of subprotocols') : [];
  if (subprotocols.length > 0) headers.push(`Sec-WebSocket-Protocol: ${subprotocols.join(', ')}`);
  return { headers, subprotocols };
}

function checkedHeader(header: string): string {
  const name = header.slice(0, header.indexOf(':')).toLowerCase();
  // Its value may be a secret, which is not for a log.
  if (!headerForm.test(header))
    throw new UsageError(`--header must be 'Name: value' on one line, got one named '${name}'`);
  if (ownHeaders.includes(name)) throw new UsageError(`--header cannot be ${name}: the handshake itself says that`);
  if (name === 'sec-websocket-protocol')
    throw new UsageError('--header cannot be Sec-WebSocket-Protocol: use --subprotocol');
  return header;
}
