"""IPAM: scopes, pools and what they give out."""

from __future__ import annotations

import msgspec

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names


class OperatingRegion(msgspec.Struct, frozen=True):
    """A region that an IPAM looks after."""

    region_name: str


@record(
    missing=("InvalidIpamId.NotFound", "The IPAM ID '{}' does not exist"),
    tagged_as="ipam",
    order="added",
    filters=parse_names(("ipam-id", "ipam-arn", "ipam-region", "owner-id", "state", "tier", "description")),
)
class Ipam(Record):
    """One manager of addresses, with a public and a private scope from the start."""

    ipam_id: Key[str]
    ipam_arn: str
    ipam_region: str
    owner_id: str
    public_default_scope_id: str
    private_default_scope_id: str
    scope_count: int = 2
    description: str | None = None
    operating_regions: tuple[OperatingRegion, ...]
    state: str = "create-in-progress"
    tier: str = "advanced"
    enable_private_gua: bool = False
    metered_account: str = "ipam-owner"
    default_resource_discovery_id: str
    default_resource_discovery_association_id: str
    resource_discovery_association_count: int = 1
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidIpamScopeId.NotFound", "The IPAM scope ID '{}' does not exist"),
    tagged_as="ipam-scope",
    order="added",
    filters=parse_names(
        (
            "ipam-scope-id",
            "ipam-scope-arn",
            "ipam-arn",
            "ipam-scope-type",
            "is-default",
            "owner-id",
            "state",
            "ipam-region",
        )
    ),
)
class IpamScope(Record):
    """Addresses that must not overlap."""

    ipam_scope_id: Key[str]
    ipam_scope_arn: str
    ipam_id: Index[str]
    ipam_arn: str
    ipam_region: str
    owner_id: str
    ipam_scope_type: str
    is_default: bool = False
    description: str | None = None
    pool_count: int = 0
    state: str = "create-in-progress"
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidIpamPoolId.NotFound", "The IPAM pool ID '{}' does not exist"),
    tagged_as="ipam-pool",
    order="added",
    filters=parse_names(
        (
            "address-family",
            "ipam-pool-id",
            "ipam-pool-arn",
            "ipam-scope-arn",
            "ipam-scope-type",
            "ipam-arn",
            "locale",
            "owner-id",
            "pool-depth",
            "source-ipam-pool-id",
            "state",
            "description",
        )
    ),
)
class IpamPool(Record):
    """Ranges that are given out under rules."""

    ipam_pool_id: Key[str]
    ipam_pool_arn: str
    ipam_scope_id: Index[str]
    ipam_scope_arn: str
    ipam_scope_type: str
    ipam_arn: str
    ipam_region: str
    owner_id: str
    address_family: str
    locale: str = "None"
    source_ipam_pool_id: Index[str | None] = None
    pool_depth: int = 1
    description: str | None = None
    auto_import: bool = False
    publicly_advertisable: bool | None = None
    allocation_min_netmask_length: int | None = None
    allocation_max_netmask_length: int | None = None
    allocation_default_netmask_length: int | None = None
    allocation_resource_tags: Tags = NO_TAGS
    aws_service: str | None = None
    public_ip_source: str | None = None
    state: str = "create-in-progress"
    tags: Tags = NO_TAGS


@record(order="added", filters=parse_names(("cidr", "ipam-pool-cidr-id", "state")))
class IpamPoolCidr(Record):
    """A range that a pool gives out of."""

    ipam_pool_id: Key[str]
    cidr: Key[str]
    ipam_pool_cidr_id: str
    netmask_length: int
    state: str = "pending-provision"
    allocation_id: str | None = None
    """What the source pool gave for it."""


@record(
    missing=("InvalidIpamPoolAllocationId.NotFound", "The IPAM pool allocation ID '{}' does not exist"),
    tagged_as="ipam-pool-allocation",
    order="added",
    filters=parse_names(
        ("cidr", "ipam-pool-allocation-id", "resource-id", "resource-type", "resource-owner", "resource-region")
    ),
)
class IpamPoolAllocation(Record):
    """A range that a pool gave out."""

    ipam_pool_allocation_id: Key[str]
    ipam_pool_id: Index[str]
    cidr: str
    description: str | None = None
    resource_id: str | None = None
    resource_type: str = "custom"
    resource_region: str | None = None
    resource_owner: str
    tags: Tags = NO_TAGS
