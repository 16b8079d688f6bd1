import type { Workload } from './phase-kinds.ts';
import { parseText } from './parse-text.ts';

/** Workloads by name, in the text form. */
const texts = {
  quick: 'echo rate=1000/s for=2s, broadcast times=3 every=1s',
  article: 'echo rate=1000/s for=30s, broadcast times=10 every=60s',
  push: 'heartbeat every=30s for=60s, churn rate=200/s for=20s, broadcast times=3 every=5s bytes=256, storm within=60s',
} as const;

/** What each preset is for. */
export const presetSentences = {
  quick: 'Two seconds of echoes and three broadcasts; the default of local runs.',
  article: 'Half a minute of echoes, then a broadcast to all every minute: the experiment of the 2015 article series.',
  push: 'The life of a push service: heartbeats, churn, broadcasts, and all clients cut off at once.',
} as const satisfies Record<WorkloadPresetName, string>;

/** The name of a preset. */
export type WorkloadPresetName = keyof typeof texts;

/** The names of the presets. */
export const workloadPresetNames = Object.keys(texts) as readonly WorkloadPresetName[];

/** Whether a word names a preset. */
export function isWorkloadPreset(word: string): word is WorkloadPresetName {
  return Object.hasOwn(texts, word);
}

/** The workload of a preset. */
export function presetWorkload(name: WorkloadPresetName): Workload {
  return parseText(texts[name]);
}
