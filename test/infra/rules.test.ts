import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Peer, Port } from 'aws-cdk-lib/aws-ec2';
import { AwsSolutionsChecks } from 'cdk-nag';
import { labs } from './synthesized/labs.ts';
import { projectFolder, synthesize, validate } from './synthesized/synthesize.ts';

describe("cdk-nag's AwsSolutions rules and CDK's own validator", () => {
  for (const [name, input] of Object.entries(labs)) {
    test(`find nothing in ${name} that is not acknowledged with a reason`, () => {
      validate(input, (app) => new AwsSolutionsChecks(app));
    });
  }

  test('fail a stack whose management network lets something in', () => {
    assert.throws(
      () =>
        validate(
          {},
          (app) => new AwsSolutionsChecks(app),
          (stack) => stack.fleet.network.managementGroup.addIngressRule(Peer.anyIpv4(), Port.tcp(22)),
        ),
      /Validation failed/,
    );
  });
});

describe('cfn-lint', () => {
  const tool = cfnLint();
  test(
    `finds nothing in the templates of ${Object.keys(labs).join(', ')}`,
    tool.skip === undefined ? {} : { skip: tool.skip },
    () => {
      const templates = Object.values(labs).map((input) => synthesize(input).templateFile);
      // W3010 warns of zones by name, which is what a lab file asks for: the types are not offered in every zone.
      const { stdout, stderr, status } = spawnSync(
        tool.program,
        ['--regions', 'us-east-1', '--ignore-checks', 'W3010', '--template', ...templates],
        { encoding: 'utf8' },
      );
      assert.equal(stdout + stderr, '');
      assert.equal(status, 0);
    },
  );
});

/** A pinned cfn-lint in a virtual environment under .cache, made when it is missing. */
function cfnLint(): { readonly program: string; readonly skip?: string } {
  const folder = join(projectFolder, '.cache', 'cfn-lint-1.58.0');
  const program = join(folder, 'bin', 'cfn-lint');
  if (existsSync(program)) return { program };
  try {
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' });
  } catch {
    return { program, skip: 'cfn-lint: python3 with venv is not installed' };
  }
  execFileSync(join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', 'cfn-lint==1.58.0'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return { program };
}
