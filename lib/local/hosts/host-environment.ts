import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { hostRoot } from '../../config/host/host-env-file.ts';

/**
 * Names of the operator's variables that a host gets too: how to reach package registries (proxies, certificates, mirrors) and
 * where toolchains are. Caches and prefixes of npm are left out: builds keep theirs in the lab's build folder.
 */
const passedThrough: readonly RegExp[] = [
  /^(https?|all|no)_proxy$/i,
  /^(NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|SSL_CERT_FILE|SSL_CERT_DIR|NIX_SSL_CERT_FILE|CURL_CA_BUNDLE)$/,
  /^(REQUESTS_CA_BUNDLE|GIT_SSL_CAINFO|CARGO_HTTP_CAINFO)$/,
  /^npm_config_(registry|userconfig|globalconfig|proxy|https_proxy|noproxy|ca|cafile|strict_ssl|offline|fetch_\w+|@.*|\/\/.*)$/i,
  /^(JAVA_HOME|JAVA_TOOL_OPTIONS|MAVEN_OPTS|MAVEN_ARGS|MAVEN_HOME|M2_HOME|MVNW_\w+)$/,
  /^GO(PROXY|PRIVATE|NOPROXY|SUMDB|NOSUMDB|INSECURE|FLAGS|TOOLCHAIN|AUTH|VCS|ROOT|ENV)$/,
  /^PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|CERT)$/,
  /^(CARGO|RUSTUP)_HOME$/,
];

/** Settings that tools keep in the operator's home folder, and the variable that tells them where to find it without HOME. */
const settingsInHome: readonly { readonly variable: string; readonly file: string }[] = [
  { variable: 'NPM_CONFIG_USERCONFIG', file: '.npmrc' },
  { variable: 'GOENV', file: '.config/go/env' },
];

/**
 * The environment of everything that runs on a local host, made from the operator's. It holds no HOME, as with the SSM agent;
 * `exists` tells whether a file can be read.
 */
export function hostEnvironment(
  operator: Readonly<Record<string, string | undefined>>,
  exists: (file: string) => boolean = isReadable,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(operator)) {
    if (value !== undefined && value !== '' && passedThrough.some((pattern) => pattern.test(name))) {
      environment[name] = value;
    }
  }
  const named = new Set(Object.keys(environment).map((name) => name.toUpperCase()));
  for (const { variable, file } of settingsInHome) {
    const settings = path.join(operator['HOME'] ?? '/', file);
    if (!named.has(variable) && exists(settings)) environment[variable] = settings;
  }
  return {
    ...environment,
    PATH: `${hostRoot}/bin:${operator['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'}`,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TMPDIR: `${hostRoot}/tmp`,
  };
}

/**
 * The entries of a folder (such as `/tmp`) that must stay visible on a host when it gets a private one: those that a variable
 * of its environment points into (a toolchain on the PATH, a certificate, a settings file).
 */
export function entriesInUse(folder: string, environment: Readonly<Record<string, string>>): readonly string[] {
  const paths = Object.values(environment).flatMap((value) => (value.includes('://') ? [] : value.split(':')));
  const entries = paths.flatMap((value) => {
    const relative = value.startsWith('/') ? path.relative(folder, value) : '';
    const [entry = ''] = relative.split('/');
    return entry === '' || entry === '..' ? [] : [entry];
  });
  return [...new Set(entries)].sort();
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
