import type { Command, Invocation } from '../commands/command.ts';
import { cancelCommand } from '../commands/command-actions.ts';
import { sendCommand } from '../commands/send-command.ts';
import type { Service } from '../service.ts';
import { ServiceError } from '../service-error.ts';
import { StepFailure, type StepRun, type StepResult } from './execution.ts';

/** `aws:runCommand`: sends a command, waits until it is over on all hosts, and cancels it when the signal is aborted. */
export async function runCommand(service: Service, run: StepRun, signal: AbortSignal): Promise<StepResult> {
  const command = send(service, run.inputs);
  const cancel = (): void => {
    cancelCommand(command);
  };
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  await command.finished;
  signal.removeEventListener('abort', cancel);
  const outputs = outputsOf(command);
  // A failed step has its outputs too.
  run.outputs = outputs;
  if (command.status === 'Success' && command.invocations.length > 0) return { outputs };
  const lists = Object.entries(outputs).map(([name, values]) => `${name}=[${values.join(', ')}]`);
  throw new StepFailure(
    'Step fails when it is verifying the command has completed. ' +
      `Command ${command.id} returns unexpected invocation result: \n{${lists.join(', ')}}. ` +
      // What Automation says of targets that match no host is not known; a benchmark that ran nowhere must not look like a success.
      (command.invocations.length === 0 ? 'No host matches the targets. ' : '') +
      'Please refer to Automation Service Troubleshooting Guide for more diagnosis details.',
  );
}

function send(service: Service, inputs: Readonly<Record<string, unknown>>): Command {
  try {
    return sendCommand(service, { ...inputs, ...listsOf(inputs) });
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new StepFailure(
      `Step fails when it is Execute/Cancelling action. ${error.message} (Error Code: ${error.code}). ` +
        'Please refer to Automation Service Troubleshooting Guide for more diagnosis details.',
    );
  }
}

/** A single value may stand where SendCommand wants a list, as may a list that a reference has brought into a list. */
function listsOf({ InstanceIds, Parameters = {} }: Readonly<Record<string, unknown>>): object {
  const parameters = Object.entries(Parameters as Readonly<Record<string, unknown>>).map(
    ([name, value]) => [name, stringsOf(value)] as const,
  );
  return {
    Parameters: Object.fromEntries(parameters),
    ...(InstanceIds === undefined ? {} : { InstanceIds: stringsOf(InstanceIds) }),
  };
}

function stringsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(stringsOf);
  return [typeof value === 'string' ? value : JSON.stringify(value)];
}

/**
 * Status, ResponseCode, Output and CommandId. Automation gives the output of one action at a time; with several hosts this is the
 * first one that did not succeed, else the first one. (How the service chooses is not documented.)
 */
function outputsOf(command: Command): Readonly<Record<string, readonly string[]>> {
  const shown = command.invocations.find(({ status }) => status !== 'Success') ?? command.invocations[0];
  return {
    Status: [shown?.status ?? command.status],
    ResponseCode: [String(shown === undefined ? -1 : responseCode(shown))],
    Output: [shown?.plugins.map(({ output }) => output).join('') ?? ''],
    CommandId: [command.id],
  };
}

function responseCode({ plugins }: Invocation): number {
  return plugins.find(({ status }) => status !== 'Success' && status !== 'Skipped')?.code ?? 0;
}
