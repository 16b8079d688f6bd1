import { buildCommand } from '@stricli/core';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, LabError } from '../../config/lab-error.ts';
import { buildOrThrow, type BuiltServer } from '../../verify/built-server.ts';
import { conformanceFile, conformanceOf, tableText } from '../../verify/conformance/conformance-table.ts';
import { conformanceNames, describeObservation, differences, recordTable } from '../../verify/conformance/observe.ts';
import type { ServerPromise } from '../../verify/promise.ts';
import { allPromises } from '../../verify/promises/all-promises.ts';
import { passesOf, unknownDeviations, Verification, type PromiseOutcome } from '../../verify/verification.ts';
import type { LabContext } from '../context.ts';
import { chooseServers, knownServers, serversFolder } from '../servers/server-folders.ts';

/** Flags of `c1m verify`. */
export interface VerifyFlags {
  readonly case?: readonly string[];
  readonly record: boolean;
}

const marks: Readonly<Record<PromiseOutcome['result'], string>> = { kept: '✔', broken: '✘', declared: '~', stale: '✘' };

/** The folders of servers that are named as in `c1m run --servers`. */
function foldersOf(servers: readonly string[], workingFolder: string): readonly string[] {
  return chooseServers(knownServers(), servers, workingFolder).map(
    ({ description, outsideFolder }) => outsideFolder ?? join(serversFolder, description.name),
  );
}

function checkNames(names: readonly string[]): void {
  const known = [...allPromises.map(({ name }) => name), ...conformanceNames];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new LabError('usage', `there is no case '${unknown}'`, `choose from ${known.join(', ')}`);
  }
}

/** Checks promises of one server, and gives whether none is broken. */
async function checkPromises(context: LabContext, verification: Verification, promises: readonly ServerPromise[]) {
  const counts = new Map<PromiseOutcome['result'], number>();
  for (const promise of promises) {
    const { result, detail, millis } = await verification.check(promise);
    counts.set(result, (counts.get(result) ?? 0) + 1);
    context.process.stdout.write(`  ${marks[result]} ${promise.name.padEnd(24)} ${promise.promise} (${millis} ms)\n`);
    if (detail !== '') context.process.stdout.write(`      ${result}: ${detail}\n`);
  }
  if (counts.size > 0) {
    const summary = [...counts].map(([result, count]) => `${count} ${result}`).join(', ');
    context.process.stdout.write(`  promises: ${summary}\n`);
  }
  return !counts.has('broken') && !counts.has('stale');
}

/** Observes one server, and prints or keeps what it does. */
async function observe(context: LabContext, verification: Verification, server: BuiltServer, flags: VerifyFlags) {
  const asked = flags.case?.filter((name) => conformanceNames.includes(name)) ?? [];
  if (flags.case !== undefined && asked.length === 0 && !flags.record) return;
  const table = flags.record ? await recordTable(server, verification) : null;
  const observed = await verification.observe();
  for (const name of asked) context.process.stdout.write(`  · ${describeObservation(name, observed[name] ?? '')}\n`);
  if (table !== null) {
    writeFileSync(join(server.source, conformanceFile), tableText(table));
    context.process.stdout.write(
      `  conformance: ${conformanceNames.length} cases observed, kept in ${conformanceFile} where not just as asked\n`,
    );
    return;
  }
  const kept = conformanceOf(server.source);
  const changed = kept === null ? [] : differences(kept, observed);
  for (const change of changed) context.process.stdout.write(`  · ${change}\n`);
  const compared = kept === null ? 'none of them kept yet' : `${changed.length} otherwise than the kept table`;
  context.process.stdout.write(`  conformance: ${conformanceNames.length} cases observed, ${compared} (--record)\n`);
}

/** `c1m verify`: checks that servers keep what the measurements rest on, and observes how they treat the standard. */
export const verifyCommand = buildCommand<VerifyFlags, string[], LabContext>({
  docs: {
    brief: 'Check that servers keep the promises that measurements rely on',
    fullDescription:
      'Builds each server, checks every promise of docs/contracts.md, "A server", and observes how it treats odd and illegal input (docs/conformance.md). Exit code 8 when a promise is broken.',
  },
  parameters: {
    positional: {
      kind: 'array',
      minimum: 1,
      parameter: {
        brief: "Name of one of the lab's servers, or a folder such as ./mine",
        placeholder: 'server',
        parse: String,
      },
    },
    flags: {
      case: {
        kind: 'parsed',
        parse: String,
        variadic: true,
        optional: true,
        placeholder: 'NAME',
        brief: 'Run only this case (repeatable)',
      },
      record: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: `Keep the observations in the server's ${conformanceFile}`,
      },
    },
  },
  async func(flags, ...servers) {
    checkNames(flags.case ?? []);
    let worst: number = exitCodes.ok;
    for (const folder of foldersOf(servers, this.workingFolder)) {
      try {
        const server = await buildOrThrow(folder);
        const { title, framework } = server.description;
        this.process.stdout.write(`${title}, ${framework.name} ${framework.version}\n`);
        const unknown = unknownDeviations(server.description);
        for (const name of unknown) {
          this.process.stdout.write(`  ✘ server.json lists a deviation in '${name}', which is no promise\n`);
        }
        for (const [index, { name, layers, promises }] of passesOf(server.description).entries()) {
          const chosen = promises.filter((promise) => flags.case?.includes(promise.name) !== false);
          if (index > 0 && chosen.length === 0) continue;
          if (index > 0) this.process.stdout.write(`${name}\n`);
          const verification = new Verification(server, layers);
          try {
            if (index === 0) await observe(this, verification, server, flags);
            const kept = await checkPromises(this, verification, chosen);
            if (!kept || unknown.length > 0) worst = Math.max(worst, exitCodes.promiseBroken);
          } finally {
            await verification.close();
          }
        }
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
        this.process.stderr.write(`${error.twoLines}\n`);
        worst = Math.max(worst, exitCodes[error.code]);
      }
    }
    this.process.exitCode = worst;
  },
});
