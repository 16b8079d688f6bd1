"""What moto 5.2.5 lacks to deploy and delete the lab's stack. Each patch is named after what it makes true.

They make CloudFormation create and delete what the template says, and let the SDK see it. Nothing here runs anything on a host:
a command that is sent goes nowhere, as in moto itself.
"""

import copy
import json
from typing import Any

from moto.cloudformation.models import CloudFormationBackend
from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.responses import EC2Response
from moto.ec2.utils import generic_filter
from moto.s3.models import FakeBucket
from moto.ssm.models import Document
from moto.ssm.responses import SimpleSystemManagerResponse
from moto_resources import placement_groups, tags_of


def apply() -> None:
    """Applies every patch. The resource types that moto lacks are in moto_resources."""
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
        groups = placement_groups(self.current_account, self.region).values()
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
