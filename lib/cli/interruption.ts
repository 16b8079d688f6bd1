import { readFileSync } from 'node:fs';
import { exitCodes, LabError } from '../config/lab-error.ts';

/** A signal that comes again this soon is the same one: the terminal and npm both pass on one Ctrl-C. */
const sameSignalMillis = 1000;

/** How long a command has to end once it is interrupted. What is still going then is left behind; what was measured is kept. */
const endMillis = 14_000;

/** What ends a command before its own end. */
export interface Interruption {
  /** Aborted by the first signal, or when nobody reads the output any more. */
  readonly signal: AbortSignal;
  /** Why standard output has not taken everything; null when it has. */
  outputFailure(): LabError | null;
}

/**
 * The one owner of a process's signals and of output that breaks. The first SIGINT, SIGTERM or SIGHUP, or a reader of the output that
 * goes away (EPIPE, EIO), aborts the signal; the command then ends by itself, in 14 s at most. A second signal, a second later or
 * more, ends the process at once. SIGHUP means nothing below nohup.
 */
export function listenForInterruption(process: NodeJS.Process): Interruption {
  const controller = new AbortController();
  let lastMillis = -Infinity;
  let failure: LabError | null = null;
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const leave = (text: string): never => {
    say(text);
    process.exit(exitCodes.interrupted);
  };
  const interrupt = (): void => {
    const now = performance.now();
    const isSame = now - lastMillis < sameSignalMillis;
    lastMillis = now;
    if (controller.signal.aborted) {
      if (!isSame) leave('interrupted again: leaving at once; what was measured until now is kept');
      return;
    }
    setTimeout(() => {
      leave(
        `error: not everything has ended ${endMillis / 1000} s after the interruption\n  fix: nothing to do: it ends with this command`,
      );
    }, endMillis).unref();
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // Node does not inherit that a signal is ignored, so that a handler is needed for that as well.
  process.on('SIGHUP', isBelowNohup(process.env) ? () => undefined : interrupt);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || error.code === 'EIO') {
        if (!controller.signal.aborted) interrupt();
      } else if (stream === process.stdout) {
        failure ??= new LabError(
          'environment',
          `standard output could not be written: ${error.message}`,
          'check where it goes (disk full?); what was measured is in the folder of the run',
          { cause: error },
        );
      }
    });
  }
  return { signal: controller.signal, outputFailure: () => failure };
}

/** Whether nohup started this command: a shell names it in `_`, and it leaves a standard input that can only be written to. */
function isBelowNohup(environment: NodeJS.ProcessEnv): boolean {
  if (/(^|\/)nohup$/.test(environment['_'] ?? '')) return true;
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/fdinfo/0', 'utf8'))?.[1] ?? '0';
    const writeOnly = 1;
    return (Number.parseInt(flags, 8) & 3) === writeOnly;
  } catch {
    return false;
  }
}
