import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hostsOf } from '../../../lib/config/hosts.ts';
import { articleLab } from '../../../lib/config/lab.ts';
import { hardwareAddress, networkCommands } from '../../../lib/local/hosts/host-network.ts';

describe('the network of a local host', () => {
  test('has a hardware address of its own for every host of the largest lab', () => {
    const lab = { ...articleLab, load: { ...articleLab.load, hosts: 50, secondaryAddresses: 49 } };
    const addresses = hostsOf(lab).map(hardwareAddress);
    assert.equal(new Set(addresses).size, 51);
    // Locally administered and unicast: bits 1 and 0 of the first octet are 1 and 0.
    for (const address of addresses) assert.equal(Number.parseInt(address.slice(0, 2), 16) & 3, 2);
  });

  test('knows every address of the other role without asking', () => {
    const [server, load] = hostsOf(articleLab);
    assert.ok(server && load);
    const neighbours = (text: string): readonly string[] =>
      [...text.matchAll(/^neighbour replace (\S+) lladdr \S+ dev eth0 nud permanent$/gm)].map(
        (match) => match[1] ?? '',
      );
    assert.deepEqual(
      neighbours(networkCommands(articleLab, server)),
      hostsOf(articleLab)
        .slice(1)
        .flatMap((host) => [host.address, ...host.secondaryAddresses]),
    );
    assert.deepEqual(neighbours(networkCommands(articleLab, load)), [server.address]);
  });
});
