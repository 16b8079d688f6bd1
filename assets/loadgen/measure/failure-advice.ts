import type { FailureCause, FailureCounts, LoadCounts } from '../raw.ts';
import { httpCauses } from '../websocket/http-causes.ts';

const credentials =
  "give what it asks for: user:password in --url, --header 'Authorization: …', or --header 'Cookie: …'";
const redirect = 'give the URL that it redirects to';
const path = 'check that the path of --url accepts WebSocket connections';
const request =
  'compare the request with what the server expects: ws:// or wss://, path, --header, --origin, --subprotocol';
const overload = 'give fewer connections or a lower rate, or raise the limit of the server or proxy that answers so';
const upstream = 'check the server behind the proxy that answers, and what both have logged';
const answer = 'see what the server, or a proxy in front of it, has logged: it answers so by itself';
const protocol = 'correct what the server, or the proxy in front of it, sends: it breaks RFC 6455 as shown';
const ended = 'see what the server, or a proxy in front of it, has logged, and its limits and idle time-outs';
const route = 'check the route to the server, and that no firewall drops what is sent to it';
const ports = 'give --sources that this machine has, or more of them, or a wider range of --local-ports';

/** Of attempts. */
const byFailure: Partial<Record<FailureCause, string>> = {
  ...Object.fromEntries(httpCauses.map((cause) => [cause, answer])),
  http200: path,
  http301: redirect,
  http302: redirect,
  http303: redirect,
  http307: redirect,
  http308: redirect,
  http400: request,
  http401: credentials,
  http403: `${credentials}; or the --origin that it allows`,
  http404: path,
  http405: path,
  http410: path,
  http426: request,
  http429: overload,
  http502: upstream,
  http503: overload,
  http504: upstream,
  wrongAccept: protocol,
  unaskedExtension: protocol,
  unaskedSubprotocol: 'offer it with --subprotocol, or have the server choose none that was not offered',
  badHandshake: protocol,
  closedByServer: `check whether it is ws:// or wss:// on this port; ${ended}`,
  ECONNRESET: `check whether it is ws:// or wss:// on this port; ${ended}`,
  handshakeTimeout:
    'check that what listens there accepts WebSocket connections: it has not answered the upgrade in full and in time',
  ECONNREFUSED: 'check that a server listens at that address and port',
  ETIMEDOUT: route,
  ENETUNREACH: route,
  EHOSTUNREACH: route,
  EADDRINUSE: ports,
  EADDRNOTAVAIL: ports,
  EMFILE: 'raise the limit of open files (ulimit -n), or have more load processes',
  ENFILE: 'raise fs.file-max',
};

/** Of connections that were open. */
const byLoss: Partial<Record<FailureCause, string>> = {
  closeFrame: 'see the codes and reasons that the server closed with, and what it has logged',
  closedByServer: ended,
  ECONNRESET: ended,
  protocolError: protocol,
  sendQueueFull: 'send less (rate, bytes), or see why the server does not read',
};

/**
 * What to do about connections that were given up, or were lost, by the most frequent cause that tells; undefined where none does. Attempts
 * that were made again with success need nothing.
 */
export function failureAdvice({
  connectFailures,
  lost,
  abandoned,
}: Pick<LoadCounts, 'connectFailures' | 'lost' | 'abandoned'>): string | undefined {
  return (abandoned > 0 ? mostFrequent(connectFailures, byFailure) : undefined) ?? mostFrequent(lost, byLoss);
}

function mostFrequent(counts: FailureCounts, advice: typeof byLoss): string | undefined {
  return (Object.entries(counts) as [FailureCause, number][])
    .toSorted((a, b) => b[1] - a[1])
    .map(([cause]) => advice[cause])
    .find((text) => text !== undefined);
}
