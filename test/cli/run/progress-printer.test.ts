import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LabContext } from '../../../lib/cli/context.ts';
import { progressPrinter } from '../../../lib/cli/run/progress-printer.ts';
import type { ProgressEvent } from '../../../lib/run/progress.ts';

/** What the printer writes about these events. */
function printed(interactive: boolean, ...events: readonly ProgressEvent[]): string {
  let text = '';
  const context: LabContext = {
    process: { stdout: { write: () => {} }, stderr: { write: (words: string) => void (text += words) } },
    workingFolder: '/',
    interactive,
    columns: 60,
    interrupted: new AbortController().signal,
    now: () => new Date(0),
    random: () => 0,
    aws: {},
  };
  const printer = progressPrinter(context);
  events.forEach(printer.onProgress);
  printer.end();
  return text;
}

const begun: ProgressEvent = { kind: 'measurement', server: 'node', number: 1, of: 2 };

describe('progress', () => {
  test('tells what a host printed as one line of its own', () => {
    const text = 'failed: buildServer: compiling\nerror: no such header';
    assert.equal(
      printed(false, begun, { kind: 'outcome', server: 'node', text }),
      '00:00  [1/2] node: failed: buildServer: compiling | error: no such header\n',
    );
  });

  test('names a server that is skipped before any is measured', () => {
    const skipped: ProgressEvent = { kind: 'outcome', server: 'floor', text: 'skipped: it does not serve TLS' };
    assert.equal(printed(false, skipped), '00:00  floor: skipped: it does not serve TLS\n');
  });

  test('is drawn in place on a terminal, no wider than it, and gone at the end', () => {
    const text = printed(true, begun, { kind: 'step', server: 'node', step: 'ramp' });
    assert.equal(text, '00:00  [1/2] node: opening connections\r\u001b[K');
  });
});
