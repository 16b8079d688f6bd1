import { App } from 'aws-cdk-lib';
import { chooseLab } from '../lib/config/lab-file.ts';
import { LabError, exitCodes } from '../lib/config/lab-error.ts';
import { LabStack } from '../lib/infra/lab-stack.ts';

/** A value of the CDK context, given as `-c key=value`. */
function contextOf(app: App, key: string): string | undefined {
  const value: unknown = app.node.tryGetContext(key);
  if (value === undefined || typeof value === 'string') return value;
  throw new LabError(
    'usage',
    `context '${key}' must be text, got ${JSON.stringify(value)}`,
    `Give it as -c ${key}=value.`,
  );
}

try {
  const app = new App({ analyticsReporting: false });
  const [file, preset, owner, zone] = ['lab', 'preset', 'owner', 'zone'].map((key) => contextOf(app, key));
  const { lab } = chooseLab({ lab: file, preset, owner, zone }, process.cwd());
  new LabStack(app, lab.name, { lab });
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  process.stderr.write(`${error.twoLines}\n`);
  // At once: an app that is left to end by itself is synthesized first, half made as it is.
  process.exit(exitCodes[error.code]);
}
