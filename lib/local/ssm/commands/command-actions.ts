import * as v from 'valibot';
import { commandAnswer, invocationAnswer, stepAnswer } from '../answers/command-answers.ts';
import { isOver, type Command } from './command.ts';
import { cancelInvocation } from './execute-command.ts';
import { sendCommand } from './send-command.ts';
import { commandId, instanceId, maxResults, nextToken, parseInput } from '../input.ts';
import { page } from '../pagination.ts';
import type { Service } from '../service.ts';
import { ServiceError } from '../service-error.ts';

/** An action of the API: takes the parsed body of a request and gives that of the answer. */
export type Action = (service: Service, body: unknown) => object;

const commandFilter = v.object({
  key: v.picklist(['InvokedAfter', 'InvokedBefore', 'Status', 'ExecutionStage', 'DocumentName']),
  value: v.pipe(v.string(), v.minLength(1)),
});
type CommandFilter = v.InferOutput<typeof commandFilter>;

const getInvocationSchema = v.object({
  CommandId: commandId,
  InstanceId: instanceId,
  PluginName: v.optional(v.pipe(v.string(), v.minLength(4))),
});

const listSchema = v.object({
  CommandId: v.optional(commandId),
  InstanceId: v.optional(instanceId),
  MaxResults: maxResults,
  NextToken: nextToken,
  Filters: v.optional(v.pipe(v.array(commandFilter), v.maxLength(5)), []),
  Details: v.optional(v.boolean(), false),
});

const cancelSchema = v.object({
  CommandId: commandId,
  InstanceIds: v.optional(v.pipe(v.array(instanceId), v.maxLength(50)), []),
});

/** The actions of Run Command. */
export const commandActions: Readonly<Record<string, Action>> = {
  SendCommand: (service, body) => ({ Command: commandAnswer(sendCommand(service, body)) }),

  GetCommandInvocation: (service, body) => {
    const input = parseInput(getInvocationSchema, body);
    const command = service.commands.get(input.CommandId);
    const invocation = command?.invocations.find(({ host }) => host.instanceId === input.InstanceId);
    if (command === undefined || invocation === undefined) {
      const text = `Invocation not found for ${input.CommandId}, ${input.InstanceId}`;
      throw new ServiceError('InvocationDoesNotExist', text);
    }
    const { PluginName } = input;
    const [only] = invocation.plugins;
    const plugin =
      PluginName === undefined
        ? invocation.plugins.length === 1
          ? only
          : undefined
        : // A document with one step may also be asked for by its action.
          (invocation.plugins.find(({ name }) => name === PluginName) ??
          (invocation.plugins.length === 1 && PluginName === 'aws:runShellScript' ? only : undefined));
    // That several steps and no PluginName is this error is an unverified report.
    if (plugin === undefined) throw new ServiceError('InvalidPluginName');
    return stepAnswer(command, invocation, plugin);
  },

  ListCommands: (service, body) => {
    const input = parseInput(listSchema, body);
    const found = service.commands
      .newestFirst()
      .filter(
        (command) =>
          (input.CommandId === undefined || command.id === input.CommandId) &&
          (input.InstanceId === undefined ||
            command.invocations.some(({ host }) => host.instanceId === input.InstanceId)) &&
          input.Filters.every((filter) => passes(command, command, filter)),
      );
    const { items, ...rest } = page(found, input);
    return { Commands: items.map(commandAnswer), ...rest };
  },

  ListCommandInvocations: (service, body) => {
    const input = parseInput(listSchema, body);
    const found = service.commands
      .newestFirst()
      .filter(({ id }) => input.CommandId === undefined || id === input.CommandId)
      .flatMap((command) => command.invocations.map((invocation) => ({ command, invocation })))
      .filter(
        ({ command, invocation }) =>
          (input.InstanceId === undefined || invocation.host.instanceId === input.InstanceId) &&
          input.Filters.every((filter) => passes(command, invocation, filter)),
      );
    const { items, ...rest } = page(found, input);
    const answers = items.map(({ command, invocation }) => invocationAnswer(command, invocation, input.Details));
    return { CommandInvocations: answers, ...rest };
  },

  CancelCommand: (service, body) => {
    const input = parseInput(cancelSchema, body);
    const command = service.commands.get(input.CommandId);
    if (command === undefined) {
      throw new ServiceError('InvalidCommandId', `Command id ${input.CommandId} does not exist.`);
    }
    cancelCommand(command, input.InstanceIds);
    return {};
  },
};

/** Cancels a command on the given hosts, or on all of them; what is over stays as it is. */
export function cancelCommand(command: Command, instanceIds: readonly string[] = []): void {
  if (isOver(command.status)) return;
  if (instanceIds.length === 0) {
    command.status = 'Cancelling';
    command.statusDetails = 'Cancelling';
  }
  for (const invocation of command.invocations) {
    if (instanceIds.length === 0 || instanceIds.includes(invocation.host.instanceId)) cancelInvocation(invocation);
  }
}

function passes(
  command: Command,
  state: { readonly status: string; readonly statusDetails: string },
  { key, value }: CommandFilter,
): boolean {
  if (key === 'InvokedAfter') return command.requestedAt > Date.parse(value);
  if (key === 'InvokedBefore') return command.requestedAt < Date.parse(value);
  if (key === 'Status') return state.status === value || state.statusDetails === value;
  if (key === 'ExecutionStage') return (value === 'Complete') === isOver(command.status);
  return command.documentName === value;
}
