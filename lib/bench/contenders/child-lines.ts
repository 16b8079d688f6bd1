import type { ChildProcess } from 'node:child_process';

/** Reads a child's standard output line by line: each call waits for the next; fails when the child ends before. */
export function lineReader(child: ChildProcess, what: string): () => Promise<string> {
  const lines: string[] = [];
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  let rest = '';
  let ended: Error | null = null;
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    const parts = (rest + piece).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      const next = waiting.shift();
      if (next === undefined) lines.push(line);
      else next.resolve(line);
    }
  });
  child.once('close', (code) => {
    ended = new Error(`${what} ended with exit code ${code}`);
    for (const { reject } of waiting.splice(0)) reject(ended);
  });
  return async () =>
    new Promise((resolve, reject) => {
      const line = lines.shift();
      if (line !== undefined) resolve(line);
      else if (ended !== null) reject(ended);
      else waiting.push({ resolve, reject });
    });
}
