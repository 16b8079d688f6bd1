import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../contenders/contender.ts';
import { startLineContender } from '../contenders/line-contender.ts';
import { startArtillery } from './artillery.ts';
import { startK6 } from './k6.ts';
import { startTsung } from './tsung.ts';

/** The peers the load generator is compared with. */
export const peerNames = ['ws', 'k6', 'artillery', 'tsung'] as const;

export type PeerName = (typeof peerNames)[number];

const versions = {
  k6: 'v1.8.1',
  artillery: '2.0.34',
};

/** A peer that can be run here, or why it cannot. */
export type Peer = { readonly contender: Contender } | { readonly name: PeerName; readonly skipped: string };

/** Installs into .cache/bench those of the peers that can be installed without being root. */
export function installPeers(names: readonly PeerName[]): void {
  const wanted = Object.entries(versions).filter(([name]) => names.some((chosen) => chosen === name));
  const script = fileURLToPath(new URL('install.sh', import.meta.url));
  spawnSync('sh', [script, ...wanted.map((peer) => peer.join('@'))], { stdio: 'inherit' });
}

/** Finds a peer on this machine. */
export function findPeer(name: PeerName, connections: number): Peer {
  if (name === 'ws') {
    const client = fileURLToPath(new URL('ws-client.ts', import.meta.url));
    return {
      contender: {
        name,
        version: `ws ${versionOf(new URL('../../../node_modules/ws/package.json', import.meta.url))}, Node ${process.version}`,
        connections,
        start: async (task) => startLineContender(name, process.execPath, [client], task),
      },
    };
  }
  if (name === 'tsung') {
    // Another version is as good: its own package manager chose it.
    const { stdout, status } = spawnSync('tsung', ['-v'], { encoding: 'utf8' });
    if (status !== 0) return { name, skipped: 'there is no tsung on the PATH (Debian: apt-get install tsung)' };
    const version = /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
    return {
      contender: { name, version: `tsung ${version}`, connections, start: async (task) => startTsung('tsung', task) },
    };
  }
  const folder = fileURLToPath(new URL(`../../../.cache/bench/${name}-${versions[name]}/`, import.meta.url));
  if (!existsSync(`${folder}.installed`)) {
    return {
      name,
      skipped: `it is not installed (npm run bench:loadgen -- --peers ${name} installs ${versions[name]})`,
    };
  }
  return {
    contender: {
      name,
      version: `${name} ${versions[name]}`,
      connections,
      start: async (task) =>
        name === 'k6'
          ? startK6(`${folder}k6`, connections, task)
          : startArtillery(`${folder}node_modules/artillery/bin/run`, task),
    },
  };
}

function versionOf(packageFile: URL): string {
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { readonly version: string }).version;
}
