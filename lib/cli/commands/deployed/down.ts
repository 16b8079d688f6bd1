import { buildCommand } from '@stricli/core';
import { resolve } from 'node:path';
import type { AwsClients } from '../../../aws/account/aws-access.ts';
import type { Deployment } from '../../../config/deployment.ts';
import { exitCodes, LabError } from '../../../config/lab-error.ts';
import { chooseLab } from '../../../config/lab-file.ts';
import { runningBenchmarks } from '../../../run/execution.ts';
import type { LabBackend } from '../../../run/lab-backend.ts';
import { counted } from '../../../text/units.ts';
import type { LabContext } from '../../context.ts';
import { cdkContext, runCdk } from '../../deploy/cdk.ts';
import { performSteps, type Step } from '../../deploy/perform-steps.ts';
import { cancelFound } from '../../deployed/cancel-found.ts';
import { chooseExecution } from '../../deployed/choose-execution.ts';
import { connect } from '../../deployed/deployed-lab.ts';
import { accountFlagParameters, flagWords, type AccountFlags } from '../../flags/lab-flags.ts';
import { searchOneRegion } from '../leftovers.ts';

/** Flags of `c1m down`. */
export interface DownFlags extends AccountFlags {
  readonly out: string;
  readonly yes?: boolean;
}

/** `c1m down`: everything from a deployed lab to an account in which nothing of it costs money. */
export const downCommand = buildCommand<DownFlags, [], LabContext>({
  docs: {
    brief: 'Cancel the running benchmark, empty the results bucket, destroy the lab, and check for leftovers',
    fullDescription:
      'Does what c1m cancel, c1m empty, cdk destroy and c1m leftovers do, and prints each cdk command that it runs; without --yes it says what it would do. A lab with results.keep keeps its bucket. Can be repeated: after an interruption it waits for CloudFormation and continues. Exit codes: 0 nothing billable remains, 2 usage, 3 environment: a step failed, 7 something billable remains, 130 interrupted.',
  },
  parameters: {
    flags: {
      ...accountFlagParameters,
      out: {
        kind: 'parsed',
        parse: String,
        default: 'results',
        placeholder: 'DIR',
        brief: 'Where to write DIR/<run-id>/ of a cancelled benchmark',
      },
      yes: { kind: 'boolean', optional: true, withNegated: false, brief: 'Do it; the bucket cannot be restored' },
    },
  },
  async func(flags) {
    const { makeAwsBackend } = await import('../../../aws/backend/aws-backend.ts');
    const { findDeployment } = await import('../../../aws/backend/read-deployment.ts');
    const { readStack } = await import('../../../aws/account/read-stack.ts');
    const { waitForStack } = await import('../../deploy/wait-for-stack.ts');
    const { name } = chooseLab(flags, this.workingFolder).lab;
    const clients = await connect(flags, this);
    const stack = await readStack(clients, name);
    const deployment = await findDeployment(clients, name);
    const backend = deployment === null ? null : makeAwsBackend(clients, deployment);
    try {
      const steps = [
        ...waitForStack(clients, name, stack, this),
        ...(backend === null ? [] : await cancelSteps(backend, resolve(this.workingFolder, flags.out), this)),
        ...(deployment === null ? [] : await emptySteps(clients, deployment, this)),
        ...(stack === null ? [] : [destroyStep(clients, name, flags, this)]),
      ];
      const again = `c1m down --yes${flagWords(flags)}`;
      if (flags.yes !== true) {
        const lines = steps.map((step) => `  ${step.name}\n`);
        this.process.stdout.write(
          steps.length === 0
            ? `there is no stack ${name} in ${clients.region}; ${again} looks for leftovers\n`
            : `to do in ${clients.region}:\n${lines.join('')}nothing is done yet; ${again} does it\n`,
        );
        return;
      }
      const done = await performSteps(steps, again, this);
      this.process.exitCode = done === exitCodes.ok ? await searchOneRegion(name, flags, this) : done;
    } finally {
      await backend?.close();
    }
  },
});

async function cancelSteps(backend: LabBackend, out: string, context: LabContext): Promise<readonly Step[]> {
  const running = await runningBenchmarks(backend);
  return running.map(({ AutomationExecutionId: id = '' }) => ({
    name: `cancel the benchmark ${id}, and fetch what it has measured`,
    whenInterrupted: 'it collects and stops by itself',
    run: async () => void (await cancelFound(backend, await chooseExecution(backend, out, id, context), context)),
  }));
}

/** Also of an empty bucket: what is cancelled uploads its last files after this was planned. */
async function emptySteps(
  clients: AwsClients,
  { lab, resultsUri }: Deployment,
  context: LabContext,
): Promise<readonly Step[]> {
  if (lab.results.keep) return [];
  const { deleteResults, listResults, resultsPlace } = await import('../../../aws/backend/result-files.ts');
  const { bucket } = resultsPlace(resultsUri);
  const list = () => listResults(clients, { bucket, prefix: '' });
  const files = (await list()).length;
  return [
    {
      name: `delete the ${counted(files, 'file')} in ${bucket} (c1m fetch keeps what you want of them)`,
      whenInterrupted: 'some of them are deleted',
      run: async () => {
        const found = await list();
        await deleteResults(clients, bucket, found);
        context.process.stdout.write(`${bucket} is empty: ${found.length} files deleted\n`);
      },
    },
  ];
}

function destroyStep(clients: AwsClients, name: string, flags: DownFlags, context: LabContext): Step {
  const words = ['destroy', name, '--force', ...cdkContext(flags, undefined, context.workingFolder)];
  return {
    name: `destroy the stack ${name}`,
    whenInterrupted: 'what CloudFormation has begun continues by itself',
    run: async () => {
      try {
        await runCdk(words, clients.region, context);
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
        throw new LabError(
          error.code,
          error.message,
          'see its output above; if the bucket is no longer empty, run c1m empty --bucket NAME --yes (c1m leftovers names it); then repeat the command',
          { cause: error },
        );
      }
    },
  };
}
