"""VPCs."""

from __future__ import annotations

from sundog.core import Tx
from sundog.services.ec2.cidr import Range, known_range, range_text
from sundog.services.ec2.state.network import (
    AclEntry,
    DhcpOptions,
    GatewayAttachment,
    InternetGateway,
    NetworkAcl,
    Route,
    RouteTable,
    RouteTableAssociation,
    Vpc,
    VpcCidr,
)
from sundog.services.ec2.zone import zone_ids

DEFAULT_CIDR = "172.31.0.0/16"
ANYWHERE = "0.0.0.0/0"
LAST_RULE = 32767
"""The number of the rule that denies what no other rule of an ACL allows."""


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
        RouteTable(
            route_table_id=tx.new_id("rtb"),
            vpc_id=vpc.vpc_id,
            owner_id=tx.account,
            routes=(Route(destination_cidr_block=cidr, gateway_id="local", origin="CreateRouteTable"),),
        )
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


def make_default_vpc(tx: Tx) -> Vpc:
    """Add the default VPC: a public subnet in each zone, and the way to the internet."""
    from sundog.services.ec2.subnet import make_subnet

    block = known_range(DEFAULT_CIDR)
    vpc = make_vpc(tx, block, default=True)
    for place, zone in enumerate(zone_ids(tx.region)):
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
