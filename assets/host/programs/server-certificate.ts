import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from './certificate.ts';

const hour = 3_600_000;

/** Environment variables that tell a server its certificate and key. */
export interface CertificateVariables {
  readonly C1M_TLS_CERT: string;
  readonly C1M_TLS_KEY: string;
}

/**
 * Makes a server's key and certificate in a folder: for a week, as no run takes longer, and for a name and not an address, as hosts of a lab
 * have many. It has signed itself.
 */
export function writeCertificate(folder: string): CertificateVariables {
  const variables = { C1M_TLS_CERT: join(folder, 'server.crt'), C1M_TLS_KEY: join(folder, 'server.key') };
  const { certificate, key } = makeCertificate({
    subject: 'C1mLab server',
    names: ['server.c1mlab.internal'],
    validFrom: new Date(Date.now() - hour),
    validTo: new Date(Date.now() + 7 * 24 * hour),
  });
  writeFileSync(variables.C1M_TLS_CERT, certificate);
  writeFileSync(variables.C1M_TLS_KEY, key, { mode: 0o600 });
  return variables;
}
