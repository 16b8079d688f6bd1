import { describeCauses, totalOf } from '../../measure/failure-causes.ts';
import { closeCodeNames, type CloseCount } from '../../measure/server-words.ts';
import type { CompressionRaw, DeflateRaw } from '../../deflate/deflate-sums.ts';
import { latenessOf } from '../../measure/why-late.ts';
import { wholeNumber } from '../../measure/whole-number.ts';
import type { Distribution, PhaseSummary, PushSummary, Summary } from '../../measure/summary.ts';

/** The result of a run for people. */
export function summaryText(summary: Summary): string {
  const lines = [`connections  ${wholeNumber(summary.open)} open of ${wholeNumber(summary.wanted)}${ramp(summary)}`];
  lines.push(`connect      ${times(summary.connectMicros)}`);
  if (totalOf(summary.connectFailures) > 0) {
    lines.push(`failed       ${describeCauses(summary.connectFailures)}; ${wholeNumber(summary.abandoned)} given up`);
  }
  if (totalOf(summary.lost) > 0) lines.push(`lost         ${describeCauses(summary.lost)}`);
  for (const [cause, words] of Object.entries(summary.serverWords.failures)) lines.push(`  ${cause}  ${words}`);
  const { closes } = summary.serverWords;
  if (closes.length > 0) lines.push(`closed       ${closes.map(closeText).join(', ')}`);
  for (const { address, opened, lost, failures } of summary.addresses) {
    const parts = [`${wholeNumber(opened)} opened`, ...(lost > 0 ? [`${wholeNumber(lost)} lost`] : [])];
    if (totalOf(failures) > 0) parts.push(`failed: ${describeCauses(failures)}`);
    lines.push(`  ${address}  ${parts.join(', ')}`);
  }
  for (const phase of summary.phases) lines.push(...phaseLines(phase));
  if (summary.pushes.messages > 0 || summary.pushes.stamped !== null)
    lines.push(`pushed       ${pushText(summary.pushes)}`);
  if (summary.deflate !== null) lines.push(...deflateLines(summary.deflate));
  const { generator, handshakes } = summary;
  if (handshakes !== null) {
    lines.push(
      `tls          ${wholeNumber(handshakes.full + handshakes.resumed)} handshakes, ${wholeNumber(handshakes.resumed)} resumed`,
    );
  }
  const cpuSeconds = generator.cpuSeconds.user + generator.cpuSeconds.system;
  lines.push(
    `generator    ${generator.processes} ${generator.processes === 1 ? 'process' : 'processes'}, ${cpuSeconds.toFixed(2)} s CPU, ${Math.round(generator.rssBytes / 1e6)} MB, ` +
      lateText(latenessOf(summary)),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** How often a close code came, its name, and the first reason that came with it. */
export function closeText({ code, count: closes, reason }: CloseCount): string {
  const words = [
    ...(closeCodeNames[code] === undefined ? [] : [closeCodeNames[code]]),
    ...(reason === '' ? [] : [`'${reason}'`]),
  ];
  return `${wholeNumber(closes)} x ${code}${words.length === 0 ? '' : ` (${words.join(': ')})`}`;
}

function pushText({ messages, bytes, messagesPerSecond, stamped }: PushSummary): string {
  const rate = messagesPerSecond === null ? '' : `, ${wholeNumber(messagesPerSecond)}/s`;
  const volume = `${wholeNumber(messages)} messages, ${wholeNumber(bytes)} bytes${rate}`;
  if (stamped === null) return volume;
  const { latencyMicros, sharesClock, unstamped, ahead } = stamped;
  const clocks = sharesClock
    ? 'one clock, the server being on this host'
    : 'rests on two clocks: their offset is in it';
  const odd = [
    ...(unstamped > 0 ? [`${wholeNumber(unstamped)} without a time of the last 35 minutes`] : []),
    ...(ahead > 0 ? [`${wholeNumber(ahead)} with one that was still to come`] : []),
  ];
  return `${volume}: ${times(latencyMicros)} (${[clocks, ...odd].join('; ')})`;
}

/** What was compressed, and what that took the load processes. */
function deflateLines({ answered, accepted, declined, received, sent }: DeflateRaw): readonly string[] {
  if (accepted + declined === 0) return [];
  if (answered === null) return ['deflate      declined: nothing was compressed'];
  const some = declined === 0 ? '' : `, declined on ${wholeNumber(declined)}`;
  const way = ({ messages, bytes, wireBytes, micros }: CompressionRaw): string =>
    `${wholeNumber(messages)} messages, ${wholeNumber(bytes)} bytes as ${wholeNumber(wireBytes)}, ${milliseconds(micros)} CPU`;
  return [
    `deflate      on ${wholeNumber(accepted)} connections${some}: ${answered}`,
    `  received   ${way(received)}`,
    `  sent       ${way(sent)}`,
  ];
}

function lateText(micros: number | null): string {
  return micros === null ? 'nothing was due' : `late by ${milliseconds(micros)} (p99)`;
}

/** A phase in one line, each broadcast in one of its own. */
function phaseLines({ kind, counts, latencyMicros, broadcasts }: PhaseSummary): readonly string[] {
  if (broadcasts.length === 0) {
    const told = Object.entries(counts).filter(([name, value]) => value > 0 || name === 'received');
    const parts = told.map(([name, value]) => `${wholeNumber(value)} ${inWords(name)}`);
    return [`${kind.padEnd(12)} ${parts.join(', ')}: ${times(latencyMicros)}`];
  }
  return broadcasts.map((broadcast) => {
    const extra = broadcast.duplicates + broadcast.outOfOrder;
    const odd = extra > 0 ? `, ${broadcast.duplicates} twice, ${broadcast.outOfOrder} out of order` : '';
    const spread = broadcast.spreadMicros === null ? '' : `, first to last ${milliseconds(broadcast.spreadMicros)}`;
    return (
      `broadcast ${broadcast.seq}  ${wholeNumber(broadcast.received)} of ${wholeNumber(broadcast.members)}${odd}: ` +
      `${times(broadcast.latencyMicros)}${spread}`
    );
  });
}

/** A count's name for people: `out of order` for `outOfOrder`. */
function inWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function ramp({ rampSeconds, connectionsPerSecond }: Summary): string {
  if (rampSeconds === null || connectionsPerSecond === null) return '';
  return `, in ${rampSeconds.toFixed(1)} s (${wholeNumber(connectionsPerSecond)}/s)`;
}

function times({ p50, p99, max }: Distribution): string {
  if (p50 === null || p99 === null || max === null) return 'nothing was measured';
  return `p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}, max ${milliseconds(max)}`;
}

function milliseconds(micros: number): string {
  if (micros < 10) return '< 0.01 ms';
  return `${(micros / 1000).toFixed(micros < 10_000 ? 2 : 0)} ms`;
}
