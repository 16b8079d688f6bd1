import { deflateFailureTexts } from '../../../assets/loadgen/deflate/extension.ts';
import { tlsFailureTexts } from '../../../assets/loadgen/tls/tls-failures.ts';
import { httpCauses } from '../../../assets/loadgen/websocket/http-causes.ts';
import type { Wall } from '../schema/verdict.ts';
import type { Evidence } from './evidence.ts';

const endedByServer = [
  'ECONNRESET',
  'EPIPE',
  'closedByServer',
  'closeFrame',
  'protocolError',
  'badHandshake',
  'wrongAccept',
  'unaskedExtension',
  'unaskedSubprotocol',
  ...httpCauses,
];
const notReading = ['sendQueueFull'];
const noWay = ['ENETUNREACH', 'EHOSTUNREACH'];
const unanswered = ['ETIMEDOUT', 'handshakeTimeout', 'tlsTimeout'];
const insecure = Object.keys(tlsFailureTexts).filter((cause) => !unanswered.includes(cause));
const deflated = Object.keys(deflateFailureTexts);
const refused = ['ECONNREFUSED'];

type Counts = Readonly<Record<string, number>>;

/**
 * How attempts failed, as the clients saw it: what is left to say of a run that was stopped where no cause was found. What a server
 * ended of its own accord after all were open is noted.
 */
export function symptoms({ reached, result }: Evidence): readonly Wall[] {
  const { connectFailures, lost, attempts } = result.connections;
  const wall = (
    name: Wall['wall'],
    causes: readonly string[],
    evidenceOf: (count: number) => string,
  ): readonly Wall[] => {
    const count = countOf(connectFailures, causes);
    if (count === 0) return [];
    const evidence = `${evidenceOf(count)} (${listOf(connectFailures, causes)})`;
    return [{ wall: name, effect: 'stopped', host: null, evidence }];
  };
  const loss = (
    name: Wall['wall'],
    causes: readonly string[],
    evidenceOf: (count: number) => string,
  ): readonly Wall[] => {
    const count = countOf(lost, causes);
    if (count === 0) return [];
    const evidence = `${evidenceOf(count)} (${listOf(lost, causes)})`;
    return [{ wall: name, effect: reached ? 'noted' : 'stopped', host: null, evidence }];
  };
  const losses = [
    ...loss(
      'serverClosed',
      [...endedByServer, ...insecure, ...deflated],
      (count) => `the server ended ${count} connections that were open`,
    ),
    ...loss('timeouts', notReading, (count) => `the server stopped reading from ${count} connections that were open`),
  ];
  if (reached) return losses;
  return [
    ...wall('serverClosed', endedByServer, (count) => `the server ended ${count} of ${attempts} attempts itself`),
    ...wall('serverClosed', insecure, (count) => `TLS failed in ${count} of ${attempts} attempts`),
    ...wall('serverClosed', deflated, (count) => `--deflate was answered wrongly in ${count} of ${attempts} attempts`),
    ...wall('refused', refused, (count) => `${count} attempts were refused: nothing listened on a port of the server`),
    ...wall('unreachable', noWay, (count) => `${count} attempts found no route to the server`),
    ...wall('timeouts', unanswered, (count) => `${count} attempts had no answer in time`),
    ...losses,
  ];
}

function countOf(counts: Counts, causes: readonly string[]): number {
  return causes.reduce((sum, cause) => sum + (counts[cause] ?? 0), 0);
}

function listOf(counts: Counts, causes: readonly string[]): string {
  return causes
    .filter((cause) => (counts[cause] ?? 0) > 0)
    .map((cause) => `${counts[cause] ?? 0} ${cause}`)
    .join(', ');
}
