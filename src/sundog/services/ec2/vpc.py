"""VPCs."""

from __future__ import annotations

import datetime

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.cidr import Range, checked_range, known_range, range_text
from sundog.services.ec2.dependency import any_of, in_use
from sundog.services.ec2.limits import VPCS
from sundog.services.ec2.state.network import (
    AclEntry,
    DhcpOptions,
    GatewayAttachment,
    InternetGateway,
    NetworkAcl,
    Route,
    RouteTable,
    RouteTableAssociation,
    Subnet,
    Vpc,
    VpcCidr,
)
from sundog.services.ec2.state.security_group import SecurityGroup
from sundog.services.ec2.zone import zone_ids

DEFAULT_CIDR = "172.31.0.0/16"
ANYWHERE = "0.0.0.0/0"
LAST_RULE = 32767
"""The number of the rule that denies what no other rule of an ACL allows."""
PENDING_FOR = datetime.timedelta(seconds=1)
_NEEDS_VPC = ("Subnet", "InternetGateway", "EgressOnlyInternetGateway", "CarrierGateway", "VpcEndpoint", "VpnGateway")
"""Records that keep a VPC from being deleted, apart from groups, ACLs and route tables that it wasn't made with."""


def default_entries() -> tuple[AclEntry, ...]:
    """What a VPC's own ACL begins with: everything may pass."""
    return tuple(
        AclEntry(rule_number=number, egress=egress, protocol="-1", rule_action=action, cidr_block=ANYWHERE)
        for egress in (True, False)
        for number, action in ((100, "allow"), (LAST_RULE, "deny"))
    )


def make_vpc(tx: Tx, block: Range, *, default: bool = False, tenancy: str = "default", tags: object = None) -> Vpc:
    """Add a VPC with its main route table, its ACL and its default security group."""
    from sundog.services.ec2.security_group import make_group

    cidr = range_text(block)
    options = tx.select(DhcpOptions).where(lambda row: row.initial).first()
    vpc = tx.add(
        Vpc(
            vpc_id=tx.new_id("vpc"),
            owner_id=tx.account,
            cidr_block=cidr,
            cidr_block_association_set=(VpcCidr(tx.new_id("vpc-cidr-assoc"), cidr),),
            dhcp_options_id=options.dhcp_options_id if options else "default",
            instance_tenancy=tenancy,
            is_default=default,
            enable_dns_hostnames=default,
        ),
        tags=tags,
    )
    table = tx.add(
        RouteTable(route_table_id=tx.new_id("rtb"), vpc_id=vpc.vpc_id, owner_id=tx.account, routes=local_routes(vpc))
    )
    tx.add(
        RouteTableAssociation(
            route_table_association_id=tx.new_id("rtbassoc"),
            route_table_id=table.route_table_id,
            vpc_id=vpc.vpc_id,
            main=True,
        )
    )
    tx.add(
        NetworkAcl(
            network_acl_id=tx.new_id("acl"),
            vpc_id=vpc.vpc_id,
            owner_id=tx.account,
            is_default=True,
            entries=default_entries(),
        )
    )
    make_group(tx, vpc.vpc_id, "default", "default VPC security group", default=True)
    return vpc


def local_routes(vpc: Vpc) -> tuple[Route, ...]:
    """The routes that every table of the VPC has."""
    return tuple(
        Route(destination_cidr_block=item.cidr_block, gateway_id="local", origin="CreateRouteTable")
        for item in vpc.cidr_block_association_set
    ) + tuple(
        Route(destination_ipv6_cidr_block=item.ipv6_cidr_block, gateway_id="local", origin="CreateRouteTable")
        for item in vpc.ipv6_cidr_block_association_set or ()
    )


def make_default_vpc(tx: Tx) -> Vpc:
    """Add the default VPC: a public subnet in each zone, and the way to the internet."""
    from sundog.services.ec2.subnet import make_subnet

    block = known_range(DEFAULT_CIDR)
    vpc = make_vpc(tx, block, default=True)
    for place, zone in enumerate(zone_ids(tx)):
        make_subnet(tx, vpc, (block[0] + (place << 12), 20), zone, default=True)
    gateway = tx.add(
        InternetGateway(
            internet_gateway_id=tx.new_id("igw"),
            owner_id=tx.account,
            attachments=(GatewayAttachment("available", vpc.vpc_id),),
            vpc_id=vpc.vpc_id,
        )
    )
    table = tx.select(RouteTable, vpc_id=vpc.vpc_id).first()
    assert table is not None
    out = Route(destination_cidr_block=ANYWHERE, gateway_id=gateway.internet_gateway_id, origin="CreateRoute")
    tx.update(table, routes=(*table.routes, out))
    return vpc


def default_vpc(tx: Tx) -> Vpc | None:
    """The account's default VPC in the region."""
    return tx.select(Vpc, is_default=True).first()


@op
def create_vpc(tx: Tx, req: api.CreateVpcRequest) -> api.CreateVpcResult:
    """Make a VPC, and with it what every VPC has."""
    from sundog.services.ec2.vpc_cidr_block import add_ipv6, size_checked

    if req.cidr_block is None:
        raise AwsError("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
    block = size_checked(checked_range(req.cidr_block))
    if req.instance_tenancy == "host":
        raise AwsError("InvalidParameterValue", "Value (host) for parameter instanceTenancy is invalid.")
    if tx.select(Vpc).count() >= VPCS:
        raise AwsError("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
    vpc = make_vpc(tx, block, tenancy=req.instance_tenancy or "default", tags=req.tag_specifications)
    if req.amazon_provided_ipv6_cidr_block or req.ipv6_cidr_block:
        vpc = add_ipv6(tx, vpc, req.ipv6_cidr_block, req.ipv6_pool, req.ipv6_cidr_block_network_border_group)
    return api.CreateVpcResult(vpc=_begun(tx, vpc))


def _begun(tx: Tx, vpc: Vpc) -> Vpc:
    """A new VPC as the operation that makes it shows it: on its way."""
    if tx.setting("delays"):
        tx.update(vpc, state="pending")
        tx.at(tx.now + PENDING_FOR, become_available, vpc.vpc_id)
    sixes = tuple(
        replace(item, ipv6_cidr_block_state=replace(item.ipv6_cidr_block_state, state="associating"))
        for item in vpc.ipv6_cidr_block_association_set or ()
    )
    return replace(vpc, state="pending", ipv6_cidr_block_association_set=sixes, block_public_access_states=None)


def become_available(tx: Tx, vpc_id: str) -> None:
    """What happens to a new VPC after a moment."""
    vpc = tx.find(Vpc, vpc_id)
    if vpc is not None:
        tx.update(vpc, state="available")


@op
def create_default_vpc(tx: Tx, req: api.CreateDefaultVpcRequest) -> api.CreateDefaultVpcResult:
    """Make the default VPC again after it was deleted."""
    if default_vpc(tx) is not None:
        raise AwsError("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.")
    return api.CreateDefaultVpcResult(vpc=_begun(tx, make_default_vpc(tx)))


@op
def describe_vpcs(tx: Tx, req: api.DescribeVpcsRequest) -> api.DescribeVpcsResult:
    """List VPCs."""
    return api.DescribeVpcsResult(vpcs=tx.search(Vpc, ids=req.vpc_ids, filters=req.filters))


@op
def delete_vpc(tx: Tx, req: api.DeleteVpcRequest) -> None:
    """Delete a VPC that nothing is left in but what it was made with."""
    vpc = tx.get(Vpc, req.vpc_id)
    gone = vpc.vpc_id
    if (
        any_of(tx, _NEEDS_VPC, "vpc_id", gone)
        or any_of(tx, ("VpcPeeringConnection",), "vpc_ids", gone)
        or tx.select(SecurityGroup, vpc_id=gone).where(lambda row: row.group_name != "default")
        or tx.select(NetworkAcl, vpc_id=gone, is_default=False)
        or tx.select(RouteTable, vpc_id=gone).count() > 1
    ):
        raise in_use("vpc", gone)
    from sundog.services.ec2.security_group import delete_group

    for group in tx.select(SecurityGroup, vpc_id=gone):
        delete_group(tx, group)
    for kind in (RouteTableAssociation, RouteTable, NetworkAcl):
        for row in tx.select(kind, vpc_id=gone):
            tx.delete(row)
    tx.delete(vpc)


@op
def describe_vpc_attribute(tx: Tx, req: api.DescribeVpcAttributeRequest) -> api.DescribeVpcAttributeResult:
    """Show one of the switches of a VPC."""
    vpc = tx.get(Vpc, req.vpc_id)
    fields = {
        "enableDnsSupport": "enable_dns_support",
        "enableDnsHostnames": "enable_dns_hostnames",
        "enableNetworkAddressUsageMetrics": "enable_network_address_usage_metrics",
    }
    field = fields.get(req.attribute)
    if field is None:
        raise AwsError("InvalidParameterValue", f"Value ({req.attribute}) for parameter attribute is invalid.")
    value = api.AttributeBooleanValue(value=getattr(vpc, field))
    return api.DescribeVpcAttributeResult(vpc_id=vpc.vpc_id, **{field: value})


@op
def modify_vpc_attribute(tx: Tx, req: api.ModifyVpcAttributeRequest) -> None:
    """Turn one of the switches of a VPC."""
    from sundog.services.ec2.network_interface import rename_in

    vpc = tx.get(Vpc, req.vpc_id)
    changes = {
        name: value.value
        for name, value in (
            ("enable_dns_support", req.enable_dns_support),
            ("enable_dns_hostnames", req.enable_dns_hostnames),
            ("enable_network_address_usage_metrics", req.enable_network_address_usage_metrics),
        )
        if value is not None
    }
    if len(changes) > 1:
        raise AwsError("InvalidParameterCombination", "Fields for multiple attribute types specified")
    if not changes:
        raise AwsError("InvalidParameterCombination", "No attributes specified.")
    if changes.get("enable_dns_hostnames") and not vpc.enable_dns_support:
        raise AwsError("InvalidParameterCombination", "DNS hostnames cannot be enabled while DNS support is disabled.")
    changed = tx.update(vpc, **changes)
    rename_in(tx, changed, [subnet.subnet_id for subnet in tx.select(Subnet, vpc_id=vpc.vpc_id)])


@op
def modify_vpc_tenancy(tx: Tx, req: api.ModifyVpcTenancyRequest) -> api.ModifyVpcTenancyResult:
    """Let instances of a VPC share hosts again."""
    tx.update(tx.get(Vpc, req.vpc_id), instance_tenancy=req.instance_tenancy)
    return api.ModifyVpcTenancyResult(return_value=True)
