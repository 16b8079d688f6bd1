import { buildCommand } from '@stricli/core';
import type { AwsClients } from '../../../aws/account/aws-access.ts';
import type { StackState } from '../../../aws/account/read-stack.ts';
import { exitCodes, LabError } from '../../../config/lab-error.ts';
import { chooseLab } from '../../../config/lab-file.ts';
import type { LabContext } from '../../context.ts';
import { cdkContext, runCdk } from '../../deploy/cdk.ts';
import { performSteps, type Step } from '../../deploy/perform-steps.ts';
import { accountFlagParameters, flagWords, type AccountFlags } from '../../flags/lab-flags.ts';
import { describeFindings } from '../check.ts';

/** Flags of `c1m up`. */
export interface UpFlags extends AccountFlags {
  readonly yes?: boolean;
}

/** `c1m up`: everything from an empty account to a deployed lab, or to a changed one. */
export const upCommand = buildCommand<UpFlags, [], LabContext>({
  docs: {
    brief: 'Check the account, bootstrap the CDK if needed, and deploy the lab',
    fullDescription:
      'Does what c1m check, cdk bootstrap and cdk deploy do, and prints each command that it runs; without --yes it only checks. Can be repeated: a deployed lab stays in its zone and is updated to the lab file. After an interruption it waits for CloudFormation and continues. Exit codes: 0 ok, 2 usage, 3 environment: the check or a step failed, 130 interrupted.',
  },
  parameters: {
    flags: {
      ...accountFlagParameters,
      yes: { kind: 'boolean', optional: true, withNegated: false, brief: 'Deploy: hosts cost money from here on' },
    },
  },
  async func(flags) {
    const { connectAws } = await import('../../../aws/account/aws-access.ts');
    const { readStack } = await import('../../../aws/account/read-stack.ts');
    const { callOrThrow } = await import('../../../aws/account/service-failure.ts');
    const { stdout } = this.process;
    const { name } = chooseLab(flags, this.workingFolder).lab;
    const clients = await connectAws(this.aws, flags.region);
    const stack = await callOrThrow('cloudformation:DescribeStacks', () => readStack(clients, name));
    if (stack?.status === 'DELETE_FAILED') {
      throw new LabError(
        'environment',
        `the stack ${name} could not be deleted the last time: ${stack.reason}`,
        `c1m down --yes${flagWords(flags)} deletes the rest of it`,
      );
    }
    const { zone, passed } = await checkAndChooseZone(clients, flags, stack, this);
    if (!passed) {
      this.process.exitCode = exitCodes.environment;
      return;
    }
    const steps = await stepsOf(clients, name, stack, cdkContext(flags, zone, this.workingFolder), this);
    const again = `c1m up --yes${flagWords(flags)}`;
    if (flags.yes !== true) {
      stdout.write(`to do: ${steps.map((step) => step.name).join(', ')}\nnothing is deployed yet; ${again} does it\n`);
      return;
    }
    this.process.exitCode = await performSteps(steps, again, this);
    if (this.process.exitCode !== exitCodes.ok) return;
    stdout.write(
      `${name} is deployed in ${clients.region}, and costs money until c1m down --yes${flagWords(flags)}; c1m run measures on it\n`,
    );
  },
});

/**
 * Prints what the account check finds. The zone is the one to name in the deploy: that of a lab that is there, whose hosts would
 * otherwise be replaced, or the first that suits; undefined where the lab file names it.
 */
async function checkAndChooseZone(
  clients: AwsClients,
  flags: UpFlags,
  stack: StackState | null,
  context: LabContext,
): Promise<{ readonly zone: string | undefined; readonly passed: boolean }> {
  const { checkAccount } = await import('../../../aws/check/check-account.ts');
  const { tryCall } = await import('../../../aws/account/service-failure.ts');
  const { findDeployment } = await import('../../../aws/backend/read-deployment.ts');
  const { stdout } = context.process;
  const file = chooseLab(flags, context.workingFolder).lab;
  // What another version has deployed cannot be read, and is deployed anew.
  const found = await tryCall('ssm:GetParameter', () => findDeployment(clients, file.name));
  const deployed = found.ok ? found.value?.lab.network.availabilityZone : undefined;
  const earlier = file.network.availabilityZone === undefined ? deployed : undefined;
  const { lab } = chooseLab({ ...flags, zone: earlier }, context.workingFolder);
  const { findings, zone } = await checkAccount(clients, lab, { now: context.now(), willNameZone: false });
  stdout.write(`${describeFindings(findings).join('\n')}\n`);
  const chosen = file.network.availabilityZone === undefined ? (earlier ?? zone?.name) : undefined;
  if (!findings.some(({ state }) => state === 'failed')) return { zone: chosen, passed: true };
  // What runs already has passed: a quota that is full of the lab's own hosts does not stand in the way of what stays as it is.
  if (stack !== null) return { zone: chosen, passed: true };
  stdout.write('nothing is deployed: correct what failed, and repeat the command\n');
  return { zone: chosen, passed: false };
}

async function stepsOf(
  clients: AwsClients,
  name: string,
  stack: StackState | null,
  cdkWords: readonly string[],
  context: LabContext,
): Promise<readonly Step[]> {
  const { bootstrapVersion, leastBootstrapVersion } = await import('../../../aws/account/bootstrap-version.ts');
  const { waitForStack } = await import('../../deploy/wait-for-stack.ts');
  const isBootstrapped = (await bootstrapVersion(clients)) >= leastBootstrapVersion;
  return [
    ...waitForStack(clients, name, stack, context),
    ...(isBootstrapped
      ? []
      : [
          {
            name: 'bootstrap the CDK in this account and region',
            whenInterrupted: 'CloudFormation finishes the stack CDKToolkit by itself',
            run: () => runCdk(['bootstrap', ...cdkWords], clients.region, context),
          },
        ]),
    {
      name: `deploy the stack ${name}`,
      whenInterrupted:
        'what CloudFormation has begun continues by itself, and hosts cost money from their start (c1m down removes them)',
      // Without a change set, an interruption leaves nothing that a later deploy must clear away.
      run: () =>
        runCdk(
          ['deploy', name, '--method', 'direct', '--require-approval', 'never', ...cdkWords],
          clients.region,
          context,
        ),
    },
  ];
}
