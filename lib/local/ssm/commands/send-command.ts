import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { documentName, instanceId, parseInput, passedParameters, target } from '../input.ts';
import { resolveParameters } from '../parameters.ts';
import { findCommandDocument, track, type Service } from '../service.ts';
import { ServiceError, validationError } from '../service-error.ts';
import type { SsmHost } from '../ssm-host.ts';
import type { Command, Target } from './command.ts';
import { executeCommand } from './execute-command.ts';

/** The most that a document and its parameters may have together, in bytes (measured at about 97 KB). */
const maxPayloadBytes = 97 * 1024;

const sendCommandSchema = v.object({
  DocumentName: documentName,
  DocumentVersion: v.optional(v.string()),
  InstanceIds: v.optional(v.pipe(v.array(instanceId), v.maxLength(50))),
  Targets: v.optional(v.pipe(v.array(target), v.maxLength(5))),
  Parameters: passedParameters,
  Comment: v.optional(v.pipe(v.string(), v.maxLength(100)), ''),
  TimeoutSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(30), v.maxValue(2_592_000)), 3600),
  MaxConcurrency: v.optional(v.pipe(v.string(), v.regex(/^([1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)$/)), '50'),
  MaxErrors: v.optional(v.pipe(v.string(), v.regex(/^([1-9][0-9]*|0|[1-9][0-9]%|[0-9]%|100%)$/)), '0'),
  OutputS3BucketName: v.optional(v.string(), ''),
  OutputS3KeyPrefix: v.optional(v.string(), ''),
});

/** SendCommand: checks everything that can be known beforehand, and sets the command going. */
export function sendCommand(service: Service, body: unknown): Command {
  const input = parseInput(sendCommandSchema, body);
  const document = findCommandDocument(service, input.DocumentName);
  if (document === undefined) throw new ServiceError('InvalidDocument');
  if (!['$DEFAULT', '$LATEST', '1', undefined].includes(input.DocumentVersion)) {
    throw new ServiceError('InvalidDocumentVersion');
  }
  const resolved = resolveParameters(document.parameters ?? {}, input.Parameters);
  if ('fault' in resolved) {
    throw new ServiceError('InvalidParameters', 'Parameters provided in document are invalid or not supported.');
  }
  if (Buffer.byteLength(JSON.stringify([document, input.Parameters])) > maxPayloadBytes) {
    // Which exception SSM has for it is not documented; the model's list for SendCommand leaves this one.
    throw new ServiceError('MaxDocumentSizeExceeded', 'The document and its parameters are too large together.');
  }
  const { InstanceIds: instanceIds = [], Targets: targets = [] } = input;
  const hosts = hostsFor(service, instanceIds, targets);
  const finished = Promise.withResolvers<void>();
  const command: Command = {
    id: randomUUID(),
    documentName: input.DocumentName,
    document,
    comment: input.Comment,
    passed: input.Parameters,
    values: resolved.values,
    instanceIds,
    targets,
    requestedAt: service.clock.now(),
    deliverySeconds: input.TimeoutSeconds,
    maxConcurrency: input.MaxConcurrency,
    maxErrors: input.MaxErrors,
    outputBucket: input.OutputS3BucketName,
    outputPrefix: input.OutputS3KeyPrefix,
    invocations: [],
    status: 'Pending',
    statusDetails: 'Pending',
    finished: finished.promise,
  };
  service.commands.add(command.id, command);
  void track(service, executeCommand(command, hosts, service.commandContext)).then(finished.resolve, finished.reject);
  return command;
}

function hostsFor(service: Service, instanceIds: readonly string[], targets: readonly Target[]): readonly SsmHost[] {
  if (instanceIds.length > 0 && targets.length > 0) {
    // SSM takes one or the other; its words for both are not documented.
    throw validationError('InstanceIds and Targets cannot be given together: take one of them out');
  }
  if (new Set(instanceIds).size < instanceIds.length) throw new ServiceError('DuplicateInstanceId');
  if (targets.length > 0) return service.hosts.filter((host) => targets.every((entry) => isTarget(host, entry)));
  const found = instanceIds.map((id) => service.hosts.find((host) => host.instanceId === id));
  const hosts = found.filter((host) => host !== undefined);
  if (hosts.length === 0 || hosts.length < found.length) {
    throw new ServiceError('InvalidInstanceId', 'Instances not in a valid state for account');
  }
  return hosts;
}

/** Several targets narrow each other down; of one target's values any will do. */
function isTarget(host: SsmHost, { Key, Values }: Target): boolean {
  if (Key.toLowerCase() === 'instanceids') return Values.includes(host.instanceId) || Values.includes('*');
  if (Key === 'tag-key') return Values.some((key) => Object.hasOwn(host.tags, key));
  if (!Key.startsWith('tag:')) {
    throw new ServiceError(
      'InvalidTarget',
      `The target ${Key} is not supported: use tag:<key>, tag-key or InstanceIds`,
    );
  }
  const value = host.tags[Key.slice('tag:'.length)];
  return value !== undefined && Values.includes(value);
}
