import type { Readable } from 'node:stream';

/** Calls `use` with each line of JSON that comes from a stream; what is no JSON is passed over. */
export function eachJsonLine(stream: Readable, use: (message: unknown) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (piece: string) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      let message: unknown;
      try {
        message = JSON.parse(line);
      } catch {
        continue;
      }
      use(message);
    }
  });
}
