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
};
