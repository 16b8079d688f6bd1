/** Lab files that between them use every branch of the stack, by name. */
export const labs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  article: {},
  modern: { preset: 'modern' },
  'modern-graviton': { preset: 'modern-graviton' },
  'spot hosts in a given zone': {
    preset: 'modern',
    load: { hosts: 3, secondaryAddresses: 29 },
    hosts: { purchase: 'spot' },
    network: { availabilityZone: 'us-east-1b', clusterPlacement: false },
  },
  'an existing VPC': {
    network: {
      availabilityZone: 'us-east-1a',
      existing: { vpcId: 'vpc-0123456789abcdef0', managementSubnetId: 'subnet-0123456789abcdef0' },
    },
  },
  'a NAT gateway': { network: { egress: 'nat' } },
  'endpoints in a VPC of its own': { network: { egress: 'endpoints' }, hosts: { image: 'ami-0123456789abcdef0' } },
  'endpoints in an existing VPC': {
    network: {
      egress: 'endpoints',
      availabilityZone: 'us-east-1a',
      existing: {
        vpcId: 'vpc-0123456789abcdef0',
        managementSubnetId: 'subnet-0123456789abcdef0',
        routeTableId: 'rtb-0123456789abcdef0',
      },
    },
    hosts: { image: 'ami-0123456789abcdef0' },
  },
  'a schedule, notices by e-mail, a budget and results that stay': {
    results: { keep: true },
    schedule: { expression: 'cron(0 3 ? * SUN *)', timezone: 'Europe/Berlin', server: 'go', workload: 'quick' },
    notify: 'someone@example.org',
    budget: { monthlyUsd: 50 },
  },
  'notices to a topic': {
    notify: 'arn:aws:sns:us-east-1:123456789012:lab',
    budget: { monthlyUsd: 50 },
  },
};
