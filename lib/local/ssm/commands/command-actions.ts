import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { Filter } from '../../../documents/schema/document.ts';
import { documentName, filter, id, parseInput } from '../input.ts';
import { resolveParameters } from '../parameters.ts';
import { findCommandDocument, seconds, track, type Action, type Service } from '../service.ts';
import { ServiceError } from '../service-error.ts';
import type { SsmHost } from '../ssm-host.ts';
import { isOver, type Command, type Invocation } from './command.ts';
import { deliveryTimedOutCount, errorCount, executeCommand } from './execute-command.ts';

/** The API cuts stderr once more than the agent does (botocore's model: StandardErrorContent). */
const maxStandardErrorChars = 8000;

const sendSchema = v.object({
  DocumentName: documentName,
  Targets: v.strictTuple([filter]),
  Parameters: v.optional(v.record(v.string(), v.array(v.string())), {}),
  TimeoutSeconds: v.pipe(v.number(), v.integer(), v.minValue(30), v.maxValue(2_592_000)),
  // Every host of a lab does its part at the same time.
  MaxConcurrency: v.literal('100%'),
  MaxErrors: v.picklist(['0', '100%']),
});
const commandSchema = v.object({ CommandId: id });
const invocationSchema = v.object({ CommandId: id, InstanceId: v.pipe(v.string(), v.regex(/^i-(\w{8}|\w{17})$/)) });

/** The actions of Run Command. */
export const commandActions: Readonly<Record<string, Action>> = {
  SendCommand: (service, body) => ({ Command: commandAnswer(sendCommand(service, body)) }),

  ListCommands: (service, body) => {
    const command = service.commands.get(parseInput(commandSchema, body).CommandId);
    return { Commands: command === undefined ? [] : [commandAnswer(command)] };
  },

  ListCommandInvocations: (service, body) => {
    const command = service.commands.get(parseInput(commandSchema, body).CommandId);
    return {
      CommandInvocations: command?.invocations.map((invocation) => invocationAnswer(command, invocation)) ?? [],
    };
  },

  GetCommandInvocation: (service, body) => {
    const input = parseInput(invocationSchema, body);
    const command = service.commands.get(input.CommandId);
    const invocation = command?.invocations.find(({ host }) => host.instanceId === input.InstanceId);
    if (command !== undefined && invocation !== undefined) return stepAnswer(command, invocation);
    const text = `Invocation not found for ${input.CommandId}, ${input.InstanceId}`;
    throw new ServiceError('InvocationDoesNotExist', text);
  },
};

/** SendCommand: checks everything that can be known beforehand, and sets the command going. */
export function sendCommand(service: Service, body: unknown): Command {
  const input = parseInput(sendSchema, body);
  const document = findCommandDocument(service, input.DocumentName);
  if (document === undefined) throw new ServiceError('InvalidDocument');
  const resolved = resolveParameters(document.parameters ?? {}, input.Parameters);
  if ('fault' in resolved) {
    throw new ServiceError('InvalidParameters', 'Parameters provided in document are invalid or not supported.');
  }
  const hosts = service.hosts.filter((host) => isTarget(host, input.Targets[0]));
  const finished = Promise.withResolvers<void>();
  const command: Command = {
    id: randomUUID(),
    documentName: input.DocumentName,
    document,
    values: resolved.values,
    requestedAt: service.clock.now(),
    deliverySeconds: input.TimeoutSeconds,
    maxErrors: input.MaxErrors,
    invocations: [],
    status: 'Pending',
    statusDetails: 'Pending',
    finished: finished.promise,
  };
  service.commands.add(command.id, command);
  void track(service, executeCommand(service, command, hosts)).then(finished.resolve, finished.reject);
  return command;
}

function isTarget({ tags }: SsmHost, { Key, Values }: Filter): boolean {
  if (!Key.startsWith('tag:')) throw new ServiceError('InvalidTarget', `The target ${Key} is not tag:<key>`);
  return Values.includes(tags[Key.slice('tag:'.length)] ?? '');
}

function commandAnswer(command: Command): object {
  return {
    CommandId: command.id,
    DocumentName: command.documentName,
    RequestedDateTime: seconds(command.requestedAt),
    Status: command.status,
    StatusDetails: command.statusDetails,
    TargetCount: command.invocations.length,
    CompletedCount: command.invocations.filter(({ status }) => isOver(status)).length,
    ErrorCount: errorCount(command),
    DeliveryTimedOutCount: deliveryTimedOutCount(command),
  };
}

function invocationAnswer(command: Command, { host, status, statusDetails }: Invocation): object {
  return {
    CommandId: command.id,
    InstanceId: host.instanceId,
    InstanceName: host.name,
    Status: status,
    StatusDetails: statusDetails,
  };
}

/** Streams are empty until the script is over. */
function stepAnswer(command: Command, invocation: Invocation): object {
  const { startedAt, endedAt, result } = invocation;
  return {
    CommandId: command.id,
    InstanceId: invocation.host.instanceId,
    DocumentName: command.documentName,
    PluginName: command.document.mainSteps[0].name,
    ResponseCode: result.code,
    ExecutionStartDateTime: startedAt === undefined ? '' : new Date(startedAt).toISOString(),
    ExecutionEndDateTime: endedAt === undefined ? '' : new Date(endedAt).toISOString(),
    Status: invocation.status,
    StatusDetails: invocation.statusDetails,
    StandardOutputContent: result.standardOutput,
    StandardErrorContent: result.standardError.slice(0, maxStandardErrorChars),
  };
}
