import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import type { TlsOptions } from '../tls/tls-options.ts';
import { UsageError } from './exit-codes.ts';
import type { OptionDescription, Options } from './options.ts';

/** Options of a command line that say how connections are secured. */
export const tlsOptionTable = {
  cacert: {
    kind: 'value',
    placeholder: 'FILE',
    about: 'certificates (PEM) to trust for wss://; default: those that the system trusts',
  },
  insecure: { kind: 'flag', placeholder: '', about: 'for wss://, accept any certificate, for any name and time' },
  'tls-resume': {
    kind: 'flag',
    placeholder: '',
    about: 'for wss://, resume the TLS session of an earlier connection of the same process',
  },
} as const satisfies Readonly<Record<string, OptionDescription>>;

/** Where Linux distributions keep the authorities that the system trusts: Debian, Fedora and Amazon, SUSE, Alpine. */
const systemStores = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * How connections to a server are secured. Trusted are the certificates of --cacert, else those of SSL_CERT_FILE, of the system, or
 * those that Node brings. Throws {@link UsageError} for what cannot be, and Error where Node has no OpenSSL to be called.
 */
export async function tlsOptions(options: Options, serverName: string): Promise<TlsOptions> {
  if (options.flag('insecure') && options.has('cacert')) {
    throw new UsageError('--insecure accepts any certificate, --cacert only some: give one of them');
  }
  await import('../tls/openssl.ts');
  return {
    serverName,
    trusted: options.flag('insecure') ? null : trusted(options),
    resume: options.flag('tls-resume'),
  };
}

/** Throws {@link UsageError} when a command line has options for TLS, and connections are plain. */
export function refuseTlsOptions(options: Options, reason: string): void {
  const given = Object.keys(tlsOptionTable).find((name) => options.has(name));
  if (given !== undefined) throw new UsageError(`--${given} is for TLS, but ${reason}`);
}

function trusted(options: Options): string {
  if (options.has('cacert')) return ownAuthorities(options.text('cacert'));
  for (const file of [process.env['SSL_CERT_FILE'] ?? '', ...systemStores]) {
    try {
      if (file !== '') return readFileSync(file, 'utf8');
    } catch {
      // The next one, then.
    }
  }
  return rootCertificates.join('\n');
}

function ownAuthorities(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--cacert cannot be read: ${(error as Error).message}`, { cause: error });
  }
  try {
    // Says so here and now where it is no certificate, or not PEM.
    if (new X509Certificate(text).raw.length > 0 && text.includes('-----BEGIN ')) return text;
  } catch {
    // Said below.
  }
  throw new UsageError(`--cacert must be a file with certificates in PEM, got '${file}'`);
}
