import { isOver, type Command, type Invocation, type PluginRun } from '../commands/command.ts';
import { deliveryTimedOutCount, errorCount } from '../commands/execute-command.ts';
import { seconds } from './timestamps.ts';

/** The API cuts stderr once more than the agent does (botocore's model: StandardErrorContent). */
const maxStandardErrorChars = 8000;

const noCloudWatch = { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false };
const noNotification = { NotificationArn: '', NotificationEvents: [], NotificationType: '' };

/** A command as SendCommand and ListCommands show it. */
export function commandAnswer(command: Command): object {
  return {
    CommandId: command.id,
    DocumentName: command.documentName,
    DocumentVersion: '$DEFAULT',
    Comment: command.comment,
    ExpiresAfter: seconds(command.requestedAt + command.deliverySeconds * 1000),
    Parameters: command.passed,
    InstanceIds: command.instanceIds,
    Targets: command.targets,
    RequestedDateTime: seconds(command.requestedAt),
    Status: command.status,
    StatusDetails: command.statusDetails,
    OutputS3Region: '',
    OutputS3BucketName: command.outputBucket,
    OutputS3KeyPrefix: command.outputPrefix,
    MaxConcurrency: command.maxConcurrency,
    MaxErrors: command.maxErrors,
    TargetCount: command.targets.length > 0 ? command.invocations.length : command.instanceIds.length,
    CompletedCount: command.invocations.filter(({ status }) => isOver(status)).length,
    ErrorCount: errorCount(command),
    DeliveryTimedOutCount: deliveryTimedOutCount(command),
    ServiceRole: '',
    NotificationConfig: noNotification,
    CloudWatchOutputConfig: noCloudWatch,
    TimeoutSeconds: command.deliverySeconds,
  };
}

/** An invocation as ListCommandInvocations shows it; the steps only if Details were asked for. */
export function invocationAnswer(command: Command, invocation: Invocation, details: boolean): object {
  return {
    CommandId: command.id,
    InstanceId: invocation.host.instanceId,
    InstanceName: invocation.host.name,
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: '$DEFAULT',
    RequestedDateTime: seconds(invocation.requestedAt),
    Status: invocation.status,
    StatusDetails: invocation.statusDetails,
    TraceOutput: '',
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    CommandPlugins: details ? invocation.plugins.map((plugin) => pluginAnswer(plugin, invocation)) : [],
    ServiceRole: '',
    NotificationConfig: noNotification,
    CloudWatchOutputConfig: noCloudWatch,
  };
}

function pluginAnswer(plugin: PluginRun, invocation: Invocation): object {
  return {
    Name: plugin.name,
    ...pluginStatus(plugin, invocation),
    ResponseCode: plugin.code,
    ...(plugin.startedAt === undefined ? {} : { ResponseStartDateTime: seconds(plugin.startedAt) }),
    ...(plugin.endedAt === undefined ? {} : { ResponseFinishDateTime: seconds(plugin.endedAt) }),
    Output: plugin.output,
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    OutputS3Region: '',
    OutputS3BucketName: '',
    OutputS3KeyPrefix: '',
  };
}

/** A step of an invocation as GetCommandInvocation shows it. Streams are empty until the step is done. */
export function stepAnswer(command: Command, invocation: Invocation, plugin: PluginRun): object {
  const { startedAt, endedAt } = plugin;
  return {
    CommandId: command.id,
    InstanceId: invocation.host.instanceId,
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: '$DEFAULT',
    PluginName: plugin.name,
    ResponseCode: plugin.code,
    ExecutionStartDateTime: startedAt === undefined ? '' : new Date(startedAt).toISOString(),
    ExecutionElapsedTime: startedAt === undefined || endedAt === undefined ? '' : `PT${(endedAt - startedAt) / 1000}S`,
    ExecutionEndDateTime: endedAt === undefined ? '' : new Date(endedAt).toISOString(),
    ...pluginStatus(plugin, invocation),
    StandardOutputContent: plugin.standardOutput,
    StandardOutputUrl: '',
    StandardErrorContent: plugin.standardError.slice(0, maxStandardErrorChars),
    StandardErrorUrl: '',
    CloudWatchOutputConfig: noCloudWatch,
  };
}

/** The agent's Skipped is shown as a success; a step that has not been reached shares the state of its invocation's delivery. */
function pluginStatus(
  plugin: PluginRun,
  invocation: Invocation,
): { readonly Status: string; readonly StatusDetails: string } {
  const { status } = plugin;
  if (status === 'Skipped') return { Status: 'Success', StatusDetails: 'Success' };
  if (plugin.startedAt === undefined && isOver(invocation.status)) {
    return { Status: invocation.status, StatusDetails: invocation.statusDetails };
  }
  if (status === 'InProgress' && invocation.status === 'Cancelling') {
    return { Status: 'Cancelling', StatusDetails: 'Cancelling' };
  }
  return { Status: status, StatusDetails: status === 'TimedOut' ? 'ExecutionTimedOut' : status };
}
