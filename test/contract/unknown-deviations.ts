import type { ServerDescription } from '../../lib/config/servers.ts';
import { allCases } from './all-cases.ts';

/** Names in a server's knownDeviations that no case has. */
export function unknownDeviations(description: ServerDescription): readonly string[] {
  const names = new Set(allCases.map((contractCase) => contractCase.name));
  return description.knownDeviations.map((deviation) => deviation.case).filter((name) => !names.has(name));
}
