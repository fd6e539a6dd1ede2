"""Network interfaces and their addresses."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names


class GroupIdentifier(msgspec.Struct, frozen=True):
    """A security group where only its id and name are shown."""

    group_id: str
    group_name: str


class PublicAssociation(msgspec.Struct, frozen=True, kw_only=True):
    """The public address that a private one has outside; Elastic IPs have an allocation."""

    public_ip: str
    ip_owner_id: str
    public_dns_name: str = ""
    allocation_id: str | None = None
    association_id: str | None = None


class PrivateIp(msgspec.Struct, frozen=True, kw_only=True):
    """One private IPv4 address of an interface."""

    private_ip_address: str
    primary: bool
    private_dns_name: str | None = None
    association: PublicAssociation | None = None


class Ipv6Address(msgspec.Struct, frozen=True):
    """One IPv6 address of an interface."""

    ipv6_address: str
    is_primary_ipv6: bool = False


class Ipv4Prefix(msgspec.Struct, frozen=True):
    """A block of addresses delegated to an interface."""

    ipv4_prefix: str


class Ipv6Prefix(msgspec.Struct, frozen=True):
    """A block of addresses delegated to an interface."""

    ipv6_prefix: str


class InterfaceAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """Where an interface is plugged in."""

    attachment_id: str
    instance_id: str | None
    instance_owner_id: str
    device_index: int
    network_card_index: int = 0
    status: str = "attached"
    attach_time: datetime.datetime | None = None
    delete_on_termination: bool = False


class Operator(msgspec.Struct, frozen=True):
    """Whether a service manages the resource."""

    managed: bool = False
    principal: str | None = None


UNMANAGED = Operator()


@record(
    missing=("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{}' does not exist"),
    tagged_as="network-interface",
    order="added",
    filters=parse_names(
        (
            "association.allocation-id=private_ip_addresses.association.allocation_id",
            "association.association-id=private_ip_addresses.association.association_id",
            "addresses.association.owner-id=private_ip_addresses.association.ip_owner_id",
            "addresses.association.public-ip=private_ip_addresses.association.public_ip",
            "addresses.primary=private_ip_addresses.primary",
            "addresses.private-ip-address=private_ip_addresses.private_ip_address",
            "association.ip-owner-id=private_ip_addresses.association.ip_owner_id",
            "association.public-dns-name=private_ip_addresses.association.public_dns_name",
            "association.public-ip=private_ip_addresses.association.public_ip",
            "attachment.attach-time=attachment.attach_time",
            "attachment.attachment-id=attachment.attachment_id",
            "attachment.delete-on-termination=attachment.delete_on_termination",
            "attachment.device-index=attachment.device_index",
            "attachment.instance-id=instance_id",
            "attachment.instance-owner-id=attachment.instance_owner_id",
            "attachment.status=attachment.status",
            "availability-zone",
            "availability-zone-id",
            "description",
            "group-id=group_ids",
            "group-name=groups.group_name",
            "interface-type",
            "ipv6-addresses.ipv6-address=ipv6_addresses.ipv6_address",
            "mac-address",
            "network-interface-id",
            "operator.managed=operator.managed",
            "operator.principal=operator.principal",
            "owner-id",
            "private-dns-name",
            "private-ip-address",
            "requester-id",
            "requester-managed",
            "source-dest-check",
            "status",
            "subnet-id",
            "vpc-id",
        )
    ),
)
class NetworkInterface(Record):
    """One network card. ``association`` and ``private_ip_address`` are those of the primary address.

    Launches make them by the thousand, so only what is asked for often is an index.
    """

    network_interface_id: Key[str]
    subnet_id: Index[str]
    vpc_id: str
    owner_id: str
    availability_zone: str
    availability_zone_id: str | None = None
    description: str = ""
    groups: tuple[GroupIdentifier, ...] = ()
    group_ids: Index[tuple[str, ...]] = ()
    interface_type: str = "interface"
    mac_address: str
    private_ip_address: str | None = None
    private_dns_name: str | None = None
    private_ip_addresses: tuple[PrivateIp, ...] = ()
    association: PublicAssociation | None = None
    ipv6_address: str | None = None
    ipv6_addresses: tuple[Ipv6Address, ...] = ()
    ipv6_native: bool | None = None
    ipv4_prefixes: tuple[Ipv4Prefix, ...] | None = None
    ipv6_prefixes: tuple[Ipv6Prefix, ...] | None = None
    attachment: InterfaceAttachment | None = None
    instance_id: Index[str | None] = None
    requester_id: str | None = None
    requester_managed: bool = False
    source_dest_check: bool = True
    status: str = "available"
    deny_all_igw_traffic: bool | None = None
    connection_tracking_configuration: dict[str, Any] | None = None
    operator: Operator = UNMANAGED
    tags: Tags = NO_TAGS


@record()
class UsedAddress(Record):
    """A private IPv4 address (as a number) that is taken: by an interface, alone or in a delegated prefix."""

    subnet_id: Key[str]
    number: Key[int]
    network_interface_id: str


@record(
    missing=("InvalidAllocationID.NotFound", "The allocation ID '{}' does not exist"),
    tagged_as="elastic-ip",
    order="added",
    bare=True,
    filters=parse_names(
        (
            "allocation-id",
            "association-id",
            "domain",
            "instance-id",
            "network-border-group",
            "network-interface-id",
            "network-interface-owner-id",
            "private-ip-address",
            "public-ip",
        )
    ),
)
class Address(Record):
    """One Elastic IP address."""

    allocation_id: Key[str]
    public_ip: Index[str]
    domain: str = "vpc"
    network_border_group: str
    public_ipv4_pool: str = "amazon"
    association_id: Index[str | None] = None
    instance_id: Index[str | None] = None
    network_interface_id: Index[str | None] = None
    network_interface_owner_id: str | None = None
    private_ip_address: str | None = None
    customer_owned_ip: str | None = None
    customer_owned_ipv4_pool: str | None = None
    ptr_record: str | None = None
    tags: Tags = NO_TAGS


class PermissionState(msgspec.Struct, frozen=True):
    """Whether a permission holds."""

    state: str
    status_message: str | None = None


@record(
    missing=("InvalidPermissionID.NotFound", "The network interface permission ID '{}' does not exist"),
    order="added",
    filters=parse_names(
        (
            "network-interface-permission.aws-account-id=aws_account_id",
            "network-interface-permission.aws-service=aws_service",
            "network-interface-permission.network-interface-id=network_interface_id",
            "network-interface-permission.network-interface-permission-id=network_interface_permission_id",
            "network-interface-permission.permission=permission",
        )
    ),
)
class NetworkInterfacePermission(Record):
    """Leave for an account or a service to use an interface."""

    network_interface_permission_id: Key[str]
    network_interface_id: Index[str]
    aws_account_id: str | None = None
    aws_service: str | None = None
    permission: str
    permission_state: PermissionState


@record(order="added")
class AddressTransfer(Record):
    """An Elastic IP address that is offered to another account."""

    allocation_id: Key[str]
    public_ip: str
    transfer_account_id: str
    transfer_offer_expiration_timestamp: datetime.datetime
    transfer_offer_accepted_timestamp: datetime.datetime | None = None
    address_transfer_status: str
