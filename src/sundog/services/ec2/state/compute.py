"""Instances, their reservations, and key pairs."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.core import NO_TAGS, Index, Key, Record, Tags, Tx, record
from sundog.core.filter import parse_names, values_at
from sundog.services.ec2.state.interface import NetworkInterface
from sundog.services.ec2.state.storage import Volume


class InstanceState(msgspec.Struct, frozen=True, gc=False):
    """A state's number and name."""

    code: int
    name: str


PENDING = InstanceState(0, "pending")
RUNNING = InstanceState(16, "running")
SHUTTING_DOWN = InstanceState(32, "shutting-down")
TERMINATED = InstanceState(48, "terminated")
STOPPING = InstanceState(64, "stopping")
STOPPED = InstanceState(80, "stopped")


class StateReason(msgspec.Struct, frozen=True, gc=False):
    """Why an instance is in its state."""

    code: str
    message: str


class Placement(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Where an instance runs."""

    availability_zone: str
    availability_zone_id: str
    group_name: str = ""
    group_id: str | None = None
    partition_number: int | None = None
    tenancy: str = "default"
    affinity: str | None = None
    host_id: str | None = None
    host_resource_group_arn: str | None = None
    spread_domain: str | None = None


class MetadataOptions(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How an instance's metadata can be reached."""

    state: str = "applied"
    http_tokens: str = "optional"
    http_put_response_hop_limit: int = 1
    http_endpoint: str = "enabled"
    http_protocol_ipv6: str = "disabled"
    instance_metadata_tags: str = "disabled"


class CpuOptions(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The processors that an instance uses."""

    core_count: int
    threads_per_core: int
    amd_sev_snp: str | None = None
    nested_virtualization: str | None = None


class NameOptions(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How an instance is named."""

    hostname_type: str = "ip-name"
    enable_resource_name_dns_a_record: bool = False
    enable_resource_name_dns_aaaa_record: bool = False


class Maintenance(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What AWS may do when the hardware fails."""

    auto_recovery: str = "default"
    reboot_migration: str = "default"


class InstanceProfile(msgspec.Struct, frozen=True, gc=False):
    """The role that an instance has."""

    arn: str
    id: str


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """What an instance has from its image and its launch; thousands of instances share one."""

    architecture: str = "x86_64"
    hypervisor: str = "xen"
    virtualization_type: str = "hvm"
    ena_support: bool | None = None
    sriov_net_support: str | None = None
    root_device_name: str | None = None
    root_device_type: str = "ebs"
    platform: str | None = None
    platform_details: str = "Linux/UNIX"
    usage_operation: str = "RunInstances"
    boot_mode: str | None = None
    current_instance_boot_mode: str | None = None
    tpm_support: str | None = None
    kernel_id: str | None = None
    ramdisk_id: str | None = None
    product_codes: tuple[dict[str, Any], ...] = ()


_INTERFACE_FILTERS = (
    "addresses.association.allocation-id=private_ip_addresses.association.allocation_id",
    "addresses.association.association-id=private_ip_addresses.association.association_id",
    "addresses.association.carrier-ip=private_ip_addresses.association.carrier_ip",
    "addresses.association.customer-owned-ip=private_ip_addresses.association.customer_owned_ip",
    "addresses.association.ip-owner-id=private_ip_addresses.association.ip_owner_id",
    "addresses.association.public-dns-name=private_ip_addresses.association.public_dns_name",
    "addresses.association.public-ip=private_ip_addresses.association.public_ip",
    "addresses.primary=private_ip_addresses.primary",
    "addresses.private-dns-name=private_ip_addresses.private_dns_name",
    "addresses.private-ip-address=private_ip_addresses.private_ip_address",
    "association.allocation-id",
    "association.association-id",
    "association.carrier-ip",
    "association.customer-owned-ip",
    "association.ip-owner-id",
    "association.public-dns-name",
    "association.public-ip",
    "attachment.attach-time",
    "attachment.attachment-id",
    "attachment.delete-on-termination",
    "attachment.device-index",
    "attachment.instance-id",
    "attachment.instance-owner-id",
    "attachment.network-card-index",
    "attachment.status",
    "availability-zone",
    "deny-all-igw-traffic",
    "description",
    "group-id=group_ids",
    "group-name=groups.group_name",
    "ipv4-prefixes.ipv4-prefix",
    "ipv6-address=ipv6_addresses.ipv6_address",
    "ipv6-addresses.ipv6-address",
    "ipv6-addresses.is-primary-ipv6",
    "ipv6-native",
    "ipv6-prefixes.ipv6-prefix",
    "mac-address",
    "network-interface-id",
    "operator.managed",
    "operator.principal",
    "outpost-arn",
    "owner-id",
    "private-dns-name",
    "private-ip-address=private_ip_addresses.private_ip_address",
    "public-dns-name=association.public_dns_name",
    "requester-id",
    "requester-managed",
    "source-dest-check",
    "status",
    "subnet-id",
    "tag-key=tags",
    "vpc-id",
)


def _of_interfaces(path: str) -> Any:
    parts = tuple(path.split("."))

    def values(tx: Tx, row: Instance) -> list[Any]:
        found: list[Any] = []
        for interface in tx.select(NetworkInterface, instance_id=row.instance_id):
            if parts == ("tags",):
                found.extend(interface.tags)
            else:
                found.extend(values_at(interface, parts))
        return found

    return values


def _interface_tag_values(tx: Tx, row: Instance) -> list[str]:
    rows = tx.select(NetworkInterface, instance_id=row.instance_id)
    return [value for interface in rows for value in interface.tags.values()]


def _of_primary(path: str) -> Any:
    parts = tuple(path.split("."))

    def values(tx: Tx, row: Instance) -> list[Any]:
        rows = tx.select(NetworkInterface, instance_id=row.instance_id)
        return [
            value
            for interface in rows
            if interface.attachment is not None and interface.attachment.device_index == 0
            for value in values_at(interface, parts)
        ]

    return values


def _of_volumes(name: str) -> Any:
    def values(tx: Tx, row: Instance) -> list[Any]:
        return [
            getattr(attachment, name)
            for volume in tx.select(Volume, instance_ids=row.instance_id)
            for attachment in volume.attachments
            if attachment.instance_id == row.instance_id
        ]

    return values


def _filters() -> dict[str, Any]:
    found: dict[str, Any] = dict(
        parse_names(
            (
                "affinity=placement.affinity",
                "architecture=traits.architecture",
                "availability-zone=placement.availability_zone",
                "availability-zone-id=placement.availability_zone_id",
                "boot-mode=traits.boot_mode",
                "capacity-reservation-id",
                "capacity-reservation-specification.capacity-reservation-preference"
                "=capacity_reservation_specification.CapacityReservationPreference",
                "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id"
                "=capacity_reservation_specification.CapacityReservationTarget.CapacityReservationId",
                "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn"
                "=capacity_reservation_specification.CapacityReservationTarget.CapacityReservationResourceGroupArn",
                "client-token",
                "current-instance-boot-mode=traits.current_instance_boot_mode",
                "ebs-optimized",
                "ena-support",
                "enclave-options.enabled=enclave",
                "hibernation-options.configured=hibernation",
                "host-id=placement.host_id",
                "hypervisor=traits.hypervisor",
                "iam-instance-profile.arn",
                "iam-instance-profile.id",
                "iam-instance-profile.name=profile_name",
                "image-id",
                "instance-id",
                "instance-lifecycle",
                "instance-state-code=state.code",
                "instance-state-name=state.name",
                "instance-type",
                "kernel-id",
                "key-name",
                "launch-index=ami_launch_index",
                "launch-time",
                "maintenance-options.auto-recovery",
                "metadata-options.http-endpoint",
                "metadata-options.http-protocol-ipv6",
                "metadata-options.http-put-response-hop-limit",
                "metadata-options.http-tokens",
                "metadata-options.instance-metadata-tags",
                "metadata-options.state",
                "monitoring-state=monitoring",
                "network-performance-options.bandwidth-weighting=bandwidth_weighting",
                "operator.managed",
                "operator.principal",
                "outpost-arn",
                "owner-id",
                "placement-group-name=placement.group_name",
                "placement-partition-number=placement.partition_number",
                "platform=traits.platform",
                "platform-details=traits.platform_details",
                "private-dns-name-options.enable-resource-name-dns-a-record",
                "private-dns-name-options.enable-resource-name-dns-aaaa-record",
                "private-dns-name-options.hostname-type",
                "product-code=traits.product_codes.ProductCodeId",
                "product-code.type=traits.product_codes.ProductCodeType",
                "ramdisk-id",
                "reason=state_transition_reason",
                "requester-id",
                "reservation-id",
                "root-device-name",
                "root-device-type=traits.root_device_type",
                "spot-instance-request-id",
                "state-reason-code=state_reason.code",
                "state-reason-message=state_reason.message",
                "subnet-id",
                "tenancy=placement.tenancy",
                "tpm-support=traits.tpm_support",
                "usage-operation=traits.usage_operation",
                "usage-operation-update-time",
                "virtualization-type=traits.virtualization_type",
                "vpc-id",
            )
        )
    )
    for name, path in parse_names(_INTERFACE_FILTERS).items():
        found[f"network-interface.{name}"] = _of_interfaces(path)
    found["network-interface.tag-value"] = _interface_tag_values
    found["metadata-options.http-protocol-ipv4"] = "metadata_options.http_endpoint"
    for name, path in (
        ("dns-name", "association.public_dns_name"),
        ("group-id", "group_ids"),
        ("group-name", "groups.group_name"),
        ("instance.group-id", "group_ids"),
        ("instance.group-name", "groups.group_name"),
        ("ip-address", "association.public_ip"),
        ("ipv6-address", "ipv6_addresses.ipv6_address"),
        ("network-interface.private-ip-address.primary", "private_ip_address"),
        ("private-dns-name", "private_dns_name"),
        ("private-ip-address", "private_ip_address"),
        ("source-dest-check", "source_dest_check"),
    ):
        found[name] = _of_primary(path)
    for name in ("attach-time", "delete-on-termination", "status", "volume-id"):
        found[f"block-device-mapping.{name}"] = _of_volumes("state" if name == "status" else name.replace("-", "_"))
    found["block-device-mapping.device-name"] = _of_volumes("device")
    return found


@record(
    missing=("InvalidInstanceID.NotFound", "The instance ID '{}' does not exist"),
    tagged_as="instance",
    order="added",
    bare=True,
    filters=_filters(),
)
class Instance(Record):
    """One virtual machine. What it is like outside (addresses, groups, devices) its interfaces and volumes say."""

    instance_id: Key[str]
    reservation_id: Index[str]
    owner_id: str
    image_id: str
    instance_type: str
    state: InstanceState = PENDING
    state_reason: StateReason | None = None
    state_transition_reason: str = ""
    ami_launch_index: int = 0
    launch_time: datetime.datetime
    traits: Traits
    placement: Placement
    subnet_id: str | None = None
    vpc_id: str | None = None
    key_name: str | None = None
    client_token: str = ""
    monitoring: str = "disabled"
    ebs_optimized: bool = False
    ena_support: bool | None = None
    root_device_name: str | None = None
    kernel_id: str | None = None
    ramdisk_id: str | None = None
    iam_instance_profile: InstanceProfile | None = None
    profile_name: str | None = None
    instance_lifecycle: str | None = None
    spot_instance_request_id: str | None = None
    capacity_reservation_id: str | None = None
    capacity_reservation_specification: dict[str, Any] | None = None
    cpu_options: CpuOptions | None = None
    hibernation: bool = False
    enclave: bool = False
    licenses: tuple[str, ...] = ()
    metadata_options: MetadataOptions
    private_dns_name_options: NameOptions
    maintenance_options: Maintenance
    bandwidth_weighting: str = "default"
    usage_operation_update_time: datetime.datetime
    user_data: str | None = None
    shutdown_behavior: str = "stop"
    disable_api_termination: bool = False
    disable_api_stop: bool = False
    cpu_credits: str | None = None
    public: bool = False
    """Whether it gets a public address whenever it starts."""
    spot_persistent: bool = False
    sriov_net_support: str | None = None
    tags: Tags = NO_TAGS


@record(order="added")
class Reservation(Record):
    """What one launch made."""

    reservation_id: Key[str]
    owner_id: str
    requester_id: str | None = None


@record(
    missing=("InvalidKeyPair.NotFound", "The key pair ID '{}' does not exist"),
    tagged_as="key-pair",
    order="added",
    filters=parse_names(("key-pair-id", "fingerprint=key_fingerprint", "key-name")),
)
class KeyPair(Record):
    """The public half of a key pair."""

    key_pair_id: Key[str]
    key_name: Index[str]
    key_fingerprint: str
    key_type: str
    public_key: str
    create_time: datetime.datetime
    tags: Tags = NO_TAGS


@record()
class InstanceDefaults(Record):
    """What an account has set for new instances in a region: one row, once something was set."""

    name: Key[str] = "default"
    metadata: dict[str, Any] = {}
    credits: dict[str, str] = {}
