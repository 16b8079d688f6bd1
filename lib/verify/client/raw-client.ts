import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely, createSecureContext, type ConnectionOptions, type SecureContext } from 'node:tls';
import { deflateOffer } from '../../../assets/loadgen/deflate/extension.ts';
import { patienceMillis, within } from './deadline.ts';
import { compress, deflated, inflate } from './deflate.ts';
import { closePayload, decodeFrame, encodeFrame, opcodes, type Frame, type FrameToSend } from './frame.ts';
import { checkUpgrade, upgradeRequest, type HttpAnswer } from './upgrade.ts';

/** Where a server listens on this machine. */
export interface Endpoint {
  readonly port: number;
  /** Whether it speaks TLS; it does not when left out. */
  readonly isSecure?: boolean;
  /** Whether messages are to be compressed; they are not when left out. */
  readonly deflates?: boolean;
}

let sharedContext: SecureContext | undefined;

/** How TLS is spoken: nobody vouches for a key that was made for this server a moment ago. One context serves all, as making one takes 0.3 ms. */
function securely(): ConnectionOptions {
  sharedContext ??= createSecureContext();
  return { secureContext: sharedContext, rejectUnauthorized: false };
}

/** A data message, put together from its frames. */
export interface Message {
  readonly binary: boolean;
  readonly payload: Buffer;
}

/**
 * A WebSocket client that does only what it is told: it answers no ping and no close, sends any bytes, and returns every
 * frame as it came. Where messages are to be compressed, whole ones are, and fragments are not.
 */
export class RawClient {
  readonly #socket: Socket;
  // Of TLS, what carries it; else the same.
  readonly #tcp: Socket;
  readonly #deflates: boolean;
  #received: Buffer[] = [];
  #wanted: (() => void) | null = null;
  #ended: string | null = null;
  readonly #openedMillis = performance.now();
  #endedMillis: number | null = null;

  private constructor(socket: Socket, tcp: Socket, deflates: boolean) {
    this.#socket = socket;
    this.#deflates = deflates;
    this.#tcp = tcp;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      this.#received.push(bytes);
      this.#wanted?.();
    });
    const end = (how: string) => {
      this.#ended ??= how;
      this.#endedMillis ??= performance.now();
      this.#wanted?.();
    };
    socket.on('end', () => end('FIN'));
    socket.on('error', (error) => end(String(error)));
    socket.on('close', () => end('closed'));
  }

  /** Opens a connection, of TCP or of TLS over it, and sends nothing. */
  static async tcp({ port, isSecure = false, deflates = false }: Endpoint, address = '127.0.0.1'): Promise<RawClient> {
    const tcp = connect({ port, host: address, allowHalfOpen: true });
    const socket = isSecure ? connectSecurely({ ...securely(), socket: tcp }) : tcp;
    await within(
      new Promise<void>((resolve, reject) => {
        socket.once(isSecure ? 'secureConnect' : 'connect', resolve);
        socket.once('error', reject);
      }),
      'TCP connection',
    );
    return new RawClient(socket, tcp, deflates);
  }

  /** Opens a WebSocket and checks the server's handshake. */
  static async open(endpoint: Endpoint, path: string): Promise<RawClient> {
    const client = await RawClient.tcp(endpoint);
    try {
      await client.upgrade(path);
    } catch (error) {
      client.destroy();
      throw error;
    }
    return client;
  }

  /** Asks for the upgrade and checks all of the answer. */
  async upgrade(path: string): Promise<void> {
    const key = randomBytes(16).toString('base64');
    const offer = this.#deflates ? deflateOffer : null;
    this.write(upgradeRequest(path, { 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Extensions': offer }));
    checkUpgrade(await this.httpAnswer(), key, this.#deflates);
  }

  /** The head of an HTTP answer; what came after it stays to be read as frames. */
  async httpAnswer(): Promise<HttpAnswer> {
    const answer = await this.httpAnswerOrEnd();
    if (answer === null) throw new Error(`no HTTP answer: the connection ended (${this.#howEnded()})`);
    return answer;
  }

  /** As {@link httpAnswer}, or null when the connection ended first. */
  async httpAnswerOrEnd(millis = patienceMillis): Promise<HttpAnswer | null> {
    return within(this.#httpAnswer(), 'HTTP answer', millis);
  }

  async #httpAnswer(): Promise<HttpAnswer | null> {
    for (;;) {
      const bytes = this.#take();
      const end = bytes.indexOf('\r\n\r\n');
      if (end >= 0) {
        this.#putBack(bytes.subarray(end + 4));
        const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
        const headers = lines.map((line): [string, string] => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
        });
        return {
          status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]),
          headers: new Map(headers),
        };
      }
      this.#putBack(bytes);
      if (this.#ended !== null) return null;
      await this.#more();
    }
  }

  write(bytes: Buffer | string): boolean {
    return this.#socket.write(bytes);
  }

  send(frame: FrameToSend): void {
    this.write(encodeFrame(this.#deflates ? compress(frame) : frame));
  }

  sendText(text: string): void {
    this.send({ opcode: opcodes.text, payload: text });
  }

  /** The next frame, or null when the connection ended first. */
  async frame(millis = patienceMillis): Promise<Frame | null> {
    return within(this.#frame(), 'frame', millis);
  }

  async #frame(): Promise<Frame | null> {
    for (;;) {
      const bytes = this.#take();
      const decoded = decodeFrame(bytes);
      if (decoded !== null) {
        this.#putBack(bytes.subarray(decoded.size));
        return decoded.frame;
      }
      this.#putBack(bytes);
      if (this.#ended !== null) return null;
      await this.#more();
    }
  }

  /** The next data message, of one frame or several; fails on anything else, such as a close or an end. */
  async message(millis = patienceMillis): Promise<Message> {
    const parts: Buffer[] = [];
    let first: Frame | null = null;
    for (;;) {
      const frame = await this.frame(millis);
      if (frame === null) throw new Error(`no message: the connection ended (${this.#howEnded()})`);
      const continues = first !== null;
      const allowed = this.#deflates && !continues && frame.opcode < opcodes.close ? [0, deflated] : [0];
      if (frame.masked || !allowed.includes(frame.reserved))
        throw new Error('a frame of the server is masked or has reserved bits');
      if (frame.opcode >= opcodes.close || continues !== (frame.opcode === opcodes.continuation)) {
        throw new Error(`no message: a frame of opcode ${frame.opcode} came (${frame.payload.toString('hex', 0, 40)})`);
      }
      first ??= frame;
      parts.push(frame.payload);
      if (!frame.fin) continue;
      const payload = Buffer.concat(parts);
      const isDeflated = first.reserved === deflated;
      return { binary: first.opcode === opcodes.binary, payload: isDeflated ? inflate(payload) : payload };
    }
  }

  /** The next message, which must be text. */
  async text(millis = patienceMillis): Promise<string> {
    const { binary, payload } = await this.message(millis);
    if (binary) throw new Error('a binary message came where text was expected');
    return payload.toString();
  }

  /** The code of the close frame that comes next, past data; 1005 for an empty one, null when there was none before the end. */
  async closeCode(millis = patienceMillis): Promise<number | null> {
    for (;;) {
      const frame = await this.frame(millis);
      if (frame === null) return null;
      if (frame.opcode === opcodes.close) return frame.payload.length < 2 ? 1005 : frame.payload.readUInt16BE(0);
    }
  }

  /** Waits until the server has ended the TCP connection, in whatever way. */
  async ended(millis = patienceMillis): Promise<void> {
    const wait = async () => {
      while (this.#ended === null) await this.#more();
    };
    await within(wait(), 'end of the connection', millis);
  }

  /** Closes as a WebSocket should: a close frame, its answer, and the end. */
  async close(): Promise<void> {
    this.send({ opcode: opcodes.close, payload: closePayload(1000) });
    await this.closeCode();
    this.destroy();
  }

  /** Sends FIN without a close frame. */
  half(): void {
    this.#socket.end();
  }

  /** Sends RST. */
  reset(): void {
    this.#tcp.resetAndDestroy();
  }

  /** Ends the connection from this side, unread. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Reads nothing more from the kernel until {@link resume}. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves when the kernel has taken all of `bytes`; fails when the connection ends before that, by the server's FIN too. */
  async taken(bytes: Buffer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const end = (): void => reject(new Error('the server ended the connection'));
    this.#socket.once('end', end);
    this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    try {
      await promise;
    } finally {
      this.#socket.off('end', end);
    }
  }

  // A server's own deadline ends connections, too.
  #howEnded(): string {
    const millis = (this.#endedMillis ?? performance.now()) - this.#openedMillis;
    return `${this.#ended ?? ''}, ${Math.round(millis)} ms after it was opened`;
  }

  /** How the connection ended, as this side saw it; null while it has not. */
  get ending(): string | null {
    return this.#ended;
  }

  get isEnded(): boolean {
    return this.#ended !== null;
  }

  #take(): Buffer {
    const bytes = this.#received.length === 1 ? this.#received[0] : Buffer.concat(this.#received);
    this.#received = [];
    return bytes ?? Buffer.alloc(0);
  }

  #putBack(bytes: Buffer): void {
    if (bytes.length > 0) this.#received.unshift(bytes);
  }

  /** Waits for more bytes than there are, or for the end. */
  async #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wanted = resolve;
    await promise;
    this.#wanted = null;
  }
}
