import type { RunCommandStep } from '../../../documents/schema/document.ts';
import type { Command } from '../commands/command.ts';
import { sendCommand } from '../commands/command-actions.ts';
import { cancelCommand } from '../commands/execute-command.ts';
import type { Service } from '../service.ts';
import { ServiceError } from '../service-error.ts';
import { StepFailure, type StepRun } from './execution.ts';

const advice = 'Please refer to Automation Service Troubleshooting Guide for more diagnosis details.';

/** `aws:runCommand`: sends a command, waits until it is over on all hosts, and cancels it when the signal is aborted. */
export async function runCommand(
  service: Service,
  run: StepRun,
  inputs: RunCommandStep['inputs'],
  signal: AbortSignal,
): Promise<void> {
  const command = send(service, inputs);
  const cancel = (): void => {
    cancelCommand(command);
  };
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  await command.finished;
  signal.removeEventListener('abort', cancel);
  // A failed step has its outputs too.
  run.outputs = outputsOf(command);
  // What Automation makes of targets that match no host is not documented: here it is the success that the command is.
  if (command.status === 'Success') return;
  const lists = Object.entries(run.outputs).map(([name, values]) => `${name}=[${values.join(', ')}]`);
  throw new StepFailure(
    'Step fails when it is verifying the command has completed. ' +
      `Command ${command.id} returns unexpected invocation result: \n{${lists.join(', ')}}. ${advice}`,
  );
}

function send(service: Service, inputs: RunCommandStep['inputs']): Command {
  const lists = Object.entries(inputs.Parameters).map(([name, value]) => [name, [value]] as const);
  try {
    return sendCommand(service, { ...inputs, Parameters: Object.fromEntries(lists) });
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new StepFailure(
      `Step fails when it is Execute/Cancelling action. ${error.message} (Error Code: ${error.code}). ${advice}`,
    );
  }
}

/**
 * Status, ResponseCode, Output and CommandId. Automation gives the output of one action at a time; with several hosts this is the
 * first one that did not succeed, else the first one. (How the service chooses is not documented.)
 */
function outputsOf(command: Command): Readonly<Record<string, readonly string[]>> {
  const shown = command.invocations.find(({ status }) => status !== 'Success') ?? command.invocations[0];
  return {
    Status: [shown?.status ?? command.status],
    ResponseCode: [String(shown?.result.code ?? -1)],
    Output: [shown?.result.output ?? ''],
    CommandId: [command.id],
  };
}
