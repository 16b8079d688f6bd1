import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { HostProcess, HostProcessExit } from './local-host.ts';

/** Says who it is on descriptor 3, so that its process group can be found later, and becomes the command. */
const becomeCommand = 'echo "$$" >&3; exec 3>&-; cd -- "$1" || exit 126; unset OLDPWD; shift; exec "$@"';

/**
 * Runs a command behind `enter` (an nsenter command line that ends where the command begins). `processNamespace` is the
 * identity of the host's process namespace (what `/proc/<pid>/ns/pid` of its processes reads).
 */
export function startHostProcess(
  enter: readonly string[],
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  processNamespace: string,
): HostProcess {
  const [program = '', ...args] = enter;
  const child = spawn(program, [...args, 'setsid', 'sh', '-c', becomeCommand, 'sh', cwd, ...argv], {
    env: { ...env },
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, identity] = child.stdio as readonly unknown[] as readonly [
    null,
    Readable,
    Readable,
    Readable,
  ];

  let group: number | undefined;
  const pending: NodeJS.Signals[] = [];
  let announced = '';
  identity.setEncoding('utf8').on('data', (text: string) => {
    announced += text;
    if (!announced.endsWith('\n')) return;
    identity.destroy();
    group = Number(announced);
    for (const signal of pending.splice(0)) signalGroup(group, signal, processNamespace);
  });

  return {
    stdout,
    stderr,
    exited: ending(child, 'exit'),
    closed: ending(child, 'close'),
    kill: (signal = 'SIGTERM') => {
      if (group === undefined) pending.push(signal);
      else signalGroup(group, signal, processNamespace);
      // nsenter stops itself when its command is stopped (util-linux), and nobody would ever continue it.
      if (signal === 'SIGKILL') child.kill(signal);
    },
  };
}

function ending(child: NodeJS.EventEmitter, event: 'exit' | 'close'): Promise<HostProcessExit> {
  const result = new Promise<HostProcessExit>((resolve, reject) => {
    child.once(event, (code: number | null, signal: NodeJS.Signals | null) => resolve({ code, signal }));
    child.once('error', reject);
  });
  // Whoever waits for one of the two hears of a failure; the other must not end the program.
  result.catch(() => {});
  return result;
}

/**
 * Sends a signal to the process group that has the number `group` inside a process namespace. The number outside is read from
 * any member, so that a group whose leader has gone is found too.
 */
function signalGroup(group: number, signal: NodeJS.Signals, processNamespace: string): void {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const groups = processGroups(entry);
    const [outside = 0] = groups;
    if (groups.length < 2 || outside <= 1) continue;
    if (groups.at(-1) !== group || namespaceOf(entry) !== processNamespace) continue;
    try {
      process.kill(-outside, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    return;
  }
}

/** The numbers of a process's group, in our process namespace first and in its own last; empty when it has gone. */
function processGroups(pid: string): readonly number[] {
  try {
    const line = /^NSpgid:(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return (line?.[1] ?? '').trim().split(/\s+/).map(Number);
  } catch {
    return [];
  }
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}
