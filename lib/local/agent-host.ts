import { createHash } from 'node:crypto';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hostRoot } from '../config/host-facts.ts';
import { hostTags } from '../config/tags.ts';
import type { Lab } from '../config/lab.ts';
import type { LocalHost } from './hosts/local-host.ts';
import type { SsmHost } from './ssm/ssm-host.ts';

/** Where the agent of a local host keeps scripts while they run: on the host's own temporary file system. */
const scriptFolder = `${hostRoot}/tmp/orchestration`;

/** A local host as the local SSM manages it: the agent's part on a laptop. */
export function agentHost(lab: Lab, host: LocalHost): SsmHost {
  return {
    instanceId: instanceIdOf(lab, host.name),
    name: host.name,
    address: host.address,
    tags: hostTags(lab, host),
    platform: { name: 'Linux', version: '' },
    environment: {},
    connection: { isOnline: () => host.isAlive(), whenOnline: () => new Promise(() => {}) },
    writeScript: async (name, content) => {
      const path = `${scriptFolder}/${name}`;
      await mkdir(dirname(host.path(path)), { recursive: true });
      await writeFile(host.path(path), content);
      await chmod(host.path(path), 0o700);
      return { path, remove: () => rm(host.path(path), { force: true }) };
    },
    spawn: (argv, { environment, workingDirectory, network }) => {
      const command = host.spawn(argv, { env: environment, cwd: workingDirectory, network });
      return {
        stdout: command.stdout,
        stderr: command.stderr,
        exited: command.exited,
        killGroup: () => command.kill('SIGKILL'),
      };
    },
  };
}

/** A host's instance id is made of its name, so that it is the same in every run. */
function instanceIdOf(lab: Lab, hostName: string): string {
  return `i-${createHash('sha256').update(`${lab.name}/${hostName}`).digest('hex').slice(0, 17)}`;
}
