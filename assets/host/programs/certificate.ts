import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';

/** What a certificate says. */
export interface CertificateOptions {
  /** Common name of whom it is for; no server is found by it. */
  readonly subject: string;
  /** DNS names and IPv4 addresses that it is for. */
  readonly names?: readonly string[];
  /** First and last moment that it is valid. */
  readonly validFrom: Date;
  readonly validTo: Date;
  /** Whether it may sign others. */
  readonly isAuthority?: boolean;
  /** Who signs it; itself when not given. */
  readonly issuer?: Certificate & { readonly subject: string };
}

/** A certificate and its private key. */
export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM (PKCS #8). */
  readonly key: string;
}

/** Makes a key on the curve P-256 and an X.509 certificate (RFC 5280) for it: neither OpenSSL's program nor a package is needed. */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { subject, validFrom, validTo, issuer } = options;
  const algorithm = sequence(objectId(ecdsaWithSha256));
  const body = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    name(issuer?.subject ?? subject),
    sequence(time(validFrom), time(validTo)),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions(options))),
  );
  const signature = sign('sha256', body, issuer === undefined ? privateKey : issuer.key);
  const der = sequence(body, algorithm, bits(signature));
  return { certificate: pem(der), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

// Object identifiers, encoded: ecdsa-with-SHA256 (RFC 5758), id-at-commonName, basicConstraints and subjectAltName (RFC 5280).
const ecdsaWithSha256 = '2a8648ce3d040302';
const commonName = '550403';
const basicConstraints = '551d13';
const subjectAltName = '551d11';

function extensions({ names = [], isAuthority = false }: CertificateOptions): readonly Buffer[] {
  const result: Buffer[] = [];
  if (isAuthority) result.push(extension(basicConstraints, true, sequence(tagged(0x01, Buffer.of(0xff)))));
  if (names.length > 0) result.push(extension(subjectAltName, false, sequence(...names.map(generalName))));
  return result;
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [tagged(0x01, Buffer.of(0xff))] : [];
  return sequence(objectId(id), ...critical, tagged(0x04, value));
}

function generalName(value: string): Buffer {
  if (isIP(value) === 0) return tagged(0x82, Buffer.from(value, 'latin1'));
  if (!isIPv4(value)) throw new Error(`a certificate's address must be IPv4, got '${value}'`);
  return tagged(0x87, Buffer.from(value.split('.').map(Number)));
}

function name(common: string): Buffer {
  return sequence(tagged(0x31, sequence(objectId(commonName), tagged(0x0c, Buffer.from(common)))));
}

/** RFC 5280, section 4.1.2.5: the shorter form up to 2049. */
function time(date: Date): Buffer {
  const text = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(text.slice(2), 'latin1'))
    : tagged(0x18, Buffer.from(text, 'latin1'));
}

function objectId(encoded: string): Buffer {
  return tagged(0x06, Buffer.from(encoded, 'hex'));
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function bits(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.of(0), bytes]));
}

function explicit(number: number, content: Buffer): Buffer {
  return tagged(0xa0 | number, content);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

/** DER: tag, length in its shortest form, content. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const lengthBytes = length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag), lengthBytes, content]);
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
