"""Resource types that CloudFormation in moto 5.2.5 does not know. It knows these once they are defined."""

import json
from collections.abc import Callable
from typing import Any

from moto.budgets.models import budgets_backends
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.ec2.models.core import TaggedEC2Resource
from moto.s3.models import s3_backends
from moto.scheduler.models import scheduler_backends
from moto.sns.models import sns_backends


def tags_of(properties: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def placement_groups(account: str, region: str) -> dict[str, TaggedEC2Resource]:
    """The placement groups of an account in a region, by name."""
    backend = ec2_backends[account][region]
    if not hasattr(backend, "c1m_placement_groups"):
        backend.c1m_placement_groups = {}
    return backend.c1m_placement_groups


def resource_type(
    name: str,
    create: Callable[[Any, str, str, str], str],
    delete: Callable[[str, str, str], None],
    name_property: str = "",
) -> None:
    """Makes a type: `create(properties, account, region, name)` gives its physical ID, which `delete(id, account, region)` gets."""

    def of_properties(cls: Any, name: str, template: Any, account: str, region: str, **kwargs: Any) -> Any:
        resource = cls()
        resource.physical_resource_id = create(template["Properties"], account, region, name)
        return resource

    members = {
        # Moto wants the module to name a service.
        "__module__": f"moto.{name.split('::')[1].lower()}",
        "cloudformation_name_type": staticmethod(lambda: name_property),
        "cloudformation_type": staticmethod(lambda: name),
        "create_from_cloudformation_json": classmethod(of_properties),
        "delete": lambda self, account, region: delete(self.physical_resource_id, account, region),
    }
    # It finds direct subclasses only, while they are referred to.
    known.append(type(name.split("::")[2], (CloudFormationModel,), members))


known: list[type] = []


class PlacementGroup(TaggedEC2Resource):
    __module__ = "moto.ec2"

    def __init__(self, backend: Any, name: str, strategy: str) -> None:
        self.ec2_backend = backend
        self.id = self.group_name = name
        self.strategy = strategy
        self.state = "available"


def create_placement_group(properties: Any, account: str, region: str, name: str) -> str:
    group = PlacementGroup(ec2_backends[account][region], name, properties["Strategy"])
    group.add_tags(tags_of(properties))
    placement_groups(account, region)[name] = group
    return name


def delete_placement_group(name: str, account: str, region: str) -> None:
    del placement_groups(account, region)[name]


def attach_network_interface(properties: Any, account: str, region: str, name: str) -> str:
    backend = ec2_backends[account][region]
    interface = backend.get_network_interface(properties["NetworkInterfaceId"])
    backend.attach_network_interface(interface.id, properties["InstanceId"], properties["DeviceIndex"])
    interface.delete_on_termination = properties.get("DeleteOnTermination", True)
    return interface.attachment_id


def detach_network_interface(attachment_id: str, account: str, region: str) -> None:
    backend = ec2_backends[account][region]
    # The end of its instance may have taken interface and attachment along.
    if any(interface.attachment_id == attachment_id for interface in backend.enis.values()):
        backend.detach_network_interface(attachment_id)


def put_bucket_policy(properties: Any, account: str, region: str, name: str) -> str:
    policy = json.dumps(properties["PolicyDocument"]).encode()
    s3_backends[account]["aws"].put_bucket_policy(properties["Bucket"], policy)
    return properties["Bucket"]


def delete_bucket_policy(name: str, account: str, region: str) -> None:
    # The end of its bucket may have taken it along.
    bucket = s3_backends[account]["aws"].buckets.get(name)
    if bucket is not None:
        bucket.policy = None


def create_schedule(properties: Any, account: str, region: str, name: str) -> str:
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
    return name


def delete_schedule(name: str, account: str, region: str) -> None:
    scheduler_backends[account][region].delete_schedule(None, name)


def subscribe(properties: Any, account: str, region: str, name: str) -> str:
    backend = sns_backends[account][region]
    return backend.subscribe(properties["TopicArn"], properties["Endpoint"], properties["Protocol"]).arn


def unsubscribe(arn: str, account: str, region: str) -> None:
    sns_backends[account][region].unsubscribe(arn)


def create_budget(properties: Any, account: str, region: str, name: str) -> str:
    budget = {**properties["Budget"], "BudgetName": name}
    notifications = properties.get("NotificationsWithSubscribers", [])
    budgets_backends[account]["aws"].create_budget(account, budget, notifications)
    return name


def delete_budget(name: str, account: str, region: str) -> None:
    budgets_backends[account]["aws"].delete_budget(account, name)


resource_type("AWS::EC2::PlacementGroup", create_placement_group, delete_placement_group)
resource_type("AWS::EC2::NetworkInterfaceAttachment", attach_network_interface, detach_network_interface)
resource_type("AWS::S3::BucketPolicy", put_bucket_policy, delete_bucket_policy)
resource_type("AWS::Scheduler::Schedule", create_schedule, delete_schedule, name_property="Name")
resource_type("AWS::SNS::Subscription", subscribe, unsubscribe)
# The topic takes its policy along.
resource_type("AWS::SNS::TopicPolicy", lambda _properties, _account, _region, name: name, lambda *_: None)
resource_type("AWS::Budgets::Budget", create_budget, delete_budget)
