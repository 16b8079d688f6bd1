import assert from 'node:assert/strict';
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
    assert.equal(lines.length, article.length);
    const different = lines.flatMap((line, index) => (line === article[index] ? [] : [article[index], line]));
    context.assert.snapshot(different);
  });
}

function linesOf(preset: string): readonly string[] {
  return JSON.stringify(reviewable(synthesize({ preset }).template.toJSON()), null, 1).split('\n');
}

/**
 * A template without what changes with every edit elsewhere: the hashes of assets, fleet and documents, and the documents and the
 * user data, which have tests of their own.
 */
function reviewable(template: unknown): unknown {
  const text = JSON.stringify(template, (key, value: unknown) => {
    if (key === 'Content') return '<document>';
    if (key === 'UserData') return '<user data>';
    return value;
  });
  const stable = text
    // The hash of each document, in the lab's description of itself.
    .replaceAll(/(?<=:\\*")[0-9a-f]{16}(?=\\*")/g, '<hash>')
    .replaceAll(/[0-9a-f]{64}/g, '<asset>')
    // Logical ids end in a hash of their path, which holds the id of the fleet.
    .replaceAll(/Fleet[0-9a-f]{8}(\w*?)(?:[0-9A-F]{8})?(?=["./])/g, 'Fleet$1');
  return JSON.parse(stable);
}
