import { allocate } from '../kernel/libc.ts';
import {
  bioControl,
  clearErrors,
  currentSession,
  freeSession,
  freeSsl,
  isResumable,
  memoryBio,
  peek,
  setInput,
  setSession,
  setShutdown,
  takeSession,
} from './openssl.ts';

// From openssl/ssl.h and openssl/bio.h.
const sentAndReceived = 3;
const setMemoryEofReturn = 130;

/**
 * The session that later connections of a process resume: that of the latest full handshake. In TLS 1.3 it comes in a record after
 * the handshake, which only OpenSSL can make a session of: the SSL object of such a connection is kept until then, and given that
 * record again.
 */
export class Sessions {
  readonly #awaited = new Map<number, number>();
  readonly #byte = allocate(1);
  #session = 0;

  /** Lets a new connection resume the session, if there is one. */
  offer(ssl: number): void {
    if (this.#session !== 0) setSession(ssl, this.#session);
  }

  /** Whether the connection's records may yet bring a session. */
  awaits(fd: number): boolean {
    return this.#awaited.size > 0 && this.#awaited.has(fd);
  }

  /** Takes over the SSL object of a handshake that is done. */
  done(fd: number, ssl: number, resumed: boolean): void {
    if (resumed || this.#take(ssl)) free(ssl);
    else this.#awaited.set(fd, ssl);
  }

  /** Takes a record of handshake messages as it came. */
  record(fd: number, record: Buffer): void {
    const ssl = this.#awaited.get(fd);
    if (ssl === undefined) return;
    const copy = allocate(record.length);
    copy.bytes.set(record);
    const bio = memoryBio(copy.address, record.length);
    // Its end is that of what has come so far, not that of the connection.
    bioControl(bio, setMemoryEofReturn, -1, 0);
    // The SSL object's from now on.
    setInput(ssl, bio);
    peek(ssl, this.#byte.address, 1);
    clearErrors();
    if (this.#take(ssl)) this.forget(fd);
  }

  /** Gives up waiting: content has come, or the connection is gone. */
  forget(fd: number): void {
    const ssl = this.#awaited.get(fd);
    if (ssl === undefined) return;
    this.#awaited.delete(fd);
    free(ssl);
  }

  /** Whether the connection has a session that can be resumed, which is then the one to resume. */
  #take(ssl: number): boolean {
    if (isResumable(currentSession(ssl)) !== 1) return false;
    if (this.#session !== 0) freeSession(this.#session);
    this.#session = takeSession(ssl);
    return true;
  }
}

function free(ssl: number): void {
  // Otherwise OpenSSL would take the connection for one that broke, and its session for unusable.
  setShutdown(ssl, sentAndReceived);
  freeSsl(ssl);
}
