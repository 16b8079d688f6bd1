import { describeCauses, totalOf } from '../../measure/failure-causes.ts';
import { untimed } from '../../measure/stamp.ts';
import type { PhaseSummary, Summary } from '../../measure/summary.ts';
import { wrongAnswers } from '../../measure/wrong-answers.ts';
import { exitCodes } from '../exit-codes.ts';

/** What is missing of a run that went to its end, and the exit code for it. */
interface Shortfall {
  readonly reason: string;
  readonly exitCode: number;
  /** What helps, where it is not what commonly does. */
  readonly hint?: string;
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
  if (parts.length > 0) return { reason: parts.join(', '), exitCode: exitCodes.incomplete };
  const { messages, stamped } = summary.pushes;
  const reason = stamped === null ? null : untimed(messages, stamped.latencyMicros.count);
  return reason === null ? null : { reason, exitCode: exitCodes.incomplete, hint: stampHint };
}

const stampHint =
  'see that the server pushes messages, and that the field or expression and the unit of --stamp are theirs';

function missingOf({ kind, counts, broadcasts }: PhaseSummary): readonly string[] {
  const due = broadcasts.length > 0 ? (counts['members'] ?? 0) : (counts['sent'] ?? 0);
  const missing = due - (counts['received'] ?? due);
  return missing > 0 ? [`${missing} of ${due} messages of phase ${kind} did not arrive`] : [];
}

function wrongOf({ kind, counts }: PhaseSummary): readonly string[] {
  const parts = wrongAnswers(counts);
  return parts.length === 0 ? [] : [`answers of phase ${kind} came ${parts.join(', ')}`];
}
