import { UsageError } from './exit-codes.ts';
import type { OptionDescription, Options } from './options.ts';
import type { HeaderValues } from '../websocket/request-values.ts';
import { stampUnits } from '../measure/stamp.ts';
import { readHeaderFile, valueForm } from './url/header-file.ts';

/** Options of a command line that add to the upgrade request. */
export const requestOptionTable = {
  header: {
    kind: 'list',
    placeholder: "'Name: value'",
    about: 'a header of the upgrade request; may be given more than once',
  },
  'header-file': {
    kind: 'value',
    placeholder: 'FILE',
    about:
      "headers, one a line; 'Name: @FILE' takes the next line of that file for each connection (tokens, cookies), round and round",
  },
  subprotocol: { kind: 'value', placeholder: 'NAME,NAME', about: 'subprotocols to offer' },
  origin: { kind: 'value', placeholder: 'ORIGIN', about: 'the Origin header' },
  hello: {
    kind: 'value',
    placeholder: 'TEXT',
    about: 'a message that each connection sends first; @FILE: what that file holds',
  },
  'publish-url': {
    kind: 'value',
    placeholder: 'URL',
    about: 'where broadcasts are published, one connection; default: /publish of the same server',
  },
  deflate: {
    kind: 'flag',
    placeholder: '',
    about: 'offer to compress messages (permessage-deflate, RFC 7692), with no window kept between them',
  },
  stamp: {
    kind: 'value',
    placeholder: 'json:FIELD:UNIT',
    about: `where pushed messages say when they were sent (or pattern:EXPRESSION:UNIT); unit: ${stampUnits.join(', ')}`,
  },
} as const satisfies Readonly<Record<string, OptionDescription>>;

// RFC 9110, section 5: a token, then anything that can be seen, and blanks.
const headerForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\u0020-\u007e\u0080-\u00ff]*$/;
const tokenForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What the handshake itself says, RFC 6455, section 4.1. */
const ownHeaders = ['upgrade', 'connection', 'sec-websocket-key', 'sec-websocket-version', 'sec-websocket-extensions'];

/** What a command line adds to the upgrade request of every connection. */
export interface RequestOptions {
  /** Header lines, `Name: value`, a character for each byte. */
  readonly headers: readonly string[];
  /** Headers with a value for each connection. */
  readonly headerValues: readonly HeaderValues[];
  /** Of which the server may choose one. */
  readonly subprotocols: readonly string[];
}

/** Reads what is added to requests; a URL's user and password become Basic authorization. Throws {@link UsageError}. */
export function requestOptions(options: Options, url: URL): RequestOptions {
  const file = options.has('header-file')
    ? readHeaderFile(options.text('header-file'), checkedHeader)
    : { headers: [], values: [] };
  const headers = [...options.texts('header').map((header) => checkedHeader(asGiven(header))), ...file.headers];
  const has = (name: string): boolean =>
    [...headers, ...file.values.map((each) => `${each.name}:`)].some((header) =>
      header.toLowerCase().startsWith(`${name}:`),
    );
  if (url.username !== '' || url.password !== '') {
    if (has('authorization')) throw new UsageError('--url has a user, and --header an Authorization: give one of them');
    const credentials = `${decoded(url.username)}:${decoded(url.password)}`;
    headers.push(`Authorization: Basic ${Buffer.from(credentials).toString('base64')}`);
  }
  if (options.has('origin')) {
    const origin = asGiven(options.text('origin'));
    if (!valueForm.test(origin)) throw new UsageError('--origin must be one line, without control characters');
    headers.push(`Origin: ${origin}`);
  }
  const isToken = (value: string): boolean => tokenForm.test(value);
  const subprotocols = options.has('subprotocol') ? options.list('subprotocol', isToken, 'names of subprotocols') : [];
  if (subprotocols.length > 0) headers.push(`Sec-WebSocket-Protocol: ${subprotocols.join(', ')}`);
  return { headers, headerValues: file.values, subprotocols };
}

/** Whether messages are to be compressed. Throws Error where Node has no zlib to be called. */
export async function deflateOption(options: Options): Promise<boolean> {
  if (options.flag('deflate')) await import('../deflate/zlib.ts');
  return options.flag('deflate');
}

/** A part of a URL without its percent-encoding; as it is where a percent sign stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Text with a character for each of its bytes in UTF-8: requests are sent so, and a header's bytes as they were given. */
function asGiven(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function checkedHeader(header: string, place = '--header'): string {
  const colon = header.indexOf(':');
  const name = Buffer.from(header.slice(0, Math.max(colon, 0)), 'latin1')
    .toString()
    .toLowerCase();
  if (!headerForm.test(header)) {
    // Its value may be a secret, which is not for a log.
    const got = colon === -1 ? 'one without a colon' : `one named '${name}'`;
    throw new UsageError(`${place} must be 'Name: value' on one line, got ${got}`);
  }
  if (ownHeaders.includes(name)) throw new UsageError(`${place} cannot be ${name}: the handshake itself says that`);
  if (name === 'sec-websocket-protocol')
    throw new UsageError(`${place} cannot be Sec-WebSocket-Protocol: use --subprotocol`);
  return header;
}
