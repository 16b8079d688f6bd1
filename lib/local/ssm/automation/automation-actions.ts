import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { executionAnswer, executionMetadataAnswer, stepExecutionAnswer } from '../answers/automation-answers.ts';
import type { Action } from '../commands/command-actions.ts';
import { commandId, documentName, maxResults, nextToken, parseInput, valuesFilter } from '../input.ts';
import { page } from '../pagination.ts';
import { resolveParameters, type ParameterFault } from '../parameters.ts';
import { findAutomationDocument, track, type Service } from '../service.ts';
import { ServiceError } from '../service-error.ts';
import { isExecutionOver, type Execution } from './execution.ts';
import { runExecution } from './run-execution.ts';

const parameterValues = v.pipe(v.array(v.pipe(v.string(), v.maxLength(512))), v.maxLength(50));

const startSchema = v.object({
  DocumentName: documentName,
  DocumentVersion: v.optional(v.string()),
  Parameters: v.optional(v.pipe(v.record(v.pipe(v.string(), v.maxLength(50)), parameterValues), v.maxEntries(200)), {}),
});

const executionIdSchema = v.object({ AutomationExecutionId: commandId });

const stopSchema = v.object({
  AutomationExecutionId: commandId,
  Type: v.optional(v.picklist(['Cancel', 'Complete']), 'Cancel'),
});

const listSchema = v.object({
  Filters: v.optional(v.array(valuesFilter), []),
  MaxResults: maxResults,
  NextToken: nextToken,
});

const listStepsSchema = v.object({
  ...listSchema.entries,
  ...executionIdSchema.entries,
  ReverseOrder: v.optional(v.boolean()),
});

/** The actions of Automation. */
export const automationActions: Readonly<Record<string, Action>> = {
  StartAutomationExecution: (service, body) => ({ AutomationExecutionId: start(service, body).id }),

  GetAutomationExecution: (service, body) => ({
    AutomationExecution: executionAnswer(find(service, parseInput(executionIdSchema, body)), service),
  }),

  StopAutomationExecution: (service, body) => {
    const input = parseInput(stopSchema, body);
    const execution = find(service, input);
    if (isExecutionOver(execution)) {
      const text = `Automation execution ${execution.id} is already ${execution.status}.`;
      throw new ServiceError('InvalidAutomationStatusUpdateException', text);
    }
    if (input.Type === 'Complete') execution.completing = true;
    else cancelExecution(execution);
    return {};
  },

  DescribeAutomationExecutions: (service, body) => {
    const input = parseInput(listSchema, body);
    const found = service.executions.newestFirst().filter((execution) =>
      input.Filters.every(({ Key, Values }) => {
        if (Key === 'ExecutionId') return Values.includes(execution.id);
        if (Key === 'ExecutionStatus') return Values.includes(execution.status);
        if (Key === 'DocumentNamePrefix') return Values.some((prefix) => execution.documentName.startsWith(prefix));
        throw new ServiceError('InvalidFilterKey', `The filter ${Key} is not supported.`);
      }),
    );
    const { items, ...rest } = page(found, input);
    const answers = items.map((execution) => executionMetadataAnswer(execution, service));
    return { AutomationExecutionMetadataList: answers, ...rest };
  },

  DescribeAutomationStepExecutions: (service, body) => {
    const input = parseInput(listStepsSchema, body);
    const execution = find(service, input);
    const found = execution.steps.filter(({ id, step, status }) =>
      input.Filters.every(({ Key, Values }) => {
        if (Key === 'StepName') return Values.includes(step.name);
        if (Key === 'StepExecutionId') return Values.includes(id);
        if (Key === 'StepExecutionStatus') return Values.includes(status);
        if (Key === 'Action') return Values.includes(step.action);
        throw new ServiceError('InvalidFilterKey', `The filter ${Key} is not supported.`);
      }),
    );
    const { items, ...rest } = page(input.ReverseOrder === true ? found.toReversed() : found, input);
    return { StepExecutions: items.map(stepExecutionAnswer), ...rest };
  },
};

/** Cancels an execution; if it is being cancelled already, ends its clean-up as well. */
export function cancelExecution(execution: Execution): void {
  if (isExecutionOver(execution)) return;
  if (execution.cancellation.signal.aborted) execution.abandonment.abort();
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
  if (!['$DEFAULT', '$LATEST', '1', undefined].includes(input.DocumentVersion)) {
    throw new ServiceError('AutomationDefinitionVersionNotFoundException');
  }
  const resolved = resolveParameters(document.parameters ?? {}, input.Parameters);
  if ('fault' in resolved) {
    throw new ServiceError('InvalidAutomationExecutionParametersException', describeFault(resolved.fault, document));
  }
  const finished = Promise.withResolvers<void>();
  const execution: Execution = {
    id: randomUUID(),
    documentName: input.DocumentName,
    document,
    passed: input.Parameters,
    values: resolved.values,
    startedAt: service.clock.now(),
    status: 'Pending',
    steps: document.mainSteps.map((step) => ({ id: randomUUID(), step, status: 'Pending', inputs: {}, outputs: {} })),
    cancellation: new AbortController(),
    abandonment: new AbortController(),
    completing: false,
    finished: finished.promise,
  };
  service.executions.add(execution.id, execution);
  void track(service, runExecution(service, execution)).then(finished.resolve, finished.reject);
  return execution;
}

function find(service: Service, input: { readonly AutomationExecutionId: string }): Execution {
  const execution = service.executions.get(input.AutomationExecutionId);
  if (execution !== undefined) return execution;
  const text = `Automation execution with id ${input.AutomationExecutionId} does not exist.`;
  throw new ServiceError('AutomationExecutionNotFoundException', text);
}

/** The sentences for a missing parameter and for allowedValues are the service's own; of the others only the exception is known. */
function describeFault(fault: ParameterFault, document: Execution['document']): string {
  if (fault.kind === 'missing') return `Missing required parameter: ${fault.name} in user inputs.`;
  if (fault.kind === 'unknown') return `Unknown parameter "${fault.name}" in user inputs.`;
  const allowed = document.parameters?.[fault.name]?.allowedValues;
  return allowed === undefined
    ? `Parameter "${fault.name}" has value "${fault.value}", but it ${fault.rule}.`
    : `Parameter "${fault.name}" has value "${fault.value}" not found in [${allowed.join(', ')}].`;
}
