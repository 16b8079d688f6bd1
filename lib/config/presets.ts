import { LabError } from './lab-error.ts';
import { parseLab, type Lab, type LabInput } from './lab.ts';

/** Labs to start from. A lab file names one as `preset` and changes what it likes. */
export const presets = {
  /** The article's own hosts of 2015; the default. */
  article: {},
  /** This generation of Nitro, x86: as many vCPUs and as much memory as the article's hosts, and drops can be seen. */
  modern: { server: { instanceType: 'c8i.4xlarge' }, load: { instanceType: 'c8i.2xlarge' } },
  /** The same on Graviton. */
  'modern-graviton': { server: { instanceType: 'c8g.4xlarge' }, load: { instanceType: 'c8g.2xlarge' } },
} as const satisfies Record<string, LabInput>;

/** A name in {@link presets}. */
export type PresetName = keyof typeof presets;

/**
 * Makes a lab of a lab file's content: its `preset` (default `article`) with everything else in the file laid over it.
 * Throws a {@link LabError} for an unknown preset or a bad setting; `origin` names the file in messages.
 */
export function labOf(input: unknown, origin: string): Lab {
  if (!isSettings(input)) {
    throw new LabError(
      'usage',
      `${origin}: must be an object of settings, got ${JSON.stringify(input)}`,
      'Write {} for the default lab.',
    );
  }
  const { preset = 'article', ...changes } = input;
  if (typeof preset !== 'string' || !isPresetName(preset)) {
    throw new LabError(
      'usage',
      `${origin}: 'preset' must be one of ${Object.keys(presets).join(', ')}, got ${JSON.stringify(preset)}`,
      'Name one of them, or omit it for the article preset.',
    );
  }
  return parseLab(deepMerge(presets[preset], changes), origin);
}

type Settings = Readonly<Record<string, unknown>>;

function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(presets, name);
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `changes` over `base`, objects merged setting by setting. */
function deepMerge(base: Settings, changes: Settings): Settings {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(changes)) {
    const under = merged.get(key);
    merged.set(key, isSettings(under) && isSettings(value) ? deepMerge(under, value) : value);
  }
  return Object.fromEntries(merged);
}
