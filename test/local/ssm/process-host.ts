import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SsmHost, SsmProcessExit } from '../../../lib/local/ssm/ssm-host.ts';

/** A host that is nothing but processes of this machine: what a test needs to run documents for real, without namespaces. */
export interface ProcessHost extends SsmHost {
  /** The network of each process that was started, in order. */
  readonly networks: readonly string[];
  /** Takes the agent off the network; it does not come back. */
  readonly lose: () => void;
}

/** A host that keeps its scripts below `folder`, which stands for the folder that the lab has on every host. */
export function createProcessHost(
  folder: string,
  identity: Pick<SsmHost, 'instanceId' | 'name' | 'tags'>,
): ProcessHost {
  let isOnline = true;
  const networks: string[] = [];
  return {
    ...identity,
    platform: { name: 'Amazon Linux', version: '2023' },
    environment: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    networks,
    isOnline: () => isOnline,
    lose: () => {
      isOnline = false;
    },
    writeScript: async (name, content) => {
      const path = join(folder, identity.instanceId, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content.replaceAll('/opt/c1mlab', folder), { mode: 0o700 });
      return { path, remove: () => rm(path) };
    },
    spawn: ([program, ...args], { environment, workingDirectory, network }) => {
      networks.push(network);
      const child = spawn(program, args, {
        env: environment,
        cwd: workingDirectory,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const exited = new Promise<SsmProcessExit>((resolve, reject) => {
        child.once('exit', (code, signal) => resolve({ code, signal }));
        child.once('error', reject);
      });
      return {
        stdout: child.stdout,
        stderr: child.stderr,
        exited,
        killGroup: () => {
          try {
            if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
          }
        },
      };
    },
  };
}
