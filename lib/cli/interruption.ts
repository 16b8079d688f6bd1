import { readFileSync } from 'node:fs';
import { exitCodes, LabError } from '../config/lab-error.ts';

/** A signal that comes again this soon is the same one: the terminal and npm both pass on one Ctrl-C. */
const sameSignalMillis = 1000;

/**
 * How long a command has to end once it is interrupted: the one deadline of all that it does then, whatever patience each step has of
 * its own. What is still going on is left to the system; what was measured is kept.
 */
const endMillis = 14_000;

/** How long what a command leaves has to end once the command has done its work: hosts take up to three seconds. */
const restMillis = 10_000;

/** What ends a command before its own end. */
export interface Interruption {
  /**
   * Aborted by the first signal, or when nobody reads the output any more. Whoever has taken it ends by itself; a command that has not
   * has nothing to keep, and is ended.
   */
  readonly signal: AbortSignal;
  /** Why standard output has not taken everything; null when it has. */
  outputFailure(): LabError | null;
  /** To be called when the command is done: what still keeps the process then has 10 s to end, and is left to the system. */
  done(): void;
}

/**
 * The one owner of a process's signals and of output that breaks. The first SIGINT, SIGTERM or SIGHUP, or a reader of the output that
 * goes away (EPIPE, EIO), aborts the signal; the command then ends by itself, in 14 s at most. A second signal, a second later or
 * more, ends the process at once, and so does the first where nobody has taken `signal`. SIGHUP means nothing below nohup.
 */
export function listenForInterruption(process: NodeJS.Process): Interruption {
  const controller = new AbortController();
  let lastMillis = -Infinity;
  let failure: LabError | null = null;
  let isTaken = false;
  const leave = (text: string, exitCode: number = exitCodes.interrupted): void => {
    process.stderr.write(`${text}\n`);
    leaveNow(process, exitCode);
  };
  const interrupt = (): void => {
    if (controller.signal.aborted) return;
    setTimeout(() => {
      leave(
        `interrupted: not everything has ended after ${endMillis / 1000} s and is left to the system; what was measured until now is kept`,
      );
    }, endMillis).unref();
    controller.abort();
  };
  const onSignal = (): void => {
    const now = performance.now();
    const isSame = now - lastMillis < sameSignalMillis;
    lastMillis = now;
    if (!isTaken) leave('interrupted');
    else if (!controller.signal.aborted) interrupt();
    else if (!isSame) leave('interrupted again: leaving at once; what was measured until now is kept');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // Node does not inherit that a signal is ignored, so that a handler is needed for that as well.
  process.on('SIGHUP', isBelowNohup(process.env) ? () => undefined : onSignal);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || error.code === 'EIO') {
        interrupt();
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
  return {
    get signal() {
      isTaken = true;
      return controller.signal;
    },
    outputFailure: () => failure,
    done: () => {
      setTimeout(() => {
        const text = `not everything has ended after ${restMillis / 1000} s and is left to the system; the command is done`;
        leave(text, Number(process.exitCode ?? exitCodes.ok));
      }, restMillis).unref();
    },
  };
}

/**
 * Ends the process. `process.exit` would wait for the threads that are in the midst of a file or a name,
 * for as long as a disk or a name server does not answer; what takes the process's place does not.
 */
function leaveNow(process: NodeJS.Process, exitCode: number): never {
  process.emit('exit', exitCode);
  process.execve?.('/bin/sh', ['sh', '-c', `exit ${exitCode}`], {});
  process.exit(exitCode);
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
