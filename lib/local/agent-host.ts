import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostRoot } from '../config/host/host-env-file.ts';
import { hostTags } from '../config/host/tags.ts';
import type { Lab } from '../config/lab.ts';
import { makeFolder } from '../config/system/make-folder.ts';
import type { HostProcessExit, LocalHost } from './hosts/local-host.ts';
import type { SsmHost } from './ssm/ssm-host.ts';

/** Where the agent of a local host keeps scripts while they run: on the host's own temporary file system. */
const scriptFolder = `${hostRoot}/tmp/orchestration`;

/** A local host as the local SSM manages it: the agent's part on a laptop. */
export function agentHost(lab: Lab, host: LocalHost): SsmHost {
  return {
    instanceId: instanceIdOf(lab, host.name),
    name: host.name,
    tags: hostTags(lab, host),
    platform: readPlatform(),
    environment: {},
    isOnline: () => host.isAlive(),
    writeScript: async (name, content) => {
      const path = `${scriptFolder}/${name}`;
      await makeFolder(dirname(host.path(path)));
      await writeFile(host.path(path), content);
      await chmod(host.path(path), 0o700);
      return { path, remove: () => rm(host.path(path), { force: true }) };
    },
    spawn: (argv, { environment, workingDirectory, network }) => {
      // The words and the outcome of the agent, which is Go's os/exec; a script is not what finds out.
      if (!existsSync(host.path(workingDirectory))) {
        throw new Error(`chdir ${workingDirectory}: no such file or directory`);
      }
      const command = host.spawn(argv, { env: environment, cwd: workingDirectory, network });
      return {
        stdout: command.stdout,
        stderr: command.stderr,
        exited: command.exited.then((exit) => whenHostIsKnown(host, exit)),
        killGroup: () => command.kill('SIGKILL'),
      };
    },
  };
}

/** A host that ends kills its processes first: what killed a script is told apart as soon as the host has gone, or has not. */
async function whenHostIsKnown(host: LocalHost, exit: HostProcessExit): Promise<HostProcessExit> {
  for (let looks = 0; exit.signal !== null && host.isAlive() && looks < 10; looks += 1) await sleep(20);
  return exit;
}

/** Name and version of this machine's distribution, as the agent reads them. */
function readPlatform(): SsmHost['platform'] {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const field = (name: string): string => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { name: field('NAME'), version: field('VERSION_ID') };
}

/** A host's instance id is made of its name, so that it is the same in every run. */
function instanceIdOf(lab: Lab, hostName: string): string {
  return `i-${createHash('sha256').update(`${lab.name}/${hostName}`).digest('hex').slice(0, 17)}`;
}
