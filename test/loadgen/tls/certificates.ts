import {
  makeCertificate,
  type Certificate,
  type CertificateOptions,
} from '../../../assets/host/programs/certificate.ts';

const hour = 3_600_000;
const authorityName = 'An authority for tests';
const valid = { validFrom: new Date(Date.now() - hour), validTo: new Date(Date.now() + hour) };

/** An authority, made for this run. */
export const authority: Certificate = makeCertificate({ subject: authorityName, isAuthority: true, ...valid });

/** A server's certificate, signed by {@link authority} unless `changes` say otherwise. */
export function serverCertificate(changes: Partial<CertificateOptions> = {}): Certificate {
  return makeCertificate({
    subject: 'a server',
    names: ['server.test', '127.0.0.1'],
    issuer: { ...authority, subject: authorityName },
    ...valid,
    ...changes,
  });
}

/** A day's certificates that are not valid now: before and after their time. */
export const expired: Partial<CertificateOptions> = {
  validFrom: new Date(Date.now() - 48 * hour),
  validTo: new Date(Date.now() - 24 * hour),
};
export const notYetValid: Partial<CertificateOptions> = {
  validFrom: new Date(Date.now() + 24 * hour),
  validTo: new Date(Date.now() + 48 * hour),
};
