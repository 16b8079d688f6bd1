import { ec2Xml, items, type Responder } from './fake-aws.ts';

/** The VPC, the subnet for management, and the route table of {@link existingVpc}. */
export const vpcId = 'vpc-0123456789abcdef0';
export const subnetId = 'subnet-0123456789abcdef0';
export const routeTableId = 'rtb-0123456789abcdef0';

/** An existing VPC as its owner made it. */
export interface There {
  readonly mapPublicIp?: boolean;
  /** Target of the default route, by the name of EC2's field; null: none. */
  readonly route?: Readonly<Record<string, string>> | null;
  readonly ownTable?: boolean;
  readonly endpoints?: readonly string[];
  readonly dns?: Readonly<Record<string, boolean>>;
  readonly nameServers?: string;
}

/** What EC2 answers about it. */
export function existingVpc(there: There): Readonly<Record<string, Responder>> {
  const { mapPublicIp = true, route = { gatewayId: 'igw-1' }, ownTable = true, endpoints = [], nameServers } = there;
  const dns = there.dns ?? { enableDnsSupport: true, enableDnsHostnames: true };
  const routes =
    route === null
      ? ''
      : `<item>${Object.entries({ destinationCidrBlock: '0.0.0.0/0', state: 'active', ...route })
          .map(([name, value]) => `<${name}>${value}</${name}>`)
          .join('')}</item>`;
  const association = ownTable ? `<subnetId>${subnetId}</subnetId>` : '<main>true</main>';
  return {
    'ec2:DescribeSubnets': () =>
      ec2Xml(
        'DescribeSubnets',
        items('subnetSet', [
          {
            subnetId,
            vpcId,
            availabilityZone: 'us-east-1a',
            cidrBlock: '10.42.0.0/20',
            mapPublicIpOnLaunch: String(mapPublicIp),
          },
        ]),
      ),
    'ec2:DescribeVpcs': () =>
      ec2Xml(
        'DescribeVpcs',
        items('vpcSet', [
          {
            vpcId,
            dhcpOptionsId: nameServers === undefined ? 'default' : 'dopt-1',
            cidrBlockAssociationSet:
              '<item><cidrBlock>10.42.0.0/16</cidrBlock><cidrBlockState><state>associated</state></cidrBlockState></item>',
          },
        ]),
      ),
    'ec2:DescribeRouteTables': () =>
      ec2Xml(
        'DescribeRouteTables',
        items('routeTableSet', [
          { routeTableId: 'rtb-other', associationSet: '<item><subnetId>subnet-other</subnetId></item>' },
          { routeTableId, routeSet: routes, associationSet: `<item>${association}</item>` },
        ]),
      ),
    'ec2:DescribeVpcEndpoints': () =>
      ec2Xml(
        'DescribeVpcEndpoints',
        items(
          'vpcEndpointSet',
          endpoints.map((service) => ({
            serviceName: `com.amazonaws.us-east-1.${service}`,
            state: 'available',
            vpcEndpointType: service === 's3' ? 'Gateway' : 'Interface',
            privateDnsEnabled: String(service !== 's3'),
            routeTableIdSet: service === 's3' ? `<item>${routeTableId}</item>` : '',
          })),
        ),
      ),
    'ec2:DescribeVpcAttribute': ({ Attribute: name }) =>
      ec2Xml('DescribeVpcAttribute', `<${String(name)}><value>${dns[String(name)]}</value></${String(name)}>`),
    'ec2:DescribeDhcpOptions': () =>
      ec2Xml(
        'DescribeDhcpOptions',
        `<dhcpOptionsSet><item><dhcpConfigurationSet><item><key>domain-name-servers</key><valueSet><item><value>${nameServers}</value></item></valueSet></item></dhcpConfigurationSet></item></dhcpOptionsSet>`,
      ),
  };
}
