import type { DeflateRaw } from './deflate-sums.ts';
import { Deflater } from './deflater.ts';
import { deflateOffer } from './extension.ts';
import { Inflater } from './inflater.ts';

/** Makes the layer of a process, for descriptors below a number. */
export type MakeDeflate = (size: number) => DeflateLayer;

/** permessage-deflate (RFC 7692) for all connections of a process: a byte a connection, for no window is kept between messages. */
export class DeflateLayer {
  readonly #inflater = new Inflater();
  readonly #deflater = new Deflater();
  readonly #isAccepted: Uint8Array;
  #answered: string | null = null;
  #accepted = 0;
  #declined = 0;

  /** For descriptors below `size`. */
  constructor(size: number) {
    this.#isAccepted = new Uint8Array(size);
  }

  /** A connection is open; the answer to the offer, or null. */
  opened(fd: number, answer: string | null): void {
    this.#isAccepted[fd] = answer === null ? 0 : 1;
    if (answer === null) this.#declined += 1;
    else this.#accepted += 1;
    this.#answered ??= answer;
  }

  /** Inflates what a connection gets; null where nothing is compressed. */
  inflaterOf(fd: number): Inflater | null {
    return this.#isAccepted[fd] === 1 ? this.#inflater : null;
  }

  /** Deflates what a connection sends; null where nothing is compressed. */
  deflaterOf(fd: number): Deflater | null {
    return this.#isAccepted[fd] === 1 ? this.#deflater : null;
  }

  /** Drops what is kept of a connection that is gone. */
  forget(fd: number): void {
    this.#inflater.forget(fd);
  }

  raw(): DeflateRaw {
    return {
      offered: deflateOffer,
      answered: this.#answered,
      accepted: this.#accepted,
      declined: this.#declined,
      received: this.#inflater.raw(),
      sent: this.#deflater.raw(),
    };
  }
}

/** Makes a {@link DeflateLayer}. */
export const makeDeflateLayer: MakeDeflate = (size) => new DeflateLayer(size);
