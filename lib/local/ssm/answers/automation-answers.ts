import type { Execution, StepRun } from '../automation/execution.ts';
import { isCritical } from '../automation/run-execution.ts';
import type { ParameterValue } from '../../../documents/schema/parameter-value.ts';
import type { Service } from '../service.ts';
import { seconds } from './timestamps.ts';

/** What the service shows as the output of a step that has not succeeded. */
const noOutput = 'No output available yet because the step is not successfully executed';

/** An execution as GetAutomationExecution shows it. */
export function executionAnswer(execution: Execution, service: Service): object {
  return {
    ...commonAnswer(execution, service),
    StepExecutions: execution.steps.map(stepExecutionAnswer),
    StepExecutionsTruncated: false,
    Parameters: Object.fromEntries([...execution.values].map(([name, value]) => [name, listOf(value)])),
  };
}

/** An execution as DescribeAutomationExecutions shows it. */
export function executionMetadataAnswer(execution: Execution, service: Service): object {
  return { ...commonAnswer(execution, service), AutomationType: 'Local', LogFile: '' };
}

function commonAnswer(execution: Execution, service: Service): object {
  const current = execution.steps.find(({ status }) => status === 'InProgress');
  return {
    AutomationExecutionId: execution.id,
    DocumentName: execution.documentName,
    DocumentVersion: '1',
    ExecutionStartTime: seconds(execution.startedAt),
    ...(execution.endedAt === undefined ? {} : { ExecutionEndTime: seconds(execution.endedAt) }),
    AutomationExecutionStatus: execution.status,
    ...(execution.failureMessage === undefined ? {} : { FailureMessage: execution.failureMessage }),
    ...(current === undefined ? {} : { CurrentStepName: current.step.name, CurrentAction: current.step.action }),
    Outputs: outputsOf(execution),
    Mode: 'Auto',
    ExecutedBy: `arn:aws:iam::${service.accountId}:user/local`,
    Targets: [],
    ResolvedTargets: { ParameterValues: [], Truncated: false },
  };
}

/** The outputs that the document declares, keyed `step.Name`. */
function outputsOf(execution: Execution): Readonly<Record<string, readonly string[]>> {
  const entries = (execution.document.outputs ?? []).map((name): [string, readonly string[]] => {
    const [stepName, output = ''] = name.split('.');
    const run = execution.steps.find(({ step }) => step.name === stepName);
    return [name, (run?.status === 'Success' ? run.outputs[output] : undefined) ?? [noOutput]];
  });
  return Object.fromEntries(entries);
}

/** A step as StepExecutions show it. */
export function stepExecutionAnswer(run: StepRun): object {
  const { step, outputs } = run;
  const nextStep = run.chosenStep ?? step.nextStep;
  const responseCode = outputs['ResponseCode']?.[0];
  return {
    StepName: step.name,
    Action: step.action,
    ...(step.timeoutSeconds === undefined ? {} : { TimeoutSeconds: step.timeoutSeconds }),
    OnFailure: step.onFailure ?? 'Abort',
    MaxAttempts: step.maxAttempts ?? 1,
    ...(run.startedAt === undefined ? {} : { ExecutionStartTime: seconds(run.startedAt) }),
    ...(run.endedAt === undefined ? {} : { ExecutionEndTime: seconds(run.endedAt) }),
    StepStatus: run.status,
    ...(responseCode === undefined ? {} : { ResponseCode: responseCode }),
    // Each value is JSON inside a string.
    Inputs: Object.fromEntries(Object.entries(run.inputs).map(([name, value]) => [name, JSON.stringify(value)])),
    Outputs: outputs,
    ...(run.failureMessage === undefined ? {} : { FailureMessage: run.failureMessage }),
    StepExecutionId: run.id,
    OverriddenParameters: {},
    IsEnd: step.isEnd ?? false,
    ...(nextStep === undefined ? {} : { NextStep: nextStep }),
    IsCritical: isCritical(run),
    ValidNextSteps: [],
  };
}

function listOf(value: ParameterValue): readonly string[] {
  return typeof value === 'object' ? value : [String(value)];
}
