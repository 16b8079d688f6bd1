import type { DeflateLayer } from '../../deflate/deflate-layer.ts';
import { allocate, type Memory } from '../../kernel/libc.ts';
import type { FailureCause } from '../../raw.ts';
import type { SecureLayer } from '../../tls/secure-layer.ts';
import { encodeInPlace, headerBytes } from '../../websocket/frame-encoder.ts';
import { deflatedBit } from '../../websocket/frame-header.ts';
import { closing, ping, pong, text } from '../../websocket/opcodes.ts';
import { writeDigits } from '../../websocket/digits.ts';
import { writePadding } from '../padding.ts';
import type { SendQueue } from './send-queue.ts';

/** Enough for every frame but long messages. */
const bufferBytes = 4096;

const shortHeader = headerBytes(0);

/** Sends frames, in TLS records where connections are secured. */
export class FrameSender {
  readonly #queue: SendQueue;
  readonly #secure: SecureLayer | null;
  readonly #deflate: DeflateLayer | null;
  // Grows to the longest frame that was sent.
  #buffer = allocate(bufferBytes);
  // The payload of the latest ping of each connection that has unsent bytes: only that one needs an answer (RFC 6455, section 5.5.3).
  readonly #pings = new Map<number, Buffer>();

  constructor(queue: SendQueue, secure: SecureLayer | null, deflate: DeflateLayer | null) {
    this.#queue = queue;
    this.#secure = secure;
    this.#deflate = deflate;
  }

  /** Why the last send failed that did. */
  get failure(): FailureCause {
    return this.#queue.failure;
  }

  /** Drops what a connection that is gone was still to be sent. */
  forget(fd: number): void {
    this.#queue.forget(fd);
    this.#pings.delete(fd);
  }

  /** Resumes sending what a connection has unsent, now that the kernel takes more; false as below. */
  sendRest(fd: number): boolean {
    if (!this.#queue.sendRest(fd)) return false;
    const latest = this.#queue.has(fd) ? undefined : this.#pings.get(fd);
    if (latest === undefined) return true;
    this.#pings.delete(fd);
    return this.sendPong(fd, latest, 0, latest.length);
  }

  /** Sends a text message (ASCII), filled up to so many bytes with padding; false when it cannot be ({@link failure} says why), as below. */
  sendText(fd: number, message: string, bytes: number): boolean {
    const header = this.#makeRoom(bytes);
    this.#buffer.bytes.write(message, header, 'latin1');
    if (bytes > message.length) writePadding(this.#buffer.bytes, header, message.length, bytes);
    return this.#sendData(fd, bytes);
  }

  /** Sends a text message as it is; false as above. */
  sendMessage(fd: number, message: Uint8Array): boolean {
    this.#buffer.bytes.set(message, this.#makeRoom(message.length));
    return this.#sendData(fd, message.length);
  }

  /** Sends a text that lies in the buffer already, compressed where that was agreed on. */
  #sendData(fd: number, bytes: number): boolean {
    const deflater = this.#deflate?.deflaterOf(fd) ?? null;
    if (deflater === null) return this.#send(fd, text, bytes);
    const deflated = deflater.deflate(this.#buffer, headerBytes(bytes), bytes);
    this.#buffer.bytes.set(deflated, this.#makeRoom(deflated.length));
    return this.#send(fd, text | deflatedBit, deflated.length);
  }

  /** Makes room for a frame; where its payload begins. */
  #makeRoom(payloadBytes: number): number {
    const header = headerBytes(payloadBytes);
    if (header + payloadBytes > this.#buffer.bytes.length) this.#buffer = allocate(header + payloadBytes);
    return header;
  }

  /** Sends a ping whose payload is a whole number in digits; false as above. */
  sendPing(fd: number, payload: number): boolean {
    return this.#send(fd, ping, writeDigits(this.#buffer.bytes, shortHeader, payload));
  }

  /** Answers a ping with its own payload, 125 bytes at most; behind unsent bytes, only the latest one. */
  sendPong(fd: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#queue.has(fd)) {
      this.#pings.set(fd, Buffer.from(bytes.subarray(start, end)));
      return true;
    }
    this.#buffer.bytes.set(bytes.subarray(start, end), headerBytes(end - start));
    return this.#send(fd, pong, end - start);
  }

  /** Sends a close frame without a reason. */
  sendClose(fd: number, code: number): boolean {
    // Node's own writeUInt16BE() costs as much as the call into the kernel.
    this.#buffer.bytes[shortHeader] = code >> 8;
    this.#buffer.bytes[shortHeader + 1] = code & 0xff;
    return this.#send(fd, closing, 2);
  }

  /** Sends a frame whose payload lies in the buffer already. */
  #send(fd: number, opcode: number, payloadBytes: number): boolean {
    return this.write(fd, this.#buffer, encodeInPlace(this.#buffer.bytes, 0, opcode, payloadBytes));
  }

  /** Sends the first `length` bytes of what lies in a memory; false as above. */
  write(fd: number, content: Memory, length: number): boolean {
    const secure = this.#secure;
    if (secure === null) return this.#queue.write(fd, content, length);
    for (let at = 0; at < length; at += secure.longestContent) {
      const sealed = secure.seal(fd, content.bytes, at, Math.min(length, at + secure.longestContent));
      if (!this.#queue.write(fd, secure.sealed, sealed)) return false;
    }
    return true;
  }

  /** Sends the end of a secured connection's TLS; nothing where there is none. */
  sendEnd(fd: number): void {
    if (this.#secure !== null) this.#queue.write(fd, this.#secure.sealed, this.#secure.sealEnd(fd));
  }
}
