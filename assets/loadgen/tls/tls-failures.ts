/** Why a connection could not be secured, or was lost by its security. */
export type TlsFailureCause =
  | 'tlsUnknownCa'
  | 'tlsWrongName'
  | 'tlsExpired'
  | 'tlsNotYetValid'
  | 'tlsBadCertificate'
  | 'tlsVersion'
  | 'tlsHandshakeFailure'
  | 'tlsNoHttp'
  | 'tlsUnknownName'
  | 'tlsClientCertificate'
  | 'tlsNotTls'
  | 'tlsTimeout'
  | 'tlsBadRecord'
  | 'tlsProtocolError'
  | 'tlsAlert'
  | 'tlsOther';

/** What each cause means and what to do about it, for people. */
export const tlsFailureTexts: Readonly<Record<TlsFailureCause, string>> = {
  tlsUnknownCa: 'no trusted authority signed the server’s certificate: give its own with --cacert FILE, or --insecure',
  tlsWrongName: 'the server’s certificate is for another name: use a URL with that name, or --insecure',
  tlsExpired: 'the server’s certificate has expired: renew it, or --insecure',
  tlsNotYetValid: 'the server’s certificate is not valid yet: compare the clocks, or --insecure',
  tlsBadCertificate:
    'the server’s certificate cannot be accepted (weak key or signature, wrong purpose): replace it, or --insecure',
  tlsVersion: 'the server speaks neither TLS 1.2 nor TLS 1.3: enable one of them',
  tlsHandshakeFailure:
    'the server has nothing in common with the load generator, which offers AES-GCM and ChaCha20-Poly1305 and no certificate of its own: enable such a cipher, load a port that asks for no certificate, or use a URL with a name instead of an address',
  tlsNoHttp: 'the server refuses the protocol http/1.1 (ALPN): enable it, for WebSocket connections need it here',
  tlsUnknownName: 'the server does not know the name that was asked for (SNI): use a URL with a name that it has',
  tlsClientCertificate:
    'the server demands a certificate of the client, which the load generator has not: load a port that demands none',
  tlsNotTls: 'what the server answers is not TLS: try ws:// on this port',
  tlsTimeout:
    'the server did not finish the TLS handshake in time: try ws:// on this port, or open fewer connections a second',
  tlsBadRecord: 'a record of the server could not be authenticated: see what it, or a proxy in front of it, has logged',
  tlsProtocolError: 'the server broke the TLS protocol: see what it, or a proxy in front of it, has logged',
  tlsAlert: 'the server ended TLS with an alert: see what it has logged',
  tlsOther: 'TLS failed: see what the server has logged',
};

/** Alert descriptions (RFC 8446, section 6), as far as they are sent or told apart here. */
export const alerts = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  recordOverflow: 22,
  handshakeFailure: 40,
  illegalParameter: 47,
  decodeError: 50,
  protocolVersion: 70,
  insufficientSecurity: 71,
  userCanceled: 90,
  noRenegotiation: 100,
  unrecognizedName: 112,
  certificateRequired: 116,
  noApplicationProtocol: 120,
} as const;

const byAlert = new Map<number, TlsFailureCause>([
  [alerts.handshakeFailure, 'tlsHandshakeFailure'],
  [alerts.insufficientSecurity, 'tlsHandshakeFailure'],
  [alerts.protocolVersion, 'tlsVersion'],
  [alerts.unrecognizedName, 'tlsUnknownName'],
  [alerts.certificateRequired, 'tlsClientCertificate'],
  [alerts.noApplicationProtocol, 'tlsNoHttp'],
]);

/** What a server's alert stands for. */
export function causeOfAlert(description: number): TlsFailureCause {
  return byAlert.get(description) ?? 'tlsAlert';
}

/** Results of a certificate's verification, from openssl/x509_vfy.h. */
const byVerifyResult = new Map<number, TlsFailureCause>([
  // Issuer not found; self-signed; self-signed in the chain; issuer not found locally; first certificate not verifiable; not trusted.
  ...[2, 18, 19, 20, 21, 27].map((result) => [result, 'tlsUnknownCa'] as const),
  [9, 'tlsNotYetValid'],
  [10, 'tlsExpired'],
  // Host name; IP address.
  [62, 'tlsWrongName'],
  [64, 'tlsWrongName'],
]);

/** Reasons of failed handshakes, from openssl/sslerr.h; an alert's is 1 000 more than its description. */
const byReason = new Map<number, TlsFailureCause>([
  [258, 'tlsVersion'], // unsupported protocol
  [267, 'tlsNotTls'], // wrong version number
  [198, 'tlsNotTls'], // packet length too long
  [156, 'tlsNotTls'], // HTTP request
]);
const certificateVerifyFailed = 134;
const alertReasons = 1000;

/** What a failed handshake stands for: OpenSSL's error code, and its verdict on the certificate. */
export function causeOfError(code: number, verifyResult: number): TlsFailureCause {
  // ERR_GET_REASON() of OpenSSL 3: the lower 23 bits.
  const reason = code & 0x7fffff;
  if (reason === certificateVerifyFailed) return byVerifyResult.get(verifyResult) ?? 'tlsBadCertificate';
  if (reason >= alertReasons && reason < alertReasons + 256) return causeOfAlert(reason - alertReasons);
  return byReason.get(reason) ?? 'tlsOther';
}
