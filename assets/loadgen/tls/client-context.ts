import { monotonicMicros } from '../kernel/clock.ts';
import { allocate } from '../kernel/libc.ts';
import {
  addCertificate,
  certificateOf,
  compareCertificates,
  keepCertificate,
  verifyCertificate,
  certificateStore,
  clearErrors,
  clientMethod,
  contextControl,
  contextControlText,
  expectAddress,
  expectHost,
  freeBio,
  freeCertificate,
  memoryBio,
  newContext,
  readCertificate,
  setAlpn,
  setCipherList,
  setCipherSuites,
  setVerify,
  setVerifyCertificate,
  setVerifyFlags,
  verifyParameters,
} from './openssl.ts';
import { cipherList, cipherSuites } from './ciphers-offered.ts';
import type { TlsOptions } from './tls-options.ts';

// Commands of SSL_CTX_ctrl() and flags, from openssl/ssl.h and openssl/x509_vfy.h.
const setSessionCacheMode = 44;
const setGroupsList = 92;
const setLeastVersion = 123;
const tls12 = 0x0303;
const verifyPeer = 1;
const trustFirstKnown = 0x80000;
const goodMicros = 60_000_000;

/** Every server has the first: all do the same work, with no second round for another. */
const groups = 'X25519:P-256:P-384:P-521';
const alpn = '\u0008http/1.1';

/** Makes the SSL_CTX of a process; throws when the trusted certificates cannot be read. */
export function clientContext({ serverName, trusted }: TlsOptions): number {
  const context = newContext(clientMethod());
  contextControl(context, setLeastVersion, tls12, 0);
  // Sessions are kept by whoever wants them.
  contextControl(context, setSessionCacheMode, 0, 0);
  setCipherSuites(context, cipherSuites);
  setCipherList(context, cipherList);
  contextControlText(context, setGroupsList, 0, groups);
  setAlpn(context, alpn, alpn.length);
  if (trusted === null) setVerifyCertificate(context, () => 1);
  else {
    setVerify(context, verifyPeer, 0);
    setVerifyCertificate(context, verifyOnce());
    const parameters = verifyParameters(context);
    // A certificate that is trusted need not be signed by itself: an intermediate one will do, as in curl.
    setVerifyFlags(parameters, trustFirstKnown);
    if (isAddress(serverName)) expectAddress(parameters, serverName);
    else expectHost(parameters, serverName, 0);
    trust(context, trusted);
  }
  return context;
}

/**
 * Verifies a certificate, and takes the same one for good without another look for a minute: a fifth of a handshake's cost, and every
 * connection gets the same. That the server has its key is checked each time.
 */
function verifyOnce(): (storeContext: number) => number {
  let good = 0;
  let untilMicros = 0;
  return (storeContext) => {
    const certificate = certificateOf(storeContext);
    const now = monotonicMicros();
    if (good !== 0 && now < untilMicros && compareCertificates(certificate, good) === 0) return 1;
    const verdict = verifyCertificate(storeContext);
    if (verdict === 1) {
      if (good !== 0) freeCertificate(good);
      keepCertificate(certificate);
      good = certificate;
      untilMicros = now + goodMicros;
    }
    return verdict;
  };
}

/** Whether a server's name is an IP address. */
export function isAddress(serverName: string): boolean {
  return process.getBuiltinModule('node:net').isIP(serverName) !== 0;
}

function trust(context: number, pem: string): void {
  const text = allocate(Buffer.byteLength(pem));
  text.bytes.write(pem);
  const bio = memoryBio(text.address, text.bytes.length);
  const store = certificateStore(context);
  let count = 0;
  for (;;) {
    const certificate = readCertificate(bio, 0, 0, 0);
    if (certificate === 0) break;
    addCertificate(store, certificate);
    freeCertificate(certificate);
    count += 1;
  }
  freeBio(bio);
  clearErrors();
  if (count === 0) throw new Error('there is no certificate (PEM) among those to trust');
}
