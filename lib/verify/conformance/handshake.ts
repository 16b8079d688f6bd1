import { encodeFrame } from '../client/frame.ts';
import { RawClient } from '../client/raw-client.ts';
import { upgradeRequest } from '../client/upgrade.ts';
import { describeAnswers, observeRequest, text, type ConformanceCase } from './conformance-case.ts';

function requestCase(name: string, what: string, section: string, asks: string, request: string): ConformanceCase {
  return { name, what, section, asks, observe: (port) => observeRequest(port, request) };
}

const key = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');
const refused = '4xx';
const lowerCase = upgradeRequest('/').replaceAll(/^[A-Z][\w-]+:/gim, (name) => name.toLowerCase());

/** Requests for an upgrade, whole and not. */
export const handshakeCases: readonly ConformanceCase[] = [
  requestCase('no-upgrade', 'a plain GET', 'RFC 9110, 15.5.22', '426', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
  requestCase('unknown-path', 'an upgrade of another path', 'RFC 9110, 15.5.5', '404', upgradeRequest('/other')),
  requestCase('path-below', 'an upgrade of `/publish/`', 'RFC 9110, 15.5.5', '404', upgradeRequest('/publish/')),
  requestCase('query', 'an upgrade with a query', 'RFC 6455, 3', '101', upgradeRequest('/?x=1&y=%20')),
  requestCase(
    'absolute-target',
    'an upgrade whose target is a whole URL',
    'RFC 9112, 3.2.2',
    '101',
    upgradeRequest('http://127.0.0.1/'),
  ),
  requestCase('lower-case', 'header names in lower case', 'RFC 9110, 5.1', '101', lowerCase),
  requestCase(
    'upper-case-tokens',
    '`Upgrade: WEBSOCKET`',
    'RFC 6455, 4.2.1',
    '101',
    upgradeRequest('/', { Upgrade: 'WEBSOCKET', Connection: 'UPGRADE' }),
  ),
  requestCase(
    'several-tokens',
    '`Connection: keep-alive, Upgrade`',
    'RFC 6455, 4.2.1',
    '101',
    upgradeRequest('/', { Connection: 'keep-alive, Upgrade' }),
  ),
  requestCase(
    'two-connection-headers',
    'the tokens in two Connection headers',
    'RFC 9110, 5.3',
    '101',
    upgradeRequest('/').replace('Connection: Upgrade', 'Connection: keep-alive\r\nConnection: Upgrade'),
  ),
  requestCase('no-key', 'no key', 'RFC 6455, 4.2.1', refused, upgradeRequest('/', { 'Sec-WebSocket-Key': null })),
  requestCase(
    'key-of-15-bytes',
    'a key of 15 bytes',
    'RFC 6455, 4.2.1',
    refused,
    upgradeRequest('/', { 'Sec-WebSocket-Key': key(15) }),
  ),
  requestCase(
    'key-not-base64',
    'a key that is no base64',
    'RFC 6455, 4.2.1',
    refused,
    upgradeRequest('/', { 'Sec-WebSocket-Key': '!!!!' }),
  ),
  requestCase(
    'no-version',
    'no version',
    'RFC 6455, 4.2.1',
    refused,
    upgradeRequest('/', { 'Sec-WebSocket-Version': null }),
  ),
  ...['8', '12', '013'].map((version) =>
    requestCase(
      `version-${version}`,
      `version ${version}`,
      'RFC 6455, 4.2.2',
      refused,
      upgradeRequest('/', { 'Sec-WebSocket-Version': version }),
    ),
  ),
  requestCase(
    'no-upgrade-header',
    'no header Upgrade',
    'RFC 6455, 4.2.1',
    refused,
    upgradeRequest('/', { Upgrade: null }),
  ),
  requestCase('other-protocol', '`Upgrade: h2c`', 'RFC 6455, 4.2.1', refused, upgradeRequest('/', { Upgrade: 'h2c' })),
  requestCase(
    'no-connection-header',
    'no header Connection',
    'RFC 6455, 4.2.1',
    refused,
    upgradeRequest('/', { Connection: null }),
  ),
  requestCase(
    'connection-close',
    '`Connection: close`',
    'RFC 6455, 4.2.1',
    refused,
    upgradeRequest('/', { Connection: 'close' }),
  ),
  requestCase(
    'post',
    'POST',
    'RFC 6455, 4.1',
    refused,
    upgradeRequest('/', { 'Content-Length': '0' }).replace('GET', 'POST'),
  ),
  requestCase('http-1-0', 'HTTP/1.0', 'RFC 6455, 4.1', refused, upgradeRequest('/').replace('HTTP/1.1', 'HTTP/1.0')),
  requestCase('no-host', 'no header Host', 'RFC 9112, 3.2', refused, upgradeRequest('/', { Host: null })),
  requestCase(
    'two-hosts',
    'two headers Host',
    'RFC 9112, 3.2',
    refused,
    upgradeRequest('/').replace('Host:', 'Host: 127.0.0.1\r\nHost:'),
  ),
  requestCase(
    'subprotocols',
    'subprotocols offered',
    'RFC 6455, 4.2.2',
    'any',
    upgradeRequest('/', { 'Sec-WebSocket-Protocol': 'chat, superchat' }),
  ),
  requestCase(
    'compression',
    'compression offered',
    'RFC 7692, 5',
    'any',
    upgradeRequest('/', { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }),
  ),
  {
    name: 'early-data',
    what: 'a message before the answer to the upgrade',
    section: 'RFC 6455, 4.1',
    asks: 'any',
    observe: async (port) => {
      const client = await RawClient.tcp({ port });
      try {
        const frames = ['early', 'still there?'].map((payload) => encodeFrame(text(payload)));
        client.write(Buffer.concat([Buffer.from(upgradeRequest('/')), ...frames]));
        const answer = await client.httpAnswerOrEnd();
        if (answer === null) return 'end';
        return answer.status === 101 ? await describeAnswers(port, client) : `${answer.status}`;
      } finally {
        client.destroy();
      }
    },
  },
];
