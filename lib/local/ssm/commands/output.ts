import type { Readable } from 'node:stream';

/** From this many bytes on a stream is cut. */
const maxStreamBytes = 24_000;
const streamCutMarker = '--output truncated--';

const maxOutputBytes = 2500;
const errorTitle = '\n----------ERROR-------\n';
const outputCutMarker = '\n---Output truncated---';
const errorCutMarker = '\n---Error truncated----';

/** A stream as GetCommandInvocation shows it: 24 000 bytes or more become 23 980 and a marker. */
export function cutStream(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length < maxStreamBytes) return text;
  return first(bytes, maxStreamBytes - streamCutMarker.length) + streamCutMarker;
}

/** Both streams in one text of at most 2 500 bytes, as lists show a step; the longer one gives way. */
export function combineStreams(stdout: string, stderr: string): string {
  const out = Buffer.from(stdout);
  const error = Buffer.from(stderr);
  const title = error.length > 0 ? errorTitle : '';
  const space = maxOutputBytes - title.length;
  if (out.length + error.length < space) return stdout + title + stderr;
  if (out.length > space / 2 && error.length > space / 2) {
    const half = Math.trunc((space - outputCutMarker.length - errorCutMarker.length) / 2);
    return first(out, half) + outputCutMarker + title + first(error, half) + errorCutMarker;
  }
  if (out.length <= space / 2) {
    return stdout + title + first(error, space - errorCutMarker.length - out.length) + errorCutMarker;
  }
  return first(out, space - outputCutMarker.length - error.length) + outputCutMarker + title + stderr;
}

/** A character cut in half becomes U+FFFD, as in the agent's JSON. */
function first(bytes: Buffer, count: number): string {
  return bytes.subarray(0, count).toString();
}

/** What a stream has brought so far, as far as anyone will see it. */
export interface Capture {
  readonly text: () => string;
  /** Resolves when everyone who could write to the stream has gone, or it was stopped. */
  readonly ended: Promise<void>;
  /** Lets go of the stream: what is written later is lost, as when the agent kills a script. */
  readonly stop: () => void;
}

/** Reads a stream to its end and keeps the beginning. */
export function captureStream(stream: Readable): Capture {
  const chunks: Buffer[] = [];
  let kept = 0;
  stream.on('data', (chunk: Buffer) => {
    // Not more is kept than it takes to see that it was too much; but it is read, or the script would block.
    const wanted = chunk.subarray(0, maxStreamBytes - kept);
    kept += wanted.length;
    if (wanted.length > 0) chunks.push(wanted);
  });
  const ended = new Promise<void>((resolve) => {
    stream.once('close', resolve);
    stream.once('end', resolve);
    stream.once('error', () => {
      resolve();
    });
  });
  return {
    text: () => Buffer.concat(chunks).toString(),
    ended,
    stop: () => {
      stream.destroy();
    },
  };
}
