import type { ConformanceRecord } from '../../results/schema/run-record.ts';
import { conformanceOf, observedIn } from './conformance-table.ts';
import { conformanceCases } from './observe.ts';

/** Whether an observation is what the standard asks for. */
export function isAsAsked(asks: string, observed: string): boolean {
  return asks === 'any' || asks === observed || (asks === '4xx' && /^(4\d\d|505)$/.test(observed));
}

/**
 * How often a server does what the standard asks for, and where it does not, by the table in its folder; null where none is kept.
 * Throws LabError `environment` when the table is broken.
 */
export function conformanceSummary(serverFolder: string): ConformanceRecord | null {
  const table = conformanceOf(serverFolder);
  if (table === null) return null;
  const differs = conformanceCases.flatMap((each) => {
    const { what, section, asks } = each;
    const observed = [...observedIn(table, each)];
    return observed.every((one) => isAsAsked(asks, one)) ? [] : [{ what, section, asks, observed }];
  });
  return { framework: table.framework, holds: conformanceCases.length - differs.length, differs };
}
