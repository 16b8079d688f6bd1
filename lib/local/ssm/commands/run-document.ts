import type { ShellStep } from '../../../documents/schema/command-document.ts';
import type { PluginRun } from './command.ts';
import { combineStreams, cutStream } from './output.ts';
import { weighPrecondition } from './precondition.ts';
import { runShellStep, type StepContext, type StepResult } from './shell-step.ts';

/** Exit codes with which a script ends the whole document: as a success, as a failure. */
const exitWithSuccess = 168;
const exitWithFailure = 169;

/** What the agent reports as the platform type of every host of the lab, in lower case. */
const platformType = 'linux';

/**
 * Runs the steps of a document on a host, one after the other, and writes into `plugins` how each of them went. A failed step
 * does not stop the later ones unless it says so.
 */
export async function runDocument(
  steps: readonly ShellStep[],
  plugins: readonly PluginRun[],
  context: StepContext,
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const plugin = plugins[index];
    if (plugin === undefined) return;
    plugin.status = 'InProgress';
    plugin.startedAt = context.clock.now();
    const isFinally = step.inputs.finallyStep === true && index === steps.length - 1;
    if (!isFinally && steps.slice(0, index).some((earlier, at) => endsDocument(earlier, plugins[at]))) {
      skip(
        plugin,
        `Plugin with name ${step.action} and id ${step.name} skipped due to prior step with an exit condition`,
      );
    } else {
      await runStep(step, plugin, context);
    }
    plugin.endedAt = context.clock.now();
  }
}

/** Whether the steps after this one are to be skipped. */
function endsDocument(step: ShellStep, plugin: PluginRun | undefined): boolean {
  if (plugin === undefined) return false;
  return (
    plugin.code === exitWithSuccess ||
    plugin.code === exitWithFailure ||
    (plugin.status === 'Failed' && step.inputs.onFailure === 'exit') ||
    (plugin.status === 'Success' && step.inputs.onSuccess === 'exit')
  );
}

async function runStep(step: ShellStep, plugin: PluginRun, context: StepContext): Promise<void> {
  const precondition = weighPrecondition(step.precondition?.StringEquals, platformType, context.lookup);
  if (precondition.operation === 'skip') {
    const { reason } = precondition;
    skip(plugin, `Step execution skipped due to unsatisfied preconditions: '${reason}'. Step name: ${step.name}`);
  } else if (precondition.operation === 'fail') {
    plugin.status = 'Failed';
    plugin.code = 1;
    plugin.output =
      `Unrecognized precondition(s): '${precondition.reason}', please update agent to latest version. ` +
      `Step name: ${step.name}`;
  } else {
    report(plugin, step, await runShellStep(step, context));
  }
}

function skip(plugin: PluginRun, reason: string): void {
  plugin.status = 'Skipped';
  plugin.code = 0;
  plugin.output = reason;
}

/** Writes down how a script went, after the codes and settings that turn a result round. */
function report(plugin: PluginRun, step: ShellStep, result: StepResult): void {
  const { onFailure } = step.inputs;
  let { status, code, standardOutput, standardError } = result;
  // Lists show the streams without the sentences below, and without the error of a script that left with 168.
  plugin.output = combineStreams(standardOutput, code === exitWithSuccess ? '' : standardError);
  if (code === exitWithSuccess) {
    status = 'Success';
    standardError = '';
    standardOutput += exitText(code, 'succeeded');
  } else if (code === exitWithFailure) {
    standardError += exitText(code, 'Failed');
    standardOutput += exitText(code, 'Failed');
  } else if (status === 'Failed' && onFailure !== undefined) {
    const text = '\nStep was found to have onFailure property. Further document steps will be skipped.';
    standardError += text;
    standardOutput += text;
    if (onFailure === 'successAndExit') {
      status = 'Success';
      code = exitWithSuccess;
    }
  }
  plugin.status = status;
  plugin.code = code;
  plugin.standardOutput = cutStream(standardOutput);
  plugin.standardError = cutStream(standardError);
}

function exitText(code: number, outcome: 'succeeded' | 'Failed'): string {
  return `\nStep exited with code ${code}. Therefore, marking step as ${outcome}. Further document steps will be skipped.`;
}
