import type { Target } from '../../connections/target.ts';
import type { Options } from '../options.ts';
import { requestOptionTable, requestOptions } from '../request-options.ts';
import { serverUrl, withoutCredentials, type ServerUrl } from '../server-url.ts';
import { refuseTlsOptions, tlsOptionTable, tlsOptions } from '../tls-options.ts';

/** How connections to a URL are requested and secured: the options that `loadgen --url` and `c1m run --url` have in common. */
export const urlOptionTable = { ...requestOptionTable, ...tlsOptionTable } as const;

/** A server that only has a URL, and how connections to it are made. */
export interface UrlTarget {
  readonly server: ServerUrl;
  readonly target: Target;
  /** Where broadcasts are published, on the same server. */
  readonly publishPath: string;
}

/** Reads a URL and the options of {@link urlOptionTable}. Throws UsageError for what cannot be, EnvironmentError for a name that does not resolve. */
export async function readUrlTarget(url: string, options: Options): Promise<UrlTarget> {
  const server = await serverUrl(url);
  if (!server.isSecure) refuseTlsOptions(options, `--url is ${withoutCredentials(url)}`);
  return {
    server,
    target: {
      address: server.address,
      ports: [server.port],
      path: server.path,
      hostName: server.hostName,
      defaultPort: server.defaultPort,
      ...requestOptions(options, new URL(url)),
      ...(server.isSecure ? { tls: await tlsOptions(options, server.hostName) } : {}),
    },
    publishPath: '/publish',
  };
}
