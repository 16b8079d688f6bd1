const chunkBytes = 64 * 1024 * 1024;

/** Memory that is written to and never given back. Pieces lie side by side in large chunks, so that nothing but them is added. */
export class Memory {
  readonly #chunks: Buffer[] = [];
  #used = chunkBytes;

  /** Writes to so many more bytes. */
  touch(bytes: number): void {
    let left = bytes;
    while (left > 0) {
      if (this.#used === chunkBytes) {
        // Not zeroed, so not there before it is written to.
        this.#chunks.push(Buffer.allocUnsafeSlow(chunkBytes));
        this.#used = 0;
      }
      const part = Math.min(left, chunkBytes - this.#used);
      this.#chunks.at(-1)?.fill(1, this.#used, this.#used + part);
      this.#used += part;
      left -= part;
    }
  }
}
