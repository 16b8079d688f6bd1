import { counted } from '../../report/units.ts';
import type { ProgressEvent, StatusSummary } from '../../run/progress.ts';
import type { LabContext } from '../context.ts';

/** How often a plain line is printed when the output is no terminal. */
const plainLineSeconds = 5;

const stepWords: Readonly<Record<string, string>> = {
  buildServer: 'building the server',
  buildLoad: 'building the load generator',
  prepare: 'checking the hosts',
  start: 'starting the server',
  ramp: 'opening connections',
  drive: 'driving the workload',
  collect: 'collecting results',
  stop: 'stopping',
  interrupted: 'interrupted: collecting what there is',
  spoilt: 'a load host failed: collecting what there is',
};

const grouped = (value: number): string => Math.round(value).toLocaleString('en').replaceAll(',', ' ');

/** One line that says what the lab is doing. */
export function describeStatus(step: string, status: StatusSummary): string {
  const parts = [`${grouped(status.open)} of ${grouped(status.wanted)} open`];
  if (status.failed > 0) parts.push(`${grouped(status.failed)} failed`);
  if (step === 'ramp') parts.push(`${grouped(status.connectionsPerSecond)}/s`);
  if (step === 'drive') {
    if (status.echoesReceived > 0) parts.push(`${grouped(status.echoesReceived)} echoes`);
    parts.push(
      counted(status.broadcastsPublished, 'broadcast'),
      `${grouped(status.broadcastMessagesReceived)} received`,
    );
  }
  parts.push(`server ${grouped(status.serverRssBytes / 1e6)} MB`);
  return parts.join(', ');
}

/** Shows a run as it goes: a line redrawn in place on a terminal, else a plain line now and then. All on standard error. */
export function progressPrinter(context: LabContext): { onProgress: (event: ProgressEvent) => void; end: () => void } {
  const { stderr } = context.process;
  const began = context.now().getTime();
  let lastPlainMillis = 0;
  let drawn = false;
  let heading = '';

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
    stderr.write(`${clock()}  ${text}\n`);
  };
  const draw = (text: string): void => {
    erase();
    stderr.write(`${clock()}  ${text}`.slice(0, context.columns - 1));
    drawn = true;
  };

  return {
    onProgress: (event) => {
      switch (event.kind) {
        case 'measurement':
          heading = event.of > 1 ? `[${event.number}/${event.of}] ${event.server}` : event.server;
          break;
        case 'step': {
          const text = `${heading}: ${stepWords[event.step] ?? event.step}`;
          if (context.interactive && event.step !== 'interrupted' && event.step !== 'spoilt') draw(text);
          else line(text);
          lastPlainMillis = context.now().getTime();
          break;
        }
        case 'status': {
          const text = `${heading}: ${describeStatus(event.step, event.summary)}`;
          if (context.interactive)
            draw(`${heading}: ${stepWords[event.step] ?? event.step}: ${describeStatus(event.step, event.summary)}`);
          else if (context.now().getTime() - lastPlainMillis >= plainLineSeconds * 1000) {
            line(text);
            lastPlainMillis = context.now().getTime();
          }
          break;
        }
        case 'outcome':
          // A reason has the lines that a host printed, which would look like lines of this program.
          line(`${heading}: ${event.text.split('\n').join(' | ')}`);
          break;
        default:
          event satisfies never;
      }
    },
    end: erase,
  };
}
