import { createHash, randomBytes } from 'node:crypto';
import { whatIsWrongWith } from '../../../assets/loadgen/deflate/extension.ts';

const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What a server answered to an HTTP request. */
export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
}

/** The headers of an upgrade, with a new key unless `changes` gives one; null leaves a header out. */
export function upgradeRequest(path: string, changes: Readonly<Record<string, string | null>> = {}): string {
  const headers = {
    Host: '127.0.0.1',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
    ...changes,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** Throws with what is wrong with the answer to an upgrade with a key, which offered to compress or not. */
export function checkUpgrade(answer: HttpAnswer, key: string, deflates: boolean): void {
  const expected = {
    upgrade: 'websocket',
    connection: 'upgrade',
    'sec-websocket-accept': createHash('sha1')
      .update(key + acceptSuffix)
      .digest('base64'),
  };
  if (answer.status !== 101) throw new Error(`the upgrade was answered with ${answer.status}, not 101`);
  for (const [name, wanted] of Object.entries(expected)) {
    const got = answer.headers.get(name) ?? '';
    const same = name === 'sec-websocket-accept' ? got === wanted : got.toLowerCase() === wanted;
    if (!same) throw new Error(`the upgrade's header ${name} must be '${wanted}', got '${got}'`);
  }
  const extension = answer.headers.get('sec-websocket-extensions');
  if (deflates && extension === undefined) throw new Error('the server declines permessage-deflate');
  const wrong = deflates && extension !== undefined ? whatIsWrongWith(extension) : null;
  if (wrong !== null) throw new Error(wrong.reason);
  for (const name of [...(deflates ? [] : ['sec-websocket-extensions']), 'sec-websocket-protocol']) {
    const got = answer.headers.get(name);
    if (got !== undefined) throw new Error(`the upgrade's answer has ${name}: '${got}', which nobody asked for`);
  }
}
