import { createHash, randomBytes } from 'node:crypto';

const acceptGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const keyCount = 256;

/** A Sec-WebSocket-Key, and the Sec-WebSocket-Accept that a server must answer it with (RFC 6455, section 4). */
export interface Key {
  readonly key: string;
  readonly accept: string;
}

/**
 * Random keys for one load process, which takes them in turn: a hash for every connection would cost more than all else
 * that is done for it, and loading the crypto module as much as 200 connections.
 */
export function makeKeys(): readonly Key[] {
  return Array.from({ length: keyCount }, () => {
    const key = randomBytes(16).toString('base64');
    return { key, accept: acceptFor(key) };
  });
}

/** The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key. */
export function acceptFor(key: string): string {
  return createHash('sha1')
    .update(key + acceptGuid)
    .digest('base64');
}
