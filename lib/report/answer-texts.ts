import { closeText } from '../../assets/loadgen/commands/url/summary-text.ts';
import type { Answers } from '../results/schema/answers.ts';
import { counted, wholeNumber, withUnit } from '../text/units.ts';

/** Connections that were lost, by cause, and with what codes the server closed; empty where none was. */
export function lossTexts(lost: Readonly<Record<string, number>>, { closes }: Answers): readonly string[] {
  if (Object.keys(lost).length === 0) return [];
  const codes = closes.length === 0 ? '' : `; the server closed ${closes.map(closeText).join(', ')}`;
  return [`connections lost: ${causesText(lost)}${codes}`];
}

/** What the server said and sent unasked, as sentences: of failed attempts in its words, each of its addresses, and what it pushed. */
export function answerTexts({ failures, addresses, handshakes, pushes }: Answers): readonly string[] {
  return [
    ...Object.entries(failures).map(([cause, words]) => `${cause}: ${words}`),
    ...addresses.map((one) => `${one.address}: ${addressText(one)}`),
    ...(handshakes === null
      ? []
      : [
          `TLS handshakes: ${wholeNumber(handshakes.full + handshakes.resumed)}, ${wholeNumber(handshakes.resumed)} resumed`,
        ]),
    ...(pushes.messages === 0 ? [] : [pushesText(pushes)]),
  ];
}

function addressText({ opened, lost, failures }: Answers['addresses'][number]): string {
  return [
    `${wholeNumber(opened)} opened`,
    ...(lost > 0 ? [`${wholeNumber(lost)} lost`] : []),
    ...(Object.keys(failures).length > 0 ? [`attempts failed: ${causesText(failures)}`] : []),
  ].join(', ');
}

function pushesText({
  messages,
  bytes,
  messagesPerSecond,
  latency,
  sharesClock,
  unstamped,
  ahead,
}: Answers['pushes']): string {
  const rate = messagesPerSecond === null ? '' : `, ${wholeNumber(messagesPerSecond)}/s`;
  const pushed = `the server pushed ${counted(messages, 'message')} (${withUnit('bytes', bytes)}${rate})`;
  if (sharesClock === null) return pushed;
  const odd = [
    sharesClock ? 'measured by one shared clock' : 'measured by two clocks, including their offset',
    ...(unstamped > 0 ? [`${wholeNumber(unstamped)} without a time of the last 35 minutes`] : []),
    ...(ahead > 0 ? [`${wholeNumber(ahead)} with one that was still to come`] : []),
  ].join('; ');
  if (latency === null) return `${pushed}, their latency unknown (${odd})`;
  const { p50Micros, p99Micros, maxMicros } = latency;
  const [p50, p99, max] = [p50Micros, p99Micros, maxMicros].map((micros) => withUnit('micros', micros));
  return `${pushed}, latency p50 ${p50 ?? ''}, p99 ${p99 ?? ''}, max ${max ?? ''} (${odd})`;
}

/** Counts by cause; empty for none. */
export function causesText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([cause, count]) => `${wholeNumber(count)} ${cause}`)
    .join(', ');
}
