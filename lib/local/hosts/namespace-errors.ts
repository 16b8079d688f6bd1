import { LabError } from '../../config/lab-error.ts';
import { neededPrograms, type NamespaceFacts, type NeededProgram } from './namespace-facts.ts';

const packages: Readonly<Record<NeededProgram, { readonly debian: string; readonly fedora: string }>> = {
  bash: { debian: 'bash', fedora: 'bash' },
  unshare: { debian: 'util-linux', fedora: 'util-linux' },
  nsenter: { debian: 'util-linux', fedora: 'util-linux' },
  setsid: { debian: 'util-linux', fedora: 'util-linux' },
  mount: { debian: 'mount', fedora: 'util-linux' },
  ip: { debian: 'iproute2', fedora: 'iproute' },
};

/** Processes and threads of a small run: three hosts with their programs (Node has eleven threads each), commands and builds. */
const processesLeast = 300;

const orAsRoot = 'or run the same command as root';

/** What is certain to fail on this machine, found before anything is tried; undefined when nothing is. */
export function preflightError(facts: NamespaceFacts): LabError | undefined {
  if (facts.platform !== 'linux') {
    return environmentError(
      `the local lab's hosts are Linux namespaces, and this machine runs ${facts.platform}`,
      'Run it on Linux (a virtual machine or WSL 2 will do), or deploy the lab to AWS: npx cdk deploy C1mLab',
    );
  }
  const missing = neededPrograms.filter((program) => facts.programs[program] === undefined);
  if (missing.length > 0) {
    const of = (system: 'debian' | 'fedora'): string =>
      [...new Set(missing.map((program) => packages[program][system]))].join(' ');
    return environmentError(
      `the local lab needs ${missing.join(', ')}, which ${missing.length === 1 ? 'is' : 'are'} not on the PATH`,
      `Install with: sudo apt-get install ${of('debian')} (Debian, Ubuntu) or sudo dnf install ${of('fedora')} (Fedora, Amazon Linux)`,
    );
  }
  if (facts.processesLeft !== null && facts.processesLeft < processesLeast) {
    return environmentError(
      `this user may start ${facts.processesLeft} processes and threads more, and the local lab needs ${processesLeast}`,
      'Allow more in this shell: ulimit -u 4096 (or unlimited)',
    );
  }
  if (!facts.hasOpt) {
    return environmentError(
      'the local lab lays its files out under /opt, and there is no such folder',
      'Make it: sudo mkdir /opt',
    );
  }
  return undefined;
}

/**
 * Why namespaces could not be made, from the machine's settings and what the failing program printed (`stderr`): the first
 * setting that forbids them is named with the command that allows them.
 */
export function namespaceError(facts: NamespaceFacts, stderr: string): LabError {
  const message = stderr.replaceAll(/\s+/g, ' ').trim();
  if (/unknown device type|operation not supported/i.test(message)) {
    return environmentError(
      `the kernel has no bridge or veth interfaces (${message})`,
      'Load the modules: sudo modprobe -a bridge veth',
    );
  }
  if (facts.maxNetNamespaces === 0) {
    return environmentError(
      `this machine forbids network namespaces: user.max_net_namespaces is 0 (${message})`,
      'Allow them: sudo sysctl -w user.max_net_namespaces=10000',
    );
  }
  if (!facts.isRoot) {
    if (!facts.hasUserNamespaces) {
      return environmentError(`this kernel has no user namespaces (${message})`, 'Run the same command as root');
    }
    if (facts.maxUserNamespaces === 0) {
      return environmentError(
        `this machine forbids user namespaces: user.max_user_namespaces is 0 (${message})`,
        `Allow them: sudo sysctl -w user.max_user_namespaces=10000; ${orAsRoot}`,
      );
    }
    if (facts.unprivilegedClone === 0) {
      return environmentError(
        `this machine forbids user namespaces without root: kernel.unprivileged_userns_clone is 0 (${message})`,
        `Allow them: sudo sysctl -w kernel.unprivileged_userns_clone=1; ${orAsRoot}`,
      );
    }
    if (facts.apparmorRestricts === 1) {
      return environmentError(
        `AppArmor forbids user namespaces without root: kernel.apparmor_restrict_unprivileged_userns is 1 (${message})`,
        `Allow them: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0; ${orAsRoot}`,
      );
    }
  }
  if (/no space left/i.test(message)) {
    return environmentError(
      `this machine's limit of namespaces is reached (${message})`,
      'Raise it: sudo sysctl -w user.max_user_namespaces=10000 user.max_net_namespaces=10000 user.max_mnt_namespaces=10000 user.max_pid_namespaces=10000',
    );
  }
  if (/operation not permitted|permission denied/i.test(message)) {
    return environmentError(
      `${facts.inContainer ? 'this container' : 'this machine'} does not allow namespaces (${message})`,
      facts.isRoot || facts.inContainer
        ? 'In a container, start it with: docker run --privileged … (elsewhere, with CAP_SYS_ADMIN and CAP_NET_ADMIN)'
        : 'Run the same command as root; in a container, start it with: docker run --privileged …',
    );
  }
  return environmentError(
    `the local hosts could not be made (${message})`,
    'Try by hand what fails: unshare --user --map-root-user --net --mount --pid --fork --mount-proc true',
  );
}

function environmentError(message: string, hint: string): LabError {
  return new LabError('environment', message, hint);
}
