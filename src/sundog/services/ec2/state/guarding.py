"""Instance connect endpoints, and VPC Block Public Access."""

from __future__ import annotations

import datetime

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names


@record(
    missing=("InvalidInstanceConnectEndpointId.NotFound", "The instance connect endpoint ID '{}' does not exist"),
    tagged_as="instance-connect-endpoint",
    order="added",
    filters=parse_names(("instance-connect-endpoint-id", "state", "subnet-id", "vpc-id")),
)
class InstanceConnectEndpoint(Record):
    """A way to instances without public addresses."""

    instance_connect_endpoint_id: Key[str]
    instance_connect_endpoint_arn: str
    owner_id: str
    state: str = "create-in-progress"
    state_message: str = ""
    dns_name: str
    fips_dns_name: str
    network_interface_ids: tuple[str, ...]
    vpc_id: Index[str]
    subnet_id: Index[str]
    availability_zone: str
    availability_zone_id: str | None = None
    created_at: datetime.datetime
    preserve_client_ip: bool = False
    security_group_ids: tuple[str, ...] = ()
    ip_address_type: str = "ipv4"
    tags: Tags = NO_TAGS


@record()
class BlockPublicAccessOptions(Record):
    """How far the account's VPCs in a region are cut off from the internet."""

    aws_account_id: Key[str]
    aws_region: str
    state: str = "default-state"
    internet_gateway_block_mode: str = "off"
    reason: str | None = None
    last_update_timestamp: datetime.datetime | None = None
    managed_by: str = "account"
    exclusions_allowed: str = "allowed"


@record(
    missing=(
        "InvalidVpcBlockPublicAccessExclusionId.NotFound",
        "The VPC block public access exclusion ID '{}' does not exist",
    ),
    tagged_as="vpc-block-public-access-exclusion",
    order="added",
    filters=parse_names(("resource-arn", "internet-gateway-exclusion-mode", "state")),
)
class BlockPublicAccessExclusion(Record):
    """A VPC or subnet that isn't cut off."""

    exclusion_id: Key[str]
    internet_gateway_exclusion_mode: str
    resource_arn: Index[str]
    state: str = "create-in-progress"
    reason: str | None = None
    creation_timestamp: datetime.datetime
    last_update_timestamp: datetime.datetime
    deletion_timestamp: datetime.datetime | None = None
    tags: Tags = NO_TAGS
