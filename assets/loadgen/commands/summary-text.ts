import { describeCauses, totalOf } from '../measure/failure-causes.ts';
import type { Distribution, PhaseSummary, Summary } from '../measure/summary.ts';

/** The result of a run for people. */
export function summaryText(summary: Summary): string {
  const lines = [`connections  ${count(summary.open)} open of ${count(summary.wanted)}${ramp(summary)}`];
  lines.push(`connect      ${times(summary.connectMicros)}`);
  if (totalOf(summary.connectFailures) > 0) {
    lines.push(`failed       ${describeCauses(summary.connectFailures)}; ${count(summary.abandoned)} given up`);
  }
  if (totalOf(summary.lost) > 0) lines.push(`lost         ${describeCauses(summary.lost)}`);
  for (const { address, opened, lost, failures } of summary.addresses) {
    const parts = [`${count(opened)} opened`, ...(lost > 0 ? [`${count(lost)} lost`] : [])];
    if (totalOf(failures) > 0) parts.push(`failed: ${describeCauses(failures)}`);
    lines.push(`  ${address}  ${parts.join(', ')}`);
  }
  for (const phase of summary.phases) lines.push(...phaseLines(phase));
  const { generator } = summary;
  const cpuSeconds = generator.cpuSeconds.user + generator.cpuSeconds.system;
  lines.push(
    `generator    ${generator.processes} processes, ${cpuSeconds.toFixed(2)} s CPU, ${Math.round(generator.rssBytes / 1e6)} MB, ` +
      `late by ${milliseconds(generator.latenessMicros.p99)} (p99)`,
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** A phase in one line, each broadcast in one of its own. */
function phaseLines({ kind, counts, latencyMicros, broadcasts }: PhaseSummary): readonly string[] {
  if (broadcasts.length === 0) {
    const told = Object.entries(counts).filter(([name, value]) => value > 0 || name === 'received');
    return [
      `${kind.padEnd(12)} ${told.map(([name, value]) => `${count(value)} ${name}`).join(', ')}: ${times(latencyMicros)}`,
    ];
  }
  return broadcasts.map((broadcast) => {
    const extra = broadcast.duplicates + broadcast.outOfOrder;
    const odd = extra > 0 ? `, ${broadcast.duplicates} twice, ${broadcast.outOfOrder} out of order` : '';
    const spread = broadcast.spreadMicros === null ? '' : `, first to last ${milliseconds(broadcast.spreadMicros)}`;
    return (
      `broadcast ${broadcast.seq}  ${count(broadcast.received)} of ${count(broadcast.members)}${odd}: ` +
      `${times(broadcast.latencyMicros)}${spread}`
    );
  });
}

function ramp({ rampSeconds, connectionsPerSecond }: Summary): string {
  if (rampSeconds === null || connectionsPerSecond === null) return '';
  return `, in ${rampSeconds.toFixed(1)} s (${count(connectionsPerSecond)}/s)`;
}

function times({ count: values, p50, p99, max }: Distribution): string {
  if (values === 0) return 'nothing was measured';
  return `p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}, max ${milliseconds(max)}`;
}

function milliseconds(micros: number): string {
  return `${(micros / 1000).toFixed(micros < 10_000 ? 2 : 0)} ms`;
}

function count(number: number): string {
  return number.toLocaleString('en-US').replaceAll(',', ' ');
}
