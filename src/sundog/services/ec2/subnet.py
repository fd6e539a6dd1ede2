"""Subnets."""

from __future__ import annotations

from sundog.core import AwsError, Tx
from sundog.services.ec2.cidr import Range, range_text
from sundog.services.ec2.private_address import FIRST, capacity
from sundog.services.ec2.state.network import NetworkAcl, NetworkAclAssociation, Subnet, Vpc
from sundog.services.ec2.zone import zone_ids, zone_named


def make_subnet(tx: Tx, vpc: Vpc, block: Range | None, zone: str, default: bool = False, tags: object = None) -> Subnet:
    """Add a subnet, guarded by the VPC's default ACL."""
    subnet_id = tx.new_id("subnet")
    subnet = tx.add(
        Subnet(
            subnet_id=subnet_id,
            subnet_arn=tx.arn(f"subnet/{subnet_id}"),
            vpc_id=vpc.vpc_id,
            owner_id=tx.account,
            cidr_block=range_text(block) if block else None,
            availability_zone=zone,
            availability_zone_id=zone_ids(tx.region).get(zone),
            available_ip_address_count=capacity(block) if block else 0,
            next_address=block[0] + FIRST if block else 0,
            default_for_az=default,
            map_public_ip_on_launch=default,
        ),
        tags=tags,
    )
    acl = tx.select(NetworkAcl, vpc_id=vpc.vpc_id, is_default=True).first()
    if acl is not None:
        tx.add(
            NetworkAclAssociation(
                network_acl_association_id=tx.new_id("aclassoc"), network_acl_id=acl.network_acl_id, subnet_id=subnet_id
            )
        )
    return subnet


def default_subnet(tx: Tx, zone: str | None = None) -> Subnet:
    """The default VPC's default subnet in a zone (by name or id), or in the first zone that has one."""
    vpc = tx.select(Vpc, is_default=True).first()
    if zone is not None:
        name = zone_named(tx.region, zone)
        if name is None:
            raise AwsError("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
        zone = name
    if vpc is None:
        raise AwsError("VPCIdNotSpecified", "No default VPC for this user")
    found = tx.select(Subnet, vpc_id=vpc.vpc_id).where(
        lambda subnet: subnet.default_for_az and (zone is None or subnet.availability_zone == zone)
    )
    subnet = min(found, key=lambda subnet: subnet.availability_zone, default=None)
    if subnet is not None:
        return subnet
    if zone is not None:
        raise AwsError("InvalidInput", f"No default subnet for availability zone: '{zone}'.")
    raise AwsError("MissingInput", f"No subnets found for the default VPC '{vpc.vpc_id}'. Please specify a subnet.")
