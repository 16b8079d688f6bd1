import { hostsOf, maxServerProcesses, type Host } from '../hosts.ts';
import type { Lab } from '../lab.ts';

/** Where everything of the lab lies on a host. */
export const hostRoot = '/opt/c1mlab';

/**
 * The text of `/opt/c1mlab/host.env`: what a host must know of the lab, as shell assignments. User data writes it on EC2,
 * the local lab on its hosts; values are made of letters, digits, dots, hyphens and spaces only, so quotes are safe.
 */
export function hostEnvFile(lab: Lab, host: Host): string {
  const hosts = hostsOf(lab);
  const server = hosts.find((candidate) => candidate.role === 'server');
  const facts: Record<string, string | number> = {
    C1M_LAB: lab.name,
    C1M_HOST: host.name,
    C1M_ROLE: host.role,
    C1M_HOST_INDEX: host.index,
    C1M_LOAD_HOSTS: lab.load.hosts,
    C1M_ADDRESS: host.address,
    C1M_SOURCE_ADDRESSES: (host.secondaryAddresses.length > 0 ? host.secondaryAddresses : [host.address]).join(' '),
    C1M_SERVER_ADDRESS: server?.address ?? '',
    C1M_PORT: lab.network.port,
    C1M_MAX_SERVER_PROCESSES: maxServerProcesses,
  };
  return Object.entries(facts)
    .map(([name, value]) => `${name}="${value}"\n`)
    .join('');
}
