import { setTimeout as sleep } from 'node:timers/promises';
import type { ShellStep } from '../../../documents/schema/document.ts';
import { pause, type Clock } from '../clock.ts';
import type { HostScript, SpawnOptions, SsmHost, SsmProcess } from '../ssm-host.ts';
import { substitute, type Lookup } from '../substitution.ts';
import { captureStream, combineStreams, cutStream } from './output.ts';

/** The exit codes of a script that succeeds and that fails whatever it was; further steps would be skipped. */
const successCode = 168;
const failureCode = 169;
/** The exit code by which a script asks for a reboot of the host and to be run again after it. */
const rebootCode = 194;
/** The exit code of a script that was killed by the agent. */
const killedCode = 137;
/** How long output may still arrive after the process group was killed, before a process that left the group is given up. */
const drainMillis = 200;
/** Where scripts run that ask for no folder that exists: the agent's own working directory. */
const agentDirectory = '/usr/bin';

/** Everything a script needs to know of where and why it runs. */
export interface ScriptContext {
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

/** How a process went, as the agent sees it. */
interface Ending {
  readonly status: 'Success' | 'Failed' | 'TimedOut' | 'Cancelled' | 'Skipped';
  readonly code: number;
  readonly standardOutput: string;
  readonly standardError: string;
}

/** What the agent says of a step when it is done with it; streams have at most 24 000 bytes. */
export interface ScriptResult extends Ending {
  /** Both streams in one, at most 2 500 bytes: what lists and Automation show. */
  readonly output: string;
}

/** Runs the lines of a step as one script, the way `aws:runShellScript` does. */
export async function runScript(step: ShellStep, context: ScriptContext): Promise<ScriptResult> {
  const operands = step.precondition?.StringEquals;
  const platform = operands?.find((operand) => operand !== 'platformType') ?? 'linux';
  if (platform.toLowerCase() !== 'linux') {
    const reason = `'"StringEquals": [${operands?.join(', ')}]'. Step name: ${step.name}`;
    const output = `Step execution skipped due to unsatisfied preconditions: ${reason}`;
    return { status: 'Skipped', code: 0, standardOutput: '', standardError: '', output };
  }
  return report(await run(step, context));
}

/** Seconds that a step may take: 5 to 172 800, and 3 600 for everything that is not a number in between. */
export function scriptTimeoutSeconds({ inputs }: ShellStep, { lookup }: Pick<ScriptContext, 'lookup'>): number {
  const text = substitute(inputs.timeoutSeconds ?? '', lookup);
  const seconds = text.trim() === '' ? Number.NaN : Math.trunc(Number(text));
  return seconds >= 5 && seconds <= 172_800 ? seconds : 3600;
}

async function run(step: ShellStep, context: ScriptContext): Promise<Ending> {
  const { host, commandId, lookup } = context;
  // Whether the agent also replaces {{ x }} of an ENV_VAR parameter is not documented; older agents, which do not know ENV_VAR,
  // do. So it is replaced here, and the schema keeps such references out of the lab's scripts.
  const { runCommand, workingDirectory = '' } = substitute(step.inputs, lookup);
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
    return await followProcess(started, scriptTimeoutSeconds(step, context) * 1000, context);
  } catch (error) {
    // The host cannot take the script, or cannot start it.
    const message = error instanceof Error ? error.message : String(error);
    const what = script === undefined ? 'failed to create script file.' : 'failed to run commands:';
    return { status: 'Failed', code: 1, standardOutput: '', standardError: `${what} ${message}` };
  } finally {
    // What cannot be removed has gone with its host.
    await script?.remove().catch(() => {});
  }
}

function environmentOf({ host, region, commandId, variables }: ScriptContext): Readonly<Record<string, string>> {
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

async function followProcess(started: SsmProcess, timeoutMillis: number, context: ScriptContext): Promise<Ending> {
  const stdout = captureStream(started.stdout);
  const stderr = captureStream(started.stderr);
  // The script is over when it has ended and nobody can write to its streams any more: a child in the background holds it up.
  const over = Promise.all([started.exited, stdout.ended, stderr.ended]).then(([exit]) => ({ exit }) as const);
  const ended = new AbortController();
  const interruption = pause(context.clock, timeoutMillis, AbortSignal.any([context.signal, ended.signal])).then(
    () => ({ why: context.signal.aborted ? 'Cancelled' : 'TimedOut' }) as const,
  );
  const outcome = await Promise.race([over, interruption]).finally(() => ended.abort());
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

function resultOf(
  exit: { readonly code: number | null; readonly signal: string | null },
  standardOutput: string,
  standardError: string,
): Ending {
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

/** Writes down how a script went, after the codes that turn a result round. */
function report({ status, code, standardOutput, standardError }: Ending): ScriptResult {
  const sentence = (outcome: string): string =>
    `\nStep exited with code ${code}. Therefore, marking step as ${outcome}. Further document steps will be skipped.`;
  const [output, error] =
    code === successCode
      ? [standardOutput + sentence('succeeded'), '']
      : code === failureCode
        ? [standardOutput + sentence('Failed'), standardError + sentence('Failed')]
        : [standardOutput, standardError];
  return {
    status: code === successCode ? 'Success' : status,
    code,
    standardOutput: cutStream(output),
    standardError: cutStream(error),
    // Lists show the streams without these sentences, and without the error of a script that left with 168.
    output: combineStreams(standardOutput, code === successCode ? '' : standardError),
  };
}
