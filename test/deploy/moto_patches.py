"""What moto 5.2.5 lacks to deploy and delete the lab's stack. Each patch is named after what it makes true.

They make CloudFormation create and delete what the template says, and let the SDK see it. Nothing here runs anything on a host:
a command that is sent goes nowhere, as in moto itself.
"""

import copy
import json
from typing import Any

from moto.cloudformation.models import CloudFormationBackend
from moto.core.common_models import CloudFormationModel
from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.responses import EC2Response
from moto.ec2.utils import generic_filter
from moto.s3.models import FakeBucket, s3_backends
from moto.scheduler.models import scheduler_backends
from moto.ssm.models import Document
from moto.ssm.responses import SimpleSystemManagerResponse


def apply() -> None:
    """Applies every patch. The resource types that moto lacks are the classes at the end: it knows them once they are defined."""
    updates_keep_parameters_that_have_a_default()
    instances_have_their_security_groups_and_placement_group()
    network_interfaces_have_their_addresses_groups_and_tags()
    interfaces_route_tables_and_gateways_go_with_their_stack()
    documents_given_as_an_object_are_json()
    placement_groups_can_be_described()
    tags_go_with_their_resources()
    bucket_policies_deny_nothing_by_a_condition()
    running_instances_are_managed_by_ssm()
    no_automation_runs()


def replace_creation(resource: Any, create: Any) -> None:
    """`create(original, name, template, account, region)` makes a resource of that type from now on."""
    original = resource.create_from_cloudformation_json

    def replacement(cls: Any, name: str, template: Any, account: str, region: str, **kwargs: Any) -> Any:
        return create(lambda: original(name, template, account, region, **kwargs), template["Properties"], account, region)

    resource.create_from_cloudformation_json = classmethod(replacement)


def tags_of(properties: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def updates_keep_parameters_that_have_a_default() -> None:
    """A parameter that was left to its default when the stack was made has no previous value, and the update fails."""
    original = CloudFormationBackend._resolve_update_parameters

    def resolve(self: Any, instance: Any, incoming_params: Any) -> Any:
        known = [p for p in incoming_params if not p.get("UsePreviousValue") or p["ParameterKey"] in instance.parameters]
        return original(self, instance, known)

    CloudFormationBackend._resolve_update_parameters = resolve  # type: ignore[method-assign]


def instances_have_their_security_groups_and_placement_group() -> None:
    """Of an instance's properties, SecurityGroupIds, PlacementGroupName and what follows are not looked at."""

    def create(original: Any, properties: Any, account: str, region: str) -> Any:
        instance = original()
        backend = ec2_backends[account][region]
        groups = [backend.get_security_group_from_id(group) for group in properties.get("SecurityGroupIds", [])]
        instance.security_groups = groups or instance.security_groups
        instance.placement.group_name = properties.get("PlacementGroupName", "")
        instance.instance_initiated_shutdown_behavior = properties.get("InstanceInitiatedShutdownBehavior", "stop")
        instance.metadata_options.http_tokens = properties.get("MetadataOptions", {}).get("HttpTokens", "optional")
        for interface in instance.nics.values():
            interface._group_set = groups or interface._group_set
            interface.delete_on_termination = True
        return instance

    replace_creation(Instance, create)


def network_interfaces_have_their_addresses_groups_and_tags() -> None:
    """Of an interface's properties, GroupSet, PrivateIpAddresses and Tags are not looked at."""

    def create(_original: Any, properties: Any, account: str, region: str) -> Any:
        backend = ec2_backends[account][region]
        return backend.create_network_interface(
            backend.get_subnet(properties["SubnetId"]),
            properties.get("PrivateIpAddress"),
            properties.get("PrivateIpAddresses"),
            group_ids=properties.get("GroupSet"),
            description=properties.get("Description"),
            tags=tags_of(properties),
        )

    replace_creation(NetworkInterface, create)
    # It takes the groups of the instance for those of all its interfaces.
    NetworkInterface.group_set = property(lambda self: self._group_set)  # type: ignore[method-assign,assignment]


def interfaces_route_tables_and_gateways_go_with_their_stack() -> None:
    """None of them can be deleted by CloudFormation, so the VPC cannot either."""

    def delete_interface(cls: Any, name: str, template: Any, account: str, region: str) -> None:
        # The end of its instance may have taken it along.
        interface = ec2_backends[account][region].enis.pop(name, None)
        if interface is not None and interface.instance is not None:
            interface.instance.detach_eni(interface)

    def delete_route_table(cls: Any, name: str, template: Any, account: str, region: str) -> None:
        ec2_backends[account][region].delete_route_table(name)

    def delete_gateway(cls: Any, name: str, template: Any, account: str, region: str) -> None:
        # Nor can its attachment to the VPC.
        del ec2_backends[account][region].internet_gateways[name]

    NetworkInterface.delete_from_cloudformation_json = classmethod(delete_interface)  # type: ignore[method-assign]
    RouteTable.delete_from_cloudformation_json = classmethod(delete_route_table)  # type: ignore[method-assign]
    InternetGateway.delete_from_cloudformation_json = classmethod(delete_gateway)  # type: ignore[method-assign]


def documents_given_as_an_object_are_json() -> None:
    """A document's content that is an object in the template comes back as the text of a Python dict."""

    original = Document.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(kwargs.get("content"), dict):
            kwargs["content"] = json.dumps(kwargs["content"])
        original(self, *args, **kwargs)

    Document.__init__ = init  # type: ignore[method-assign]


def placement_groups_can_be_described() -> None:
    """EC2's DescribePlacementGroups answers 500."""

    def describe_placement_groups(self: Any) -> ActionResult:
        groups = PlacementGroup.by_name.get((self.current_account, self.region), {}).values()
        found = generic_filter(self._filters_from_querystring(), list(groups))
        return ActionResult({"PlacementGroups": found})

    EC2Response.describe_placement_groups = describe_placement_groups  # type: ignore[attr-defined]


def tags_go_with_their_resources() -> None:
    """DescribeTags lists the tags of what was deleted for good."""
    original = EC2Backend.describe_tags

    def describe_tags(self: Any, filters: Any = None) -> Any:
        ids = {resource.arn.split("/")[-1] for resource in self.iter_tagged_resources()}
        return [tag for tag in original(self, filters) if tag["resource_id"] in ids]

    EC2Backend.describe_tags = describe_tags  # type: ignore[method-assign]


def bucket_policies_deny_nothing_by_a_condition() -> None:
    """Conditions are not looked at, so that "deny without TLS" denies everything."""
    original = FakeBucket.get_permission

    def get_permission(self: Any, action: str, resource: str) -> Any:
        bucket = copy.copy(self)
        if self.policy is not None:
            policy = json.loads(self.policy)
            policy["Statement"] = [statement for statement in policy["Statement"] if "Condition" not in statement]
            bucket.policy = json.dumps(policy).encode() if policy["Statement"] else None
        return original(bucket, action, resource)

    FakeBucket.get_permission = get_permission  # type: ignore[method-assign]


def no_automation_runs() -> None:
    """SSM's DescribeAutomationExecutions answers 500; none can be started here."""

    def describe_automation_executions(self: Any) -> str:
        return json.dumps({"AutomationExecutionMetadataList": []})

    SimpleSystemManagerResponse.describe_automation_executions = describe_automation_executions  # type: ignore[attr-defined]


def running_instances_are_managed_by_ssm() -> None:
    """SSM's DescribeInstanceInformation answers 500. Automations stay unknown: there is nothing that could run them."""

    def describe_instance_information(self: Any) -> str:
        instances = ec2_backends[self.current_account][self.region].all_running_instances()
        # Filters are left out: the account holds nothing but the lab.
        online = [{"InstanceId": i.id, "PingStatus": "Online", "AgentVersion": "3.3.5226.0"} for i in instances]
        return json.dumps({"InstanceInformationList": online})

    SimpleSystemManagerResponse.describe_instance_information = describe_instance_information  # type: ignore[attr-defined]


# Resource types that CloudFormation does not know. It finds direct subclasses of CloudFormationModel only, and wants their module to
# name a service.


class PlacementGroup(TaggedEC2Resource, CloudFormationModel):
    __module__ = "moto.ec2"

    by_name: dict[tuple[str, str], dict[str, "PlacementGroup"]] = {}

    def __init__(self, backend: Any, name: str, strategy: str) -> None:
        self.ec2_backend = backend
        self.id = self.group_name = self.physical_resource_id = name
        self.strategy = strategy
        self.state = "available"

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::EC2::PlacementGroup"

    @classmethod
    def create_from_cloudformation_json(cls, name: str, template: Any, account: str, region: str, **kwargs: Any) -> Any:
        group = cls(ec2_backends[account][region], name, template["Properties"]["Strategy"])
        group.add_tags(tags_of(template["Properties"]))
        cls.by_name.setdefault((account, region), {})[name] = group
        return group

    def delete(self, account: str, region: str) -> None:
        del self.by_name[(account, region)][self.group_name]


class NetworkInterfaceAttachment(CloudFormationModel):
    __module__ = "moto.ec2"

    def __init__(self, attachment_id: str) -> None:
        self.physical_resource_id = attachment_id

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::EC2::NetworkInterfaceAttachment"

    @classmethod
    def create_from_cloudformation_json(cls, name: str, template: Any, account: str, region: str, **kwargs: Any) -> Any:
        properties = template["Properties"]
        backend = ec2_backends[account][region]
        interface = backend.get_network_interface(properties["NetworkInterfaceId"])
        backend.attach_network_interface(interface.id, properties["InstanceId"], properties["DeviceIndex"])
        interface.delete_on_termination = properties.get("DeleteOnTermination", True)
        return cls(interface.attachment_id)

    def delete(self, account: str, region: str) -> None:
        backend = ec2_backends[account][region]
        # The end of its instance may have taken interface and attachment along.
        if any(interface.attachment_id == self.physical_resource_id for interface in backend.enis.values()):
            backend.detach_network_interface(self.physical_resource_id)


class BucketPolicy(CloudFormationModel):
    __module__ = "moto.s3"

    def __init__(self, bucket: str) -> None:
        self.physical_resource_id = bucket

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::S3::BucketPolicy"

    @classmethod
    def create_from_cloudformation_json(cls, name: str, template: Any, account: str, region: str, **kwargs: Any) -> Any:
        properties = template["Properties"]
        policy = json.dumps(properties["PolicyDocument"]).encode()
        s3_backends[account]["aws"].put_bucket_policy(properties["Bucket"], policy)
        return cls(properties["Bucket"])

    def delete(self, account: str, region: str) -> None:
        # The end of its bucket may have taken it along.
        bucket = s3_backends[account]["aws"].buckets.get(self.physical_resource_id)
        if bucket is not None:
            bucket.policy = None


class Schedule(CloudFormationModel):
    __module__ = "moto.scheduler"

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Scheduler::Schedule"

    @classmethod
    def create_from_cloudformation_json(cls, name: str, template: Any, account: str, region: str, **kwargs: Any) -> Any:
        properties = template["Properties"]
        scheduler_backends[account][region].create_schedule(
            description=properties.get("Description"),
            start_date=None,
            end_date=None,
            flexible_time_window=properties["FlexibleTimeWindow"],
            group_name=None,
            kms_key_arn=None,
            name=name,
            schedule_expression=properties["ScheduleExpression"],
            schedule_expression_timezone="UTC",
            state="ENABLED",
            target=properties["Target"],
            action_after_completion=None,
        )
        return cls(name)

    def delete(self, account: str, region: str) -> None:
        scheduler_backends[account][region].delete_schedule(None, self.physical_resource_id)
