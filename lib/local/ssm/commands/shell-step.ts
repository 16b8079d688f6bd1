import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import type { ShellStep } from '../../../documents/schema/command-document.ts';
import type { Clock } from '../clock.ts';
import type { HostProcess, HostScript, SpawnOptions, SsmHost } from '../ssm-host.ts';
import { substitute, type Lookup } from '../substitution.ts';
import type { StepStatus } from './command.ts';
import { captureStream } from './output.ts';

/** The exit code by which a script asks for a reboot of the host and to be run again after it. */
const rebootCode = 194;
/** The exit code of a script that was killed by the agent. */
const killedCode = 137;
/** How long output may still arrive after the process group was killed, before a process that left the group is given up. */
const drainMillis = 200;
/** Where scripts run that ask for no folder that exists: the agent's own working directory. */
const agentDirectory = '/usr/bin';

/** Everything a step needs to know of where and why it runs. */
export interface StepContext {
  readonly host: SsmHost;
  readonly clock: Clock;
  readonly region: string;
  readonly commandId: string;
  readonly network: SpawnOptions['network'];
  /** The value of each parameter of the document. */
  readonly lookup: Lookup;
  /** `SSM_<name>` for every parameter with interpolationType ENV_VAR. */
  readonly variables: Readonly<Record<string, string>>;
  /** Aborted when the command is cancelled. */
  readonly signal: AbortSignal;
}

/** How a script went, before onFailure and its kin are looked at. */
export interface StepResult {
  readonly status: Exclude<StepStatus, 'Skipped'>;
  readonly code: number;
  readonly standardOutput: string;
  readonly standardError: string;
}

const resolvedInputsSchema = v.object({
  runCommand: v.array(v.string()),
  timeoutSeconds: v.optional(v.unknown()),
  workingDirectory: v.optional(v.string()),
});

/** Runs the lines of a step as one script, the way `aws:runShellScript` does. */
export async function runShellStep(step: ShellStep, context: StepContext): Promise<StepResult> {
  if (context.signal.aborted) return { status: 'Cancelled', code: 1, standardOutput: '', standardError: '' };
  // Whether the agent also replaces {{ x }} of an ENV_VAR parameter is not documented; older agents, which do not know ENV_VAR,
  // do. So it is replaced here, and the schema keeps such references out of the lab's scripts.
  const inputs = v.safeParse(resolvedInputsSchema, substitute(step.inputs, context.lookup));
  if (!inputs.success) {
    return failure(
      `Invalid format in plugin properties ${JSON.stringify(step.inputs)};\nerror ${v.summarize(inputs.issues)}`,
    );
  }
  const { runCommand, timeoutSeconds, workingDirectory = '' } = inputs.output;
  const { host, commandId } = context;
  // The agent keeps it in /var/lib/amazon/ssm/<instance>/document/orchestration/<command>/<step>/; where the local host keeps it
  // is the host's business. It is removed after the step, as the agent does with OrchestrationDirectoryCleanup.
  let script: HostScript | undefined;
  try {
    script = await host.writeScript(`${commandId}/${step.name}/_script.sh`, `${runCommand.join('\n')}\n`);
    const started = host.spawn(['sh', '-c', script.path], {
      environment: environmentOf(context),
      // A relative folder would be one below the downloads of aws:downloadContent, which the lab's documents do not use.
      workingDirectory: workingDirectory.startsWith('/') ? workingDirectory : agentDirectory,
      network: context.network,
    });
    return await followProcess(started, effectiveTimeoutSeconds(timeoutSeconds) * 1000, context);
  } catch (error) {
    // The host cannot take the script, or cannot start it.
    const message = error instanceof Error ? error.message : String(error);
    return failure(`${script === undefined ? 'failed to create script file. ' : 'failed to run commands: '}${message}`);
  } finally {
    // What cannot be removed has gone with its host.
    await script?.remove().catch(() => {});
  }
}

function environmentOf({ host, region, commandId, variables }: StepContext): Readonly<Record<string, string>> {
  return {
    ...host.environment,
    ...variables,
    SSM_COMMAND_ID: commandId,
    AWS_SSM_INSTANCE_ID: host.instanceId,
    AWS_SSM_REGION_NAME: region,
    AWS_SSM_PLATFORM_NAME: host.platform.name,
    AWS_SSM_PLATFORM_VERSION: host.platform.version,
  };
}

/** Seconds that a step may take: 5 to 172 800, and 3 600 for everything that is not a number in between. */
export function effectiveTimeoutSeconds(value: unknown): number {
  const isNumeric = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');
  const seconds = isNumeric ? Math.trunc(Number(value)) : Number.NaN;
  return seconds >= 5 && seconds <= 172_800 ? seconds : 3600;
}

async function followProcess(started: HostProcess, timeoutMillis: number, context: StepContext): Promise<StepResult> {
  const stdout = captureStream(started.stdout);
  const stderr = captureStream(started.stderr);
  // The script is over when it has ended and nobody can write to its streams any more: a child in the background holds it up.
  const over = Promise.all([started.exited, stdout.ended, stderr.ended]).then(([exit]) => ({ exit }) as const);
  const interruption = interrupted(timeoutMillis, context);
  const outcome = await Promise.race([over, interruption.happened]).finally(interruption.ignore);
  if ('exit' in outcome) return resultOf(outcome.exit, stdout.text(), stderr.text());
  started.killGroup();
  // What was printed before the kill is on its way. A process that has left the group may hold the streams for ever, though.
  const drained = new AbortController();
  await Promise.race([
    Promise.allSettled([over]),
    sleep(drainMillis, undefined, { ref: false, signal: drained.signal }).catch(() => {}),
  ]);
  drained.abort();
  stdout.stop();
  stderr.stop();
  over.catch(() => {});
  return { status: outcome.why, code: killedCode, standardOutput: stdout.text(), standardError: stderr.text() };
}

/** Resolves when the time is up or the command is cancelled, until told to ignore both. */
function interrupted(
  timeoutMillis: number,
  { clock, signal }: StepContext,
): { readonly happened: Promise<{ readonly why: 'TimedOut' | 'Cancelled' }>; readonly ignore: () => void } {
  let ignore = (): void => {};
  const happened = new Promise<{ readonly why: 'TimedOut' | 'Cancelled' }>((resolve) => {
    const cancel = (): void => {
      resolve({ why: 'Cancelled' });
    };
    const stopTimer = clock.after(timeoutMillis, () => {
      resolve({ why: 'TimedOut' });
    });
    signal.addEventListener('abort', cancel);
    if (signal.aborted) cancel();
    ignore = () => {
      stopTimer();
      signal.removeEventListener('abort', cancel);
    };
  });
  return {
    happened,
    ignore: () => {
      ignore();
    },
  };
}

function resultOf(
  exit: { readonly code: number | null; readonly signal: string | null },
  standardOutput: string,
  standardError: string,
): StepResult {
  // Go gives -1 for a process that a signal killed.
  const code = exit.code ?? -1;
  if (code === 0) return { status: 'Success', code, standardOutput, standardError };
  // The agent takes its own code for a killed script at its word, whoever returns it.
  if (code === killedCode) return { status: 'TimedOut', code, standardOutput, standardError };
  const cause = exit.signal === null ? `exit status ${code}` : `signal: ${exit.signal}`;
  const reboot = code === rebootCode ? '\nThe script asks for a reboot (194), which a local host cannot do.' : '';
  return {
    status: 'Failed',
    code,
    standardOutput,
    standardError: `${standardError}failed to run commands: ${cause}${reboot}`,
  };
}

function failure(standardError: string): StepResult {
  return { status: 'Failed', code: 1, standardOutput: '', standardError };
}
