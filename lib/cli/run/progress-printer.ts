import type { ProgressEvent, StatusSummary } from '../../run/progress.ts';
import { inOneLine } from '../../config/lab-error.ts';
import { wholeNumber } from '../../text/units.ts';
import type { LabContext } from '../context.ts';

/** How often a plain line is printed when the output is no terminal. */
const plainLineSeconds = 5;

/** After so long without a word, what is going on is said again. */
const silentSeconds = 8;

const stepWords: Readonly<Record<string, string>> = {
  buildServer: 'building the server',
  buildLoad: 'building the load generator',
  prepare: 'checking the hosts',
  start: 'starting the server',
  ramp: 'opening connections',
  drive: 'driving the workload',
  restart: 'between two parts of the workload',
  resume: 'driving the rest of the workload',
  collect: 'collecting results',
  stop: 'stopping',
};

/** What a step does, in words; the benchmark's first ones ask for each host. */
function wordsFor(step: string): string {
  return stepWords[step] ?? (step.endsWith('IsOnline') ? 'looking for the hosts' : step);
}

/** One line that says what the lab is doing. */
export function describeStatus(step: string, status: StatusSummary): string {
  const parts = [`${wholeNumber(status.open)} of ${wholeNumber(status.wanted)} open`];
  if (status.failed > 0) parts.push(`${wholeNumber(status.failed)} failed`);
  if (step === 'ramp') parts.push(`${wholeNumber(status.connectionsPerSecond)}/s`);
  if ((step === 'drive' || step === 'resume') && status.driving !== null) {
    const { kind, place, of, counts } = status.driving;
    const told = Object.entries(counts).map(([name, count]) => `${wholeNumber(count)} ${name}`);
    parts.push(`phase ${place + 1} of ${of} (${kind}): ${told.join(', ')}`);
  }
  parts.push(`server ${wholeNumber(status.serverRssBytes / 1e6)} MB`);
  return parts.join(', ');
}

/**
 * Shows a run as it goes: a line redrawn in place on a terminal, else a plain line now and then, and one at least every eight seconds
 * until `end`. All on standard error.
 */
export function progressPrinter(context: LabContext): { onProgress: (event: ProgressEvent) => void; end: () => void } {
  const { stderr } = context.process;
  const began = context.now().getTime();
  let lastMillis = began;
  let drawn = false;
  let heading = '';
  let doing = '';

  const clock = (): string => {
    const seconds = Math.floor((context.now().getTime() - began) / 1000);
    return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  };
  const erase = (): void => {
    if (drawn) stderr.write('\r\u001b[K');
    drawn = false;
  };
  const line = (text: string): void => {
    erase();
    stderr.write(`${clock()}  ${inOneLine(text)}\n`);
    lastMillis = context.now().getTime();
  };
  const draw = (text: string): void => {
    erase();
    stderr.write(`${clock()}  ${inOneLine(text)}`.slice(0, context.columns - 1));
    drawn = true;
    lastMillis = context.now().getTime();
  };
  const say = (text: string): void => (context.interactive ? draw(text) : line(text));
  const remind = setInterval(() => {
    if (doing !== '' && context.now().getTime() - lastMillis >= silentSeconds * 1000) say(`${heading}: still ${doing}`);
  }, 1000).unref();

  return {
    onProgress: (event) => {
      switch (event.kind) {
        case 'measurement':
          heading = event.of > 1 ? `[${event.number}/${event.of}] ${event.server}` : event.server;
          doing = 'making the hosts ready';
          break;
        case 'building':
          doing = `building ${event.servers.join(', ')}`;
          say(`${heading}: ${doing}`);
          break;
        case 'step':
          doing = wordsFor(event.step);
          say(`${heading}: ${doing}`);
          break;
        case 'status': {
          const text = describeStatus(event.step, event.summary);
          if (context.interactive) draw(`${heading}: ${wordsFor(event.step)}: ${text}`);
          else if (context.now().getTime() - lastMillis >= plainLineSeconds * 1000) line(`${heading}: ${text}`);
          break;
        }
        case 'interrupted':
          doing = 'collecting what there is';
          line(`${heading}: ${event.text}`);
          break;
        case 'outcome':
          doing = 'making the result';
          // A server may be skipped before any is measured.
          line(`${heading === '' ? event.server : heading}: ${event.text}`);
          break;
        default:
          event satisfies never;
      }
    },
    end: () => {
      clearInterval(remind);
      erase();
    },
  };
}
