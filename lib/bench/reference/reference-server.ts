import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lineReader } from '../contenders/child-lines.ts';

/** What the server knows of its members. */
interface Members {
  readonly open: number;
  /** From the first connection accepted to the last upgrade answered. */
  readonly rampMicros: number;
}

/** A server in C that has been started. */
export interface ReferenceServer {
  /** Where it listens on 127.0.0.1; the kernel chose it. */
  readonly port: number;
  readonly members: () => Promise<Members>;
  readonly stop: () => Promise<void>;
}

/** Starts the reference server; resolves when it listens. */
export async function startReferenceServer(program: string): Promise<ReferenceServer> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = lineReader(child, 'the reference server');
  const port = Number((await line()).split(' ')[1]);
  return {
    port,
    members: async () => {
      child.stdin.write('?');
      const [, open, first, last] = (await line()).split(' ').map(Number);
      return { open: open!, rampMicros: last! - first! };
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
}
