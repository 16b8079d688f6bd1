import { test } from 'node:test';
import { presets } from '../../lib/config/presets.ts';
import { synthesize } from './synthesized/synthesize.ts';

// After an intended change: node --test --test-update-snapshots test/infra/snapshot.test.ts, and read the difference.
const article = linesOf('article');
test('the template of preset article is the one that was reviewed', (context) => {
  context.assert.snapshot(article, { serializers: [(lines: readonly string[]) => lines.join('\n')] });
});

for (const preset of Object.keys(presets).filter((name) => name !== 'article')) {
  test(`the template of preset ${preset} differs from it as was reviewed`, (context) => {
    const lines = linesOf(preset);
    const gone = article.filter((line) => !lines.includes(line)).map((line) => `- ${line}`);
    const added = lines.filter((line) => !article.includes(line)).map((line) => `+ ${line}`);
    context.assert.snapshot([...gone, ...added]);
  });
}

/** A preset's template, a line a value: its path, and what is short enough whole. */
function linesOf(preset: string): readonly string[] {
  return linesAt('', reviewable(synthesize({ preset }).template.toJSON()));
}

function linesAt(path: string, value: unknown): readonly string[] {
  const text = JSON.stringify(value);
  if (typeof value !== 'object' || value === null || text.length < 80) return [`${path} ${text}`];
  return Object.entries(value).flatMap(([key, inner]) => linesAt(`${path}/${key}`, inner));
}

type Part =
  | string
  | { readonly Ref: string }
  | { readonly 'Fn::GetAtt': readonly [string, string] }
  | { readonly 'Fn::Sub': string };

/** The text that a join makes, with references as Fn::Sub writes them. */
function joined([separator, parts]: readonly [string, readonly Part[]]): string {
  const texts = parts.map((part) => {
    if (typeof part === 'string') return part;
    if ('Fn::Sub' in part) return part['Fn::Sub'];
    return `\${${'Ref' in part ? part.Ref : part['Fn::GetAtt'].join('.')}}`;
  });
  return texts.join(separator);
}

/**
 * A template without what changes with every edit elsewhere: the hashes of assets, fleet and documents, and the documents and the
 * user data, which have tests of their own.
 */
function reviewable(template: unknown): unknown {
  const text = JSON.stringify(template, (key, value: unknown) => {
    if (key === 'Content') return '<document>';
    if (key === 'UserData') return '<user data>';
    const join = (value as { readonly 'Fn::Join'?: Parameters<typeof joined>[0] } | null)?.['Fn::Join'];
    const plain = join === undefined ? value : joined(join);
    // Policies, the state machine and the lab are JSON in a text.
    return typeof plain === 'string' && plain.startsWith('{"') ? (JSON.parse(plain) as unknown) : plain;
  });
  const stable = text
    // The hash of each document, in the lab's description of itself.
    .replaceAll(/(?<=:\\*")[0-9a-f]{16}(?=\\*")/g, '<hash>')
    .replaceAll(/[0-9a-f]{64}/g, '<asset>')
    // Logical ids end in a hash of their path, which holds the id of the fleet.
    .replaceAll(/Fleet[0-9a-f]{8}(\w*?)(?:[0-9A-F]{8})?(?=["./])/g, 'Fleet$1');
  return JSON.parse(stable);
}
