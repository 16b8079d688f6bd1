import { describeCauses, totalOf } from '../../measure/failure-causes.ts';
import type { PhaseSummary, Summary } from '../../measure/summary.ts';
import { wrongAnswers } from '../../measure/wrong-answers.ts';
import { exitCodes } from '../exit-codes.ts';

/** What is missing of a run that went to its end, and the exit code for it. */
interface Shortfall {
  readonly reason: string;
  readonly exitCode: number;
}

/** What is missing of a run that went to its end; null when nothing is. */
export function shortfallOf(summary: Summary, wanted: number): Shortfall | null {
  if (summary.open < wanted) {
    const failed = totalOf(summary.connectFailures) > 0 ? [`attempts: ${describeCauses(summary.connectFailures)}`] : [];
    const lost = totalOf(summary.lost) > 0 ? [`lost: ${describeCauses(summary.lost)}`] : [];
    const why = [...failed, ...lost].join('; ');
    return {
      reason: `${summary.open} of ${wanted} connections were open at the end (${why})`,
      exitCode: exitCodes.notReached,
    };
  }
  const parts = summary.phases.flatMap((phase) => [...missingOf(phase), ...wrongOf(phase)]);
  return parts.length === 0 ? null : { reason: parts.join(', '), exitCode: exitCodes.incomplete };
}

function missingOf({ kind, counts, broadcasts }: PhaseSummary): readonly string[] {
  const due = broadcasts.length > 0 ? (counts['members'] ?? 0) : (counts['sent'] ?? 0);
  const missing = due - (counts['received'] ?? due);
  return missing > 0 ? [`${missing} of ${due} messages of phase ${kind} did not arrive`] : [];
}

function wrongOf({ kind, counts }: PhaseSummary): readonly string[] {
  const parts = wrongAnswers(counts);
  return parts.length === 0 ? [] : [`answers of phase ${kind} came ${parts.join(', ')}`];
}
