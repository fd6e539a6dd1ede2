"""Ways out of a VPC other than an internet gateway."""

from __future__ import annotations

import datetime

import msgspec

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names
from sundog.services.ec2.state.network import GatewayAttachment


class PeeringStatus(msgspec.Struct, frozen=True):
    """How far two VPCs are on their way to each other."""

    code: str
    message: str


class PeeringOptions(msgspec.Struct, frozen=True):
    """What one side lets pass beyond packets."""

    allow_dns_resolution_from_remote_vpc: bool = False
    allow_egress_from_local_classic_link_to_remote_vpc: bool = False
    allow_egress_from_local_vpc_to_remote_classic_link: bool = False


class PeeringBlock(msgspec.Struct, frozen=True):
    """A range of one side."""

    cidr_block: str


class PeeringBlock6(msgspec.Struct, frozen=True):
    """An IPv6 range of one side."""

    ipv6_cidr_block: str


class PeeringSide(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two VPCs. Its ranges are not told before both agree."""

    vpc_id: str
    owner_id: str
    region: str
    cidr_block: str | None = None
    cidr_block_set: tuple[PeeringBlock, ...] | None = None
    ipv6_cidr_block_set: tuple[PeeringBlock6, ...] | None = None
    peering_options: PeeringOptions | None = None


@record(
    missing=("InvalidVpcPeeringConnectionID.NotFound", "The vpcPeeringConnection ID '{}' does not exist"),
    tagged_as="vpc-peering-connection",
    order="added",
    filters=parse_names(
        (
            "accepter-vpc-info.cidr-block=accepter_vpc_info.cidr_block",
            "accepter-vpc-info.owner-id=accepter_vpc_info.owner_id",
            "accepter-vpc-info.vpc-id=accepter_vpc_info.vpc_id",
            "expiration-time",
            "requester-vpc-info.cidr-block=requester_vpc_info.cidr_block",
            "requester-vpc-info.owner-id=requester_vpc_info.owner_id",
            "requester-vpc-info.vpc-id=requester_vpc_info.vpc_id",
            "status-code=status.code",
            "status-message=status.message",
            "vpc-peering-connection-id",
        )
    ),
)
class VpcPeeringConnection(Record):
    """Two VPCs joined. Each side's account and region has a row of its own, with its own tags."""

    vpc_peering_connection_id: Key[str]
    requester_vpc_info: PeeringSide
    accepter_vpc_info: PeeringSide
    status: PeeringStatus
    expiration_time: datetime.datetime | None = None
    vpc_ids: Index[tuple[str, ...]] = ()
    """The VPCs of this row's account and region."""
    tags: Tags = NO_TAGS


class NatAddress(msgspec.Struct, frozen=True, kw_only=True):
    """One address behind which a NAT gateway hides others."""

    network_interface_id: str | None = None
    private_ip: str | None = None
    allocation_id: str | None = None
    public_ip: str | None = None
    association_id: str | None = None
    is_primary: bool | None = True
    status: str = "succeeded"
    availability_zone: str | None = None
    availability_zone_id: str | None = None


@record(
    missing=("NatGatewayNotFound", "The Nat Gateway {} does not exist"),
    tagged_as="natgateway",
    order="added",
    filters=parse_names(("nat-gateway-id", "state", "subnet-id", "vpc-id", "connectivity-type", "availability-mode")),
)
class NatGateway(Record):
    """Hides addresses behind others: public ones, or (private) of its own subnet."""

    nat_gateway_id: Key[str]
    vpc_id: Index[str]
    subnet_id: Index[str | None] = None
    state: str = "pending"
    create_time: datetime.datetime
    delete_time: datetime.datetime | None = None
    connectivity_type: str = "public"
    availability_mode: str = "zonal"
    auto_scaling_ips: str | None = None
    auto_provision_zones: str | None = None
    route_table_id: str | None = None
    nat_gateway_addresses: tuple[NatAddress, ...] = ()
    failure_code: str | None = None
    failure_message: str | None = None
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidGatewayID.NotFound", "The eigw ID '{}' does not exist"),
    tagged_as="egress-only-internet-gateway",
    order="added",
    filters=parse_names(
        ("egress-only-internet-gateway-id", "attachment.state=attachments.state", "attachment.vpc-id=vpc_id")
    ),
)
class EgressOnlyInternetGateway(Record):
    """A VPC's way to the IPv6 internet by which nothing comes in."""

    egress_only_internet_gateway_id: Key[str]
    vpc_id: Index[str]
    attachments: tuple[GatewayAttachment, ...]
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidCarrierGatewayID.NotFound", "The carrier gateway ID '{}' does not exist"),
    tagged_as="carrier-gateway",
    order="added",
    filters=parse_names(("carrier-gateway-id", "state", "owner-id", "vpc-id")),
)
class CarrierGateway(Record):
    """A VPC's way into a carrier's network, from Wavelength Zones."""

    carrier_gateway_id: Key[str]
    vpc_id: Index[str]
    owner_id: str
    state: str = "pending"
    tags: Tags = NO_TAGS
