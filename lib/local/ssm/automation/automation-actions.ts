import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { documentName, filter, id, parseInput } from '../input.ts';
import { resolveParameters, type ParameterFault } from '../parameters.ts';
import { findAutomationDocument, seconds, track, type Action, type Service } from '../service.ts';
import { ServiceError } from '../service-error.ts';
import { isExecutionOver, type Execution, type StepRun } from './execution.ts';
import { runExecution } from './run-execution.ts';

/** The limits of botocore's service model. */
const parameterValues = v.pipe(v.array(v.pipe(v.string(), v.maxLength(512))), v.maxLength(50));
const startSchema = v.object({
  DocumentName: documentName,
  Parameters: v.optional(v.pipe(v.record(v.pipe(v.string(), v.maxLength(50)), parameterValues), v.maxEntries(200)), {}),
});
const executionSchema = v.object({ AutomationExecutionId: id });
const stopSchema = v.object({ AutomationExecutionId: id, Type: v.optional(v.literal('Cancel')) });
const listSchema = v.object({ Filters: v.optional(v.array(filter), []) });

/** The actions of Automation. */
export const automationActions: Readonly<Record<string, Action>> = {
  StartAutomationExecution: (service, body) => ({ AutomationExecutionId: start(service, body).id }),

  GetAutomationExecution: (service, body) => {
    const execution = find(service, parseInput(executionSchema, body));
    return {
      AutomationExecution: {
        ...executionAnswer(execution),
        StepExecutions: execution.steps.map(stepAnswer),
        Parameters: Object.fromEntries([...execution.values].map(([name, value]) => [name, [value]])),
      },
    };
  },

  StopAutomationExecution: (service, body) => {
    const execution = find(service, parseInput(stopSchema, body));
    if (isExecutionOver(execution)) {
      const text = `Automation execution ${execution.id} is already ${execution.status}.`;
      throw new ServiceError('InvalidAutomationStatusUpdateException', text);
    }
    cancelExecution(execution);
    return {};
  },

  DescribeAutomationExecutions: (service, body) => {
    const { Filters } = parseInput(listSchema, body);
    const found = service.executions.newestFirst().filter((execution) =>
      Filters.every(({ Key, Values }) => {
        if (Key === 'ExecutionStatus') return Values.includes(execution.status);
        if (Key === 'DocumentNamePrefix') return Values.some((prefix) => execution.documentName.startsWith(prefix));
        throw new ServiceError('InvalidFilterKey', `The filter ${Key} is not supported.`);
      }),
    );
    return { AutomationExecutionMetadataList: found.map(executionAnswer) };
  },
};

/** Cancels the step that an execution is at; its onCancel says where the execution goes. */
export function cancelExecution(execution: Execution): void {
  if (isExecutionOver(execution)) return;
  execution.status = 'Cancelling';
  execution.cancellation.abort();
}

function start(service: Service, body: unknown): Execution {
  const input = parseInput(startSchema, body);
  const document = findAutomationDocument(service, input.DocumentName);
  if (document === undefined) {
    const text = `Automation definition with name ${input.DocumentName} is not found.`;
    throw new ServiceError('AutomationDefinitionNotFoundException', text);
  }
  const resolved = resolveParameters(document.parameters ?? {}, input.Parameters);
  if ('fault' in resolved) {
    const text = describeFault(resolved.fault, input.Parameters);
    throw new ServiceError('InvalidAutomationExecutionParametersException', text);
  }
  const execution: Execution = {
    id: randomUUID(),
    documentName: input.DocumentName,
    document,
    values: resolved.values,
    startedAt: service.clock.now(),
    status: 'Pending',
    steps: document.mainSteps.map((step) => ({ step, status: 'Pending', outputs: {} })),
    cancellation: new AbortController(),
    abandonment: new AbortController(),
  };
  service.executions.add(execution.id, execution);
  void track(service, runExecution(service, execution));
  return execution;
}

function find(service: Service, { AutomationExecutionId }: { readonly AutomationExecutionId: string }): Execution {
  const execution = service.executions.get(AutomationExecutionId);
  if (execution !== undefined) return execution;
  const text = `Automation execution with id ${AutomationExecutionId} does not exist.`;
  throw new ServiceError('AutomationExecutionNotFoundException', text);
}

/** The sentence for a missing parameter is the service's own; of the others only the exception is known. */
function describeFault({ kind, name, rule }: ParameterFault, passed: Readonly<Record<string, unknown>>): string {
  if (kind === 'missing') return `Missing required parameter: ${name} in user inputs.`;
  if (kind === 'unknown') return `Unknown parameter "${name}" in user inputs.`;
  return `Parameter "${name}" has value ${JSON.stringify(passed[name])}, but it ${rule}.`;
}

function executionAnswer(execution: Execution): object {
  const current = execution.steps.find(({ status }) => status === 'InProgress');
  return {
    AutomationExecutionId: execution.id,
    DocumentName: execution.documentName,
    ...times(execution),
    AutomationExecutionStatus: execution.status,
    ...(execution.failureMessage === undefined ? {} : { FailureMessage: execution.failureMessage }),
    ...(current === undefined ? {} : { CurrentStepName: current.step.name, CurrentAction: current.step.action }),
  };
}

function stepAnswer(run: StepRun): object {
  return {
    StepName: run.step.name,
    Action: run.step.action,
    ...times(run),
    StepStatus: run.status,
    Outputs: run.outputs,
    ...(run.failureMessage === undefined ? {} : { FailureMessage: run.failureMessage }),
  };
}

function times({ startedAt, endedAt }: { readonly startedAt?: number; readonly endedAt?: number }): object {
  return {
    ...(startedAt === undefined ? {} : { ExecutionStartTime: seconds(startedAt) }),
    ...(endedAt === undefined ? {} : { ExecutionEndTime: seconds(endedAt) }),
  };
}
