import { describeBounds, readValue, takes, writeValue } from './field-values.ts';
import { fieldsOf, isPhaseKind, phaseKindNames, type Phase, type PhaseKindName, type Workload } from './phase-kinds.ts';
import { WorkloadError } from './workload-error.ts';

/** The text form of a workload without a phase. */
export const noPhases = 'none';

/** What an Automation parameter may hold (Systems Manager, StartAutomationExecution: 512 characters a value). */
export const longestText = 512;

/**
 * Reads the text form: phases separated by commas (or by |), each a kind and its fields, `echo rate=1000/s for=30s, broadcast
 * times=3 every=10s`. Fields that are left out have their defaults. Throws {@link WorkloadError}.
 */
export function parseText(text: string): Workload {
  if (text.trim() === noPhases) return [];
  return text.split(/[,|]/).map((part, place) => parsePhase(part.trim(), place));
}

function parsePhase(part: string, place: number): Phase {
  const [kind = '', ...pairs] = part.split(/\s+/);
  if (!isPhaseKind(kind)) {
    throw new WorkloadError(
      kind === '' ? `phase ${place + 1} of the workload is empty` : `'${kind}' is no phase of a workload`,
      `the phases are ${phaseKindNames.join(', ')}, separated by commas: ${exampleOf('echo')}, ${exampleOf('broadcast')}`,
    );
  }
  const given: Record<string, number | string> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const found = Object.entries(fieldsOf(kind)).find(([, field]) => field.name === name);
    if (found === undefined || equals < 0) {
      const names = Object.values(fieldsOf(kind)).map((field) => field.name);
      throw new WorkloadError(
        `${kind} (phase ${place + 1}) has no field '${pair}'`,
        `its fields are ${names.join(', ')}: ${exampleOf(kind)}`,
      );
    }
    const [key, field] = found;
    if (Object.hasOwn(given, key)) {
      throw new WorkloadError(`${kind} (phase ${place + 1}): ${name} is given twice`, 'give each field once');
    }
    const written = pair.slice(equals + 1);
    const value = readValue(field, written);
    if (!takes(field, value)) {
      throw new WorkloadError(
        `${kind} (phase ${place + 1}): ${name} cannot be '${written}'`,
        `give ${describeBounds(field)}, such as ${name}=${writeValue(field, field.default)}`,
      );
    }
    given[key] = value;
  }
  return withDefaults(kind, given);
}

/** A phase with the defaults of the fields that are not given. */
export function withDefaults(kind: PhaseKindName, given: Readonly<Record<string, number | string>>): Phase {
  const fields = Object.entries(fieldsOf(kind)).map(([key, field]) => [key, given[key] ?? field.default]);
  return { kind, ...Object.fromEntries(fields) } as Phase;
}

/** A phase of a kind with its defaults, in the text form. */
function exampleOf(kind: PhaseKindName): string {
  return formatPhase(withDefaults(kind, {}));
}

/** A phase in the text form, every field written. */
export function formatPhase(phase: Phase): string {
  const values = phase as unknown as Readonly<Record<string, number | string>>;
  const fields = Object.entries(fieldsOf(phase.kind)).map(
    ([key, field]) => `${field.name}=${writeValue(field, values[key] ?? field.default)}`,
  );
  return [phase.kind, ...fields].join(' ');
}
