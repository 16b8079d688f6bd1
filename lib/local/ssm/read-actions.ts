import * as v from 'valibot';
import { isCommandDocument } from '../../documents/schema/document.ts';
import { documentName, filter, parseInput } from './input.ts';
import { seconds, type Action, type Service } from './service.ts';
import { ServiceError } from './service-error.ts';
import type { SsmHost } from './ssm-host.ts';

/** The first agent that knows interpolationType ENV_VAR, which the local one does. */
const agentVersion = '3.3.2746.0';

const getSchema = v.object({ Name: documentName });
const describeSchema = v.object({ Filters: v.optional(v.array(filter), []) });

/** The actions that read documents and managed nodes. */
export const readActions: Readonly<Record<string, Action>> = {
  GetDocument: (service, body) => {
    const { Name } = parseInput(getSchema, body);
    const content = service.documents.find(({ name }) => name === Name)?.content;
    if (content === undefined) throw new ServiceError('InvalidDocument');
    const DocumentType = isCommandDocument(content) ? 'Command' : 'Automation';
    return { Name, DocumentType, DocumentVersion: '1', DocumentFormat: 'JSON', Content: JSON.stringify(content) };
  },
  DescribeInstanceInformation: describeInstanceInformation,
};

/** The managed nodes that pass every filter, in one page: a lab has 51 at most. */
export function describeInstanceInformation(
  service: Service,
  body: unknown,
): { readonly InstanceInformationList: readonly object[] } {
  const { Filters } = parseInput(describeSchema, body);
  const found = service.hosts.filter((host) => Filters.every(({ Key, Values }) => Values.includes(valueOf(host, Key))));
  return {
    InstanceInformationList: found.map((host) => ({
      InstanceId: host.instanceId,
      PingStatus: valueOf(host, 'PingStatus'),
      LastPingDateTime: seconds(service.clock.now()),
      AgentVersion: agentVersion,
      PlatformType: 'Linux',
      PlatformName: host.platform.name,
      PlatformVersion: host.platform.version,
      ComputerName: host.name,
    })),
  };
}

function valueOf(host: SsmHost, key: string): string {
  if (key === 'PingStatus') return host.isOnline() ? 'Online' : 'ConnectionLost';
  if (key.startsWith('tag:')) return host.tags[key.slice('tag:'.length)] ?? '';
  throw new ServiceError('InvalidFilterKey', `The filter ${key} is not supported.`);
}
