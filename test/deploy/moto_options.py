"""What moto 5.2.5 lacks beside moto_patches: launch templates of hosts, and what a lab file adds to the stack."""

from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.instances import Instance
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ssm.models import ssm_backends
from moto_patches import replace_creation
from moto_resources import tags_of


def apply() -> None:
    """Applies every patch."""
    instances_take_the_image_of_their_launch_template()
    gateways_addresses_and_endpoints_have_tags_and_go_with_their_stack()


def instances_take_the_image_of_their_launch_template() -> None:
    """A launch template's image, and a parameter in its place, are not looked at, and an instance without an image fails."""

    def create(original: Any, properties: Any, account: str, region: str) -> Any:
        template = ec2_backends[account][region].get_launch_template(properties["LaunchTemplate"]["LaunchTemplateId"])
        image = template.get_version(properties["LaunchTemplate"]["Version"]).data["ImageId"]
        if image.startswith("resolve:ssm:"):
            image = ssm_backends[account][region].get_parameter(image.removeprefix("resolve:ssm:")).value
        properties["ImageId"] = image
        return original()

    replace_creation(Instance, create)


def gateways_addresses_and_endpoints_have_tags_and_go_with_their_stack() -> None:
    """They lose their tags, and none of them can be deleted by CloudFormation."""

    def create(original: Any, properties: Any, account: str, region: str) -> Any:
        resource = original()
        resource.add_tags(tags_of(properties))
        return resource

    for resource in (NatGateway, ElasticAddress, VPCEndPoint):
        replace_creation(resource, create)

    def delete_gateway(self: Any, account: str, region: str) -> None:
        # EC2 shows a deleted one for an hour.
        ec2_backends[account][region].nat_gateways.pop(self.id)
        ec2_backends[account][region].enis.pop(self._eni.id)

    def release_address(self: Any, account: str, region: str) -> None:
        ec2_backends[account][region].release_address(allocation_id=self.allocation_id)

    def delete_endpoint(self: Any, account: str, region: str) -> None:
        ec2_backends[account][region].vpc_end_points.pop(self.id)
        for interface in self.network_interface_ids or []:
            ec2_backends[account][region].enis.pop(interface)

    NatGateway.delete = delete_gateway  # type: ignore[attr-defined]
    ElasticAddress.delete = release_address  # type: ignore[attr-defined]
    VPCEndPoint.delete = delete_endpoint  # type: ignore[attr-defined]
