"""Subnets."""

from __future__ import annotations

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.cidr import Range, checked_range, contains, known_range, overlap, range_text
from sundog.services.ec2.dependency import any_of, in_use
from sundog.services.ec2.limits import SUBNETS_PER_VPC
from sundog.services.ec2.private_address import FIRST, capacity
from sundog.services.ec2.state.network import (
    NetworkAcl,
    NetworkAclAssociation,
    RouteTableAssociation,
    Subnet,
    SubnetCidrReservation,
    Vpc,
)
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
            availability_zone_id=zone_ids(tx).get(zone),
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
        name = zone_named(tx, zone)
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


@op
def create_subnet(tx: Tx, req: api.CreateSubnetRequest) -> api.CreateSubnetResult:
    """Make a subnet in a VPC's range, in the zone named or in the region's first."""
    from sundog.services.ec2.subnet_cidr_block import add_ipv6

    vpc = tx.get(Vpc, req.vpc_id)
    zone = _zone(tx, req.availability_zone, req.availability_zone_id)
    block = None
    if req.cidr_block is not None:
        block = _block(tx, vpc, req.cidr_block)
    elif not req.ipv6_native:
        raise AwsError("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
    elif req.ipv6_cidr_block is None:
        raise AwsError("MissingParameter", "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.")
    if tx.select(Subnet, vpc_id=vpc.vpc_id).count() >= SUBNETS_PER_VPC:
        raise AwsError("SubnetLimitExceeded", "The maximum number of subnets has been reached.")
    subnet = make_subnet(tx, vpc, block, zone, tags=req.tag_specifications)
    if req.outpost_arn or req.ipv6_native:
        native = bool(req.ipv6_native)
        subnet = tx.update(
            subnet, outpost_arn=req.outpost_arn, ipv6_native=native, assign_ipv6_address_on_creation=native
        )
    if req.ipv6_cidr_block is not None:
        subnet = add_ipv6(tx, subnet, req.ipv6_cidr_block)
    return api.CreateSubnetResult(subnet=subnet)


def _zone(tx: Tx, name: str | None, zone_id: str | None) -> str:
    known = zone_ids(tx)
    wanted = name or zone_id
    if wanted is None:
        return next(iter(known))
    found = wanted if name and name in known else zone_named(tx, wanted) if not name else None
    if found is None:
        parameter = "availabilityZone" if name else "availabilityZoneId"
        places = ", ".join(known if name else known.values())
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({wanted}) for parameter {parameter} is invalid. Subnets can currently only be created in the "
            f"following availability zones: {places}.",
        )
    return found


def _block(tx: Tx, vpc: Vpc, text: str) -> Range:
    block = checked_range(text)
    homes = [known_range(item.cidr_block) for item in vpc.cidr_block_association_set]
    if not 16 <= block[1] <= 28 or not any(contains(home, block) for home in homes):
        raise AwsError("InvalidSubnet.Range", f"The CIDR '{range_text(block)}' is invalid.")
    for other in tx.select(Subnet, vpc_id=vpc.vpc_id):
        if other.cidr_block and overlap(known_range(other.cidr_block), block):
            raise AwsError("InvalidSubnet.Conflict", f"The CIDR '{range_text(block)}' conflicts with another subnet")
    return block


@op
def create_default_subnet(tx: Tx, req: api.CreateDefaultSubnetRequest) -> api.CreateDefaultSubnetResult:
    """Make a zone's default subnet again after it was deleted: the first free /20 of the default VPC."""
    if not req.availability_zone and not req.availability_zone_id:
        raise AwsError("MissingParameter", "The request must contain the parameter availabilityZone")
    zone = _zone(tx, req.availability_zone, req.availability_zone_id)
    vpc = tx.select(Vpc, is_default=True).first()
    if vpc is None:
        raise AwsError("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.")
    present = list(tx.select(Subnet, vpc_id=vpc.vpc_id))
    for subnet in present:
        if subnet.default_for_az and subnet.availability_zone == zone:
            raise AwsError(
                "DefaultSubnetAlreadyExistsInAvailabilityZone",
                f"'{subnet.subnet_id}' is already the default subnet in {zone}.",
            )
    home = known_range(vpc.cidr_block)
    taken = [known_range(subnet.cidr_block) for subnet in present if subnet.cidr_block]
    free = ((home[0] + (place << 12), 20) for place in range(16))
    block = next((block for block in free if not any(overlap(block, other) for other in taken)), None)
    if block is None:
        raise AwsError("InsufficientCidrBlocks", "There is no free range of the default VPC for a default subnet.")
    return api.CreateDefaultSubnetResult(subnet=make_subnet(tx, vpc, block, zone, default=True))


@op
def describe_subnets(tx: Tx, req: api.DescribeSubnetsRequest) -> api.DescribeSubnetsResult:
    """List subnets."""
    return api.DescribeSubnetsResult(subnets=tx.search(Subnet, ids=req.subnet_ids, filters=req.filters))


@op
def delete_subnet(tx: Tx, req: api.DeleteSubnetRequest) -> None:
    """Delete a subnet that no interface is in."""
    subnet = tx.get(Subnet, req.subnet_id)
    gone = subnet.subnet_id
    if any_of(tx, ("NetworkInterface", "NatGateway"), "subnet_id", gone):
        raise in_use("subnet", gone)
    for kind in (RouteTableAssociation, NetworkAclAssociation, SubnetCidrReservation):
        for row in tx.select(kind, subnet_id=gone):
            tx.delete(row)
    tx.delete(subnet)


@op
def modify_subnet_attribute(tx: Tx, req: api.ModifySubnetAttributeRequest) -> None:
    """Change one of a subnet's properties."""
    subnet = tx.get(Subnet, req.subnet_id)
    changes: dict[str, object] = {
        name: value.value
        for name, value in (
            ("assign_ipv6_address_on_creation", req.assign_ipv6_address_on_creation),
            ("map_public_ip_on_launch", req.map_public_ip_on_launch),
            ("map_customer_owned_ip_on_launch", req.map_customer_owned_ip_on_launch),
            ("enable_dns64", req.enable_dns64),
        )
        if value is not None
    }
    options = _name_options(subnet, req)
    if options is not None:
        changes["private_dns_name_options_on_launch"] = options
    if req.enable_lni_at_device_index is not None:
        changes["enable_lni_at_device_index"] = req.enable_lni_at_device_index
    if req.disable_lni_at_device_index is not None and req.disable_lni_at_device_index.value:
        changes["enable_lni_at_device_index"] = None
    if len(changes) > 1:
        raise AwsError("InvalidParameterCombination", "Fields for multiple attribute types specified")
    if changes.get("assign_ipv6_address_on_creation") and not subnet.ipv6_cidr_block_association_set:
        raise AwsError(
            "InvalidParameterValue",
            "Invalid value 'true' for assignIpv6AddressOnCreation. The subnet does not have an IPv6 CIDR block.",
        )
    if req.customer_owned_ipv4_pool is not None:
        changes["customer_owned_ipv4_pool"] = req.customer_owned_ipv4_pool
    if not changes:
        raise AwsError("InvalidParameterCombination", "No attributes specified.")
    tx.update(subnet, **changes)


def _name_options(subnet: Subnet, req: api.ModifySubnetAttributeRequest) -> object:
    changes: dict[str, object] = {}
    if req.private_dns_hostname_type_on_launch is not None:
        changes["hostname_type"] = req.private_dns_hostname_type_on_launch
    if req.enable_resource_name_dns_a_record_on_launch is not None:
        changes["enable_resource_name_dns_a_record"] = req.enable_resource_name_dns_a_record_on_launch.value
    if req.enable_resource_name_dns_aaaa_record_on_launch is not None:
        changes["enable_resource_name_dns_aaaa_record"] = req.enable_resource_name_dns_aaaa_record_on_launch.value
    return replace(subnet.private_dns_name_options_on_launch, **changes) if changes else None
