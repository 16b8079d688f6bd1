import { describeBounds, writeValue } from './field-values.ts';
import { formatPhase, withDefaults } from './parse-text.ts';
import { fieldsOf, phaseKindNames, phaseKinds, type PhaseKindName } from './phase-kinds.ts';
import { presetSentences, presetWorkload, workloadPresetNames } from './presets.ts';

/** The kinds of phases and the presets, for a command's help. */
export function workloadHelp(): string {
  const kinds = phaseKindNames.map(
    (kind) => `  ${formatPhase(withDefaults(kind, {}))}\n    ${phaseKinds[kind].about}\n`,
  );
  const presets = workloadPresetNames.map((name) => `  ${name.padEnd(8)} ${presetSentences[name]}\n`);
  return `Phases of a workload, with default values:\n${kinds.join('')}\nPresets:\n${presets.join('')}`;
}

/** The same as a part of docs/workloads.md: a table a kind, and the presets. */
export function workloadReference(): string {
  const presets = workloadPresetNames.map(
    (name) => `- \`${name}\`: ${presetSentences[name]}\n  \`${presetWorkload(name).map(formatPhase).join(', ')}\`\n`,
  );
  return `### Presets\n\n${presets.join('')}\n${phaseKindNames.map(kindReference).join('\n')}`;
}

function kindReference(kind: PhaseKindName): string {
  const rows = Object.entries(fieldsOf(kind)).map(
    ([key, field]) =>
      `| \`${field.name}\` | \`${key}\` | ${describeBounds(field)} | \`${writeValue(field, field.default)}\` | ${field.about} |\n`,
  );
  return (
    `### ${kind}\n\n${phaseKinds[kind].about}\n\n` +
    `| field | in JSON | from, to | default | |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`
  );
}

if (import.meta.main) process.stdout.write(workloadReference());
