/** Types of the article's resources that CloudFormation gives no tags of `Tags`, or that go with something that has them; sorted. */
export const untaggedTypes: readonly string[] = [
  'AWS::CloudFormation::WaitCondition',
  'AWS::CloudFormation::WaitConditionHandle',
  // Tagged by its TagSpecifications.
  'AWS::EC2::LaunchTemplate',
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

/** The same of what a lab file adds. */
export const untaggedOptionTypes: readonly string[] = [
  'AWS::Budgets::Budget',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::SNS::Subscription',
  'AWS::SNS::TopicPolicy',
];
