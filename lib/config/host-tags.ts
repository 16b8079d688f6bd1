import type { Host } from './hosts.ts';
import type { Lab } from './lab.ts';

/** The tags by which documents and people find a host: of the lab, of its role in the lab, and of it alone. */
export function hostTags(lab: Lab, host: Host): Readonly<Record<string, string>> {
  return {
    Name: `${lab.name}/${host.name}`,
    'c1mlab:lab': lab.name,
    'c1mlab:role': host.role,
    'c1mlab:host': `${lab.name}/${host.name}`,
    'c1mlab:target': `${lab.name}/${host.role}`,
  };
}
