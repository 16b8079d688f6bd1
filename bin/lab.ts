import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { LabError, exitCodes } from '../lib/config/lab-error.ts';
import type { Lab } from '../lib/config/lab.ts';
import { labOf } from '../lib/config/presets.ts';
import { LabStack } from '../lib/infra/lab-stack.ts';

/**
 * The lab that the CDK context asks for: `-c lab=path.json` (a lab file), `-c preset=modern`, or both (the file's own settings win).
 * `-c zone=us-east-1a` and `-c owner=name` set those two. Without any of them: the article's lab.
 */
function labFromContext(app: App): Lab {
  const context = (key: string): string | undefined => {
    const value: unknown = app.node.tryGetContext(key);
    if (value === undefined || typeof value === 'string') return value;
    throw new LabError(
      'usage',
      `context '${key}' must be text, got ${JSON.stringify(value)}`,
      `Give it as -c ${key}=value.`,
    );
  };
  const file = context('lab');
  const [preset, zone, owner] = [context('preset'), context('zone'), context('owner')];
  let input: unknown = {};
  if (file !== undefined) {
    try {
      input = JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new LabError(
        'usage',
        `the lab file '${file}' cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        'Give the path of a JSON file, such as -c lab=lab.json.',
        { cause: error },
      );
    }
  }
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) {
    const network: unknown = 'network' in input ? input.network : {};
    input = {
      ...(preset === undefined ? {} : { preset }),
      ...(owner === undefined ? {} : { owner }),
      ...input,
      ...(zone === undefined || typeof network !== 'object' ? {} : { network: { ...network, availabilityZone: zone } }),
    };
  }
  return labOf(input, file ?? 'CDK context');
}

try {
  const app = new App({ analyticsReporting: false });
  const lab = labFromContext(app);
  new LabStack(app, lab.name, { lab });
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  process.stderr.write(`${error.message}\n${error.hint}\n`);
  process.exitCode = exitCodes[error.code];
}
