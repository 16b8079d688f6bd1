import type { Lab } from './lab.ts';

/** A machine of the lab, an EC2 instance or a local host: the same names and load addresses in both worlds. */
export interface Host {
  /** `server`, `load-1`, `load-2`, … */
  readonly name: string;
  readonly role: 'server' | 'load';
  /** 0-based among the hosts of its role. */
  readonly index: number;
  /** The primary IPv4 address on the load network. */
  readonly address: string;
  /** Further IPv4 addresses on the load network; empty for the server. */
  readonly secondaryAddresses: readonly string[];
}

/** How many server processes can have a port of their own: the ports after the first that are kept out of the clients' range. */
export const maxServerProcesses = 256;

/** Prefix length of the subnet that carries the load: x.y.16.0/20. */
export const loadSubnetBits = 20;

/** The subnet that carries the load, in CIDR notation. */
export function loadSubnet(lab: Lab): string {
  return `${lab.network.prefix}.16.0/${loadSubnetBits}`;
}

/**
 * Every host of the lab, the server first. Addresses are fixed by the configuration, so that documents and user data
 * need no look-up: the server is x.y.16.10, load host n is x.y.(16 + block).(…) with its secondary addresses after it.
 */
export function hostsOf(lab: Lab): readonly Host[] {
  const server: Host = {
    name: 'server',
    role: 'server',
    index: 0,
    address: `${lab.network.prefix}.16.10`,
    secondaryAddresses: [],
  };
  const load = Array.from({ length: lab.load.hosts }, (_, index): Host => {
    const first = 256 + index * 64;
    const addresses = Array.from({ length: 1 + lab.load.secondaryAddresses }, (_unused, n) =>
      addressAt(lab, first + n),
    );
    const [address = '', ...secondaryAddresses] = addresses;
    return { name: `load-${index + 1}`, role: 'load', index, address, secondaryAddresses };
  });
  return [server, ...load];
}

/** The n-th address of the load subnet, leaving .0 and .255 of each /24 alone. */
function addressAt(lab: Lab, n: number): string {
  const inBlock = 10 + (n % 64) + Math.floor((n % 256) / 64) * 60;
  return `${lab.network.prefix}.${16 + Math.floor(n / 256)}.${inBlock}`;
}
