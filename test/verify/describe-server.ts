import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { serversFolder } from '../../lib/cli/servers/server-folders.ts';
import { buildServer, BuildSkipped, missingToolchain, type BuiltServer } from '../../lib/verify/built-server.ts';
import { conformanceOf } from '../../lib/verify/conformance/conformance-table.ts';
import { differences } from '../../lib/verify/conformance/observe.ts';
import type { ServerPromise } from '../../lib/verify/promise.ts';
import { passesOf, unknownDeviations, Verification } from '../../lib/verify/verification.ts';

/** How often a server may be observed until it does what its table keeps: what depends on timing differs at times. */
const observations = 3;

/** The built server, or as one line which toolchain it lacks here. */
async function buildUnlessSkipped(folder: string): Promise<BuiltServer | string> {
  try {
    return missingToolchain(folder) ?? (await buildServer(folder));
  } catch (error) {
    if (error instanceof BuildSkipped) return error.message;
    throw error;
  }
}

/**
 * Builds a server of assets/servers and declares the tests of its promises, and one that its kept conformance table is what
 * it does. Where its toolchain is missing all of them are skipped, with the reason.
 */
export async function describeServer(name: string): Promise<void> {
  const server = await buildUnlessSkipped(join(serversFolder, name));
  // Plain text and TLS side by side: each has a process of its own, and waits for much.
  describe(`server ${name}`, { skip: typeof server === 'string' ? server : false, concurrency: 2 }, () => {
    if (typeof server === 'string') return;
    for (const [index, { name: way, layers, promises }] of passesOf(server.description).entries()) {
      describe(way, { concurrency: 1 }, () => {
        const verification = new Verification(server, layers);
        after(() => verification.close());
        if (index === 0) checkDescription(server, verification);
        checkPromises(verification, promises);
      });
    }
  });
}

function checkDescription(server: BuiltServer, verification: Verification): void {
  test('declares only deviations from promises that there are', () => {
    assert.deepEqual(unknownDeviations(server.description), []);
  });

  test('does what its conformance.json keeps', async (context) => {
    const kept = conformanceOf(server.source);
    const { name, framework } = server.description;
    assert.ok(kept, `run: npm run c1m -- verify ${name} --record`);
    assert.equal(kept.framework, `${framework.name} ${framework.version}`);
    let changed: readonly string[] = [];
    for (let observation = 0; observation < observations; observation += 1) {
      changed = differences(kept, await verification.observe());
      if (changed.length === 0) return;
      context.diagnostic(changed.join('; '));
    }
    assert.fail(`${changed.join('; ')}: if that is right, run: npm run c1m -- verify ${name} --record`);
  });
}

function checkPromises(verification: Verification, promises: readonly ServerPromise[]): void {
  for (const promise of promises) {
    test(`${promise.name}: ${promise.promise}`, async (context) => {
      const outcome = await verification.check(promise);
      if (outcome.result === 'declared') context.diagnostic(`declared: ${outcome.detail}`);
      else assert.equal(outcome.result, 'kept', outcome.detail);
    });
  }
}
