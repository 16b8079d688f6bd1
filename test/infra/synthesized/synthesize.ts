import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { labOf } from '../../../lib/config/presets.ts';
import type { Lab } from '../../../lib/config/lab.ts';
import { LabStack } from '../../../lib/infra/lab-stack.ts';
import type { AppProps, IPolicyValidationPlugin } from 'aws-cdk-lib';

/** The project's folder. */
export const projectFolder = join(import.meta.dirname, '../../..');

const outputs = mkdtempSync(join(tmpdir(), 'c1mlab-synth-'));
process.on('exit', () => rmSync(outputs, { recursive: true, force: true }));
let count = 0;

/** A copy of the assets as they are now: what somebody edits meanwhile changes no test. */
const assetsFolder = join(outputs, 'assets');
cpSync(join(projectFolder, 'assets'), assetsFolder, {
  recursive: true,
  filter: (path) => !path.includes('node_modules'),
});

/** A lab's stack, synthesized as `cdk synth` does it: with the context of cdk.json; {@link validate} runs CDK's own validator as well. */
export interface Synthesized {
  readonly lab: Lab;
  readonly template: Template;
  /** Where the template lies as a file. */
  readonly templateFile: string;
}

const synthesized = new Map<string, Synthesized>();

/** Synthesizes the lab of a lab file's content, once for each content. */
export function synthesize(input: Readonly<Record<string, unknown>> = {}): Synthesized {
  const key = JSON.stringify(input);
  const known = synthesized.get(key);
  if (known !== undefined) return known;
  // It takes most of the time of a synthesis, and would find nothing here that it does not find in the labs that are validated.
  const app = newApp({ builtinCloudFormationValidation: false });
  const lab = labOf(input, 'test');
  const stack = new LabStack(app, lab.name, { lab, assetsFolder });
  const result: Synthesized = {
    lab,
    template: Template.fromStack(stack),
    templateFile: join(app.outdir, stack.templateFile),
  };
  synthesized.set(key, result);
  return result;
}

/** Synthesizes with a validation plugin; throws what CDK throws when it finds something. */
export function validate(
  input: Readonly<Record<string, unknown>>,
  plugin: (app: App) => IPolicyValidationPlugin,
  change: (stack: LabStack) => void = () => undefined,
): void {
  const app = newApp();
  Validations.of(app).addPlugins(plugin(app));
  const lab = labOf(input, 'test');
  change(new LabStack(app, lab.name, { lab, assetsFolder }));
  app.synth();
}

function newApp(props: AppProps = {}): App {
  count += 1;
  const outdir = join(outputs, String(count));
  const app = new App({ context: cdkContext(), analyticsReporting: false, outdir, ...props });
  for (const id of ['Annotation::c1mlab:zone', 'Annotation::c1mlab:fit0']) {
    Validations.of(app).acknowledge({ id, reason: 'Nothing here is deployed; other tests look at the warnings.' });
  }
  return app;
}

function cdkContext(): Record<string, unknown> {
  const file: { readonly context: Record<string, unknown> } = JSON.parse(
    readFileSync(join(projectFolder, 'cdk.json'), 'utf8'),
  );
  // Nothing here looks at the copies of the assets.
  return { ...file.context, 'aws:cdk:disable-asset-staging': true };
}
