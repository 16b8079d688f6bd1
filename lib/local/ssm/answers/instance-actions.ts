import * as v from 'valibot';
import type { Action } from '../commands/command-actions.ts';
import { maxResults, nextToken, parseInput, valuesFilter } from '../input.ts';
import { page } from '../pagination.ts';
import type { Service } from '../service.ts';
import { ServiceError } from '../service-error.ts';
import type { SsmHost } from '../ssm-host.ts';
import { seconds } from './timestamps.ts';

/** The first agent that knows interpolationType ENV_VAR, which the local one does. */
const agentVersion = '3.3.2746.0';

const describeSchema = v.object({
  Filters: v.optional(v.array(valuesFilter), []),
  MaxResults: maxResults,
  NextToken: nextToken,
});

/** The actions that read managed nodes. */
export const instanceActions: Readonly<Record<string, Action>> = {
  DescribeInstanceInformation: (service, body) => {
    const input = parseInput(describeSchema, body);
    const found = service.hosts.filter((host) => input.Filters.every(({ Key, Values }) => passes(host, Key, Values)));
    const { items, ...rest } = page(found, input);
    return { InstanceInformationList: items.map((host) => instanceAnswer(host, service)), ...rest };
  },
};

function passes(host: SsmHost, key: string, values: readonly string[]): boolean {
  if (key === 'InstanceIds') return values.includes(host.instanceId);
  if (key === 'PingStatus') return values.includes(pingStatus(host));
  if (key === 'PlatformTypes') return values.includes('Linux');
  if (key.startsWith('tag:')) {
    const value = host.tags[key.slice('tag:'.length)];
    return value !== undefined && values.includes(value);
  }
  throw new ServiceError('InvalidFilterKey', `The filter ${key} is not supported.`);
}

function pingStatus(host: SsmHost): 'Online' | 'ConnectionLost' {
  return host.connection?.isOnline() === false ? 'ConnectionLost' : 'Online';
}

function instanceAnswer(host: SsmHost, service: Service): object {
  return {
    InstanceId: host.instanceId,
    PingStatus: pingStatus(host),
    LastPingDateTime: seconds(service.clock.now()),
    AgentVersion: agentVersion,
    IsLatestVersion: true,
    PlatformType: 'Linux',
    PlatformName: host.platform.name,
    PlatformVersion: host.platform.version,
    ResourceType: 'EC2Instance',
    IPAddress: host.address,
    ComputerName: host.name,
    SourceId: host.instanceId,
    SourceType: 'AWS::EC2::Instance',
  };
}
