/** Types of the stack's resources that CloudFormation gives no tags, or that go with something that has them; sorted. */
export const untaggedTypes: readonly string[] = [
  'AWS::CloudFormation::WaitCondition',
  'AWS::EC2::NetworkInterfaceAttachment',
  'AWS::EC2::Route',
  'AWS::EC2::SubnetRouteTableAssociation',
  'AWS::EC2::VPCGatewayAttachment',
  'AWS::IAM::InstanceProfile',
  'AWS::IAM::Policy',
  'AWS::S3::BucketPolicy',
  // The stack's own tags reach it; it costs nothing and is found by its name.
  'AWS::SSM::Parameter',
  'AWS::Scheduler::Schedule',
];
