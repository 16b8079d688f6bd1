import { hostsOf, loadSubnetBits, type Host } from '../../config/hosts.ts';
import type { Lab } from '../../config/lab.ts';

/** The hardware address of a host's interface: locally administered, unique in its lab because the IPv4 address is in it. */
export function hardwareAddress(host: Host): string {
  const octets = host.address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return `02:c1:${octets.join(':')}`;
}

/**
 * What `ip -batch` must do on a host after its interface eth0 is there: addresses, and a permanent neighbour entry for every
 * address it talks to. Permanent entries need no ARP, which a saturated machine answers late, and do not count against
 * net.ipv4.neigh.default.gc_thresh3 (1024), one table for all namespaces of the machine.
 */
export function networkCommands(lab: Lab, host: Host): string {
  const addresses = [host.address, ...host.secondaryAddresses];
  const peers = hostsOf(lab).filter((other) => other.role !== host.role);
  return [
    'link set dev lo up',
    ...addresses.map((address) => `address add ${address}/${loadSubnetBits} dev eth0`),
    'link set dev eth0 up',
    ...peers.flatMap((peer) =>
      [peer.address, ...peer.secondaryAddresses].map(
        (address) => `neighbour replace ${address} lladdr ${hardwareAddress(peer)} dev eth0 nud permanent`,
      ),
    ),
    '',
  ].join('\n');
}

/** The text of a host's /etc/hosts after the operator's own: names resolve without a look-up, which could only time out. */
export function hostsFile(lab: Lab): string {
  return hostsOf(lab)
    .map((host) => `${host.address} ${host.name}\n`)
    .join('');
}
