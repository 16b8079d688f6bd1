import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer } from 'node:tls';
import { serverCertificate } from './certificates.ts';

/** Keys of one direction, computed with Node's own cryptography: nothing of the load generator's. */
class Keys {
  #secret: Buffer;
  #sequence: bigint;

  constructor(secret: Buffer, sequence = 0n) {
    this.#secret = secret;
    this.#sequence = sequence;
  }

  #expand(label: string, length: number): Buffer {
    const name = Buffer.from(`tls13 ${label}`);
    const info = Buffer.concat([Buffer.of(0, length, name.length), name, Buffer.of(0, 1)]);
    return createHmac('sha256', this.#secret).update(info).digest().subarray(0, length);
  }

  update(): void {
    this.#secret = this.#expand('traffic upd', 32);
    this.#sequence = 0n;
  }

  #nonce(): Buffer {
    const nonce = this.#expand('iv', 12);
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ this.#sequence, 4);
    this.#sequence += 1n;
    return nonce;
  }

  seal(inner: Buffer): Buffer {
    const header = Buffer.of(23, 3, 3, 0, 0);
    header.writeUInt16BE(inner.length + 16, 3);
    const cipher = createCipheriv('aes-128-gcm', this.#expand('key', 16), this.#nonce()).setAAD(header);
    return Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()]);
  }

  open(record: Buffer): Buffer {
    const cipher = createDecipheriv('aes-128-gcm', this.#expand('key', 16), this.#nonce());
    cipher.setAAD(record.subarray(0, 5)).setAuthTag(record.subarray(-16));
    return Buffer.concat([cipher.update(record.subarray(5, -16)), cipher.final()]);
  }
}

/** A record of the client, opened: its type and content. */
interface OpenedRecord {
  readonly type: number;
  readonly content: Buffer;
}

/** A connection whose handshake a server of Node has done, and whose records the test writes itself. */
export interface OddConnection {
  /** Seals a record: content, type, and so many bytes of padding. */
  seal(type: number, content: Buffer, padding?: number): Buffer;
  /** Seals whatever there is inside. */
  sealInner(inner: Buffer): Buffer;
  /** The server's next keys are used from now on, as a KeyUpdate of its own says. */
  updateServerKeys(): void;
  /** The connection to the client, which takes bytes as they are. */
  readonly socket: Socket;
  /** Sends bytes as they are. */
  send(...records: readonly Buffer[]): void;
  /** What the client has sent since its handshake; keys are followed through its KeyUpdates. */
  readonly received: readonly OpenedRecord[];
}

/**
 * A TLS 1.3 server with odd records; the connections to `port` are handed to `connected` as their handshakes are done, or, where that is
 * given, to `asked` as soon as their clients have sent a first record, whose content it gets.
 */
export async function oddServer(
  context: Pick<TestContext, 'after'>,
  connected: (connection: OddConnection) => void,
  asked?: (connection: OddConnection, request: Buffer) => void,
): Promise<{ readonly port: number }> {
  const { certificate, key } = serverCertificate();
  const ends: (() => void)[] = [];
  const front = createTcpServer((client) => {
    // A server for each connection, whose secrets are then known to be its.
    const real = createServer({ cert: certificate, key, ciphers: 'TLS_AES_128_GCM_SHA256' });
    const secrets = new Map<string, Buffer>();
    real.on('keylog', (line: Buffer) => {
      const [label = '', , secret = ''] = line.toString().trim().split(' ');
      secrets.set(label, Buffer.from(secret, 'hex'));
    });
    real.on('tlsClientError', () => undefined);
    client.on('error', () => undefined);
    ends.push(
      () => void client.destroy(),
      () => void real.close(),
    );
    real.listen(0, '127.0.0.1', () => {
      const behind = connect((real.address() as AddressInfo).port, '127.0.0.1');
      ends.push(() => void behind.destroy());
      behind.on('error', () => undefined);
      real.once('secureConnection', (secured) => {
        if (asked === undefined) connected(takeOver(client, behind, secrets));
        else secured.once('data', (request: Buffer) => asked(takeOver(client, behind, secrets, 1n), request));
      });
      behind.pipe(client, { end: false });
      client.pipe(behind);
      // The handshake's end is the client's second flight: what the server sends after it (its tickets) is dropped.
      client.once('data', () => client.once('data', () => behind.unpipe(client).resume()));
    });
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  context.after(() => {
    for (const end of ends) end();
    front.close();
  });
  return { port: (front.address() as AddressInfo).port };
}

/** Writes and reads in the real server's place, which has read so many records. */
function takeOver(
  client: Socket,
  behind: Socket,
  secrets: ReadonlyMap<string, Buffer>,
  recordsRead = 0n,
): OddConnection {
  const server = new Keys(secrets.get('SERVER_TRAFFIC_SECRET_0')!);
  const clients = new Keys(secrets.get('CLIENT_TRAFFIC_SECRET_0')!, recordsRead);
  const received: OpenedRecord[] = [];
  let unread = Buffer.alloc(0);
  client.unpipe(behind);
  client.on('data', (data) => {
    unread = Buffer.concat([unread, data]);
    while (unread.length >= 5 && unread.length >= 5 + unread.readUInt16BE(3)) {
      const end = 5 + unread.readUInt16BE(3);
      const inner = clients.open(unread.subarray(0, end));
      unread = unread.subarray(end);
      received.push({ type: inner.at(-1)!, content: inner.subarray(0, -1) });
      if (inner.at(-1) === 22 && inner[0] === 24) clients.update();
    }
  });
  client.resume();
  return {
    socket: client,
    seal: (type, content, padding = 0) => server.seal(Buffer.concat([content, Buffer.of(type), Buffer.alloc(padding)])),
    sealInner: (inner) => server.seal(inner),
    updateServerKeys: () => server.update(),
    send: (...records) => client.write(Buffer.concat(records)),
    received,
  };
}
