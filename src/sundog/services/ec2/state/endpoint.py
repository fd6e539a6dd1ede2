"""VPC endpoints and the services behind them."""

from __future__ import annotations

import datetime

import msgspec

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names
from sundog.services.ec2.state.interface import GroupIdentifier


class DnsEntry(msgspec.Struct, frozen=True):
    """A name by which an endpoint is reached."""

    dns_name: str
    hosted_zone_id: str | None = None


class DnsOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the names of an endpoint lead to."""

    dns_record_ip_type: str | None = None
    private_dns_only_for_inbound_resolver_endpoint: bool | None = None
    private_dns_preference: str | None = None
    private_dns_specified_domains: tuple[str, ...] | None = None


@record(
    missing=("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist"),
    tagged_as="vpc-endpoint",
    order="added",
    filters=parse_names(
        (
            "ip-address-type",
            "service-name",
            "service-region",
            "vpc-id",
            "vpc-endpoint-id",
            "vpc-endpoint-state=state",
            "vpc-endpoint-type",
        )
    ),
)
class VpcEndpoint(Record):
    """A private way from a VPC to a service. ``service_id`` names an endpoint service of a user's."""

    vpc_endpoint_id: Key[str]
    vpc_endpoint_type: str
    vpc_id: Index[str]
    service_name: str | None
    service_id: str | None = None
    service_region: str | None = None
    service_network_arn: str | None = None
    resource_configuration_arn: str | None = None
    state: str
    policy_document: str | None = None
    route_table_ids: tuple[str, ...] = ()
    subnet_ids: tuple[str, ...] = ()
    groups: tuple[GroupIdentifier, ...] = ()
    ip_address_type: str | None = None
    dns_options: DnsOptions | None = None
    private_dns_enabled: bool = False
    requester_managed: bool = False
    network_interface_ids: tuple[str, ...] = ()
    dns_entries: tuple[DnsEntry, ...] = ()
    dns_name: str = ""
    connection_id: str | None = None
    creation_timestamp: datetime.datetime
    owner_id: str
    payers: dict[str, str] | None = None
    tags: Tags = NO_TAGS


class ServicePrincipal(msgspec.Struct, frozen=True):
    """Who may make endpoints to a service."""

    service_permission_id: str
    principal: str
    principal_type: str
    service_id: str


class DnsVerification(msgspec.Struct, frozen=True, kw_only=True):
    """The record by which an owner proves to own a private DNS name."""

    state: str | None = None
    type: str | None = None
    value: str | None = None
    name: str | None = None


@record(
    missing=("InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id '{}' does not exist"),
    tagged_as="vpc-endpoint-service",
    order="added",
    filters=parse_names(("service-name", "service-id", "service-state", "supported-ip-address-types")),
)
class EndpointService(Record):
    """A service of a user's, which others reach by endpoints."""

    service_id: Key[str]
    service_name: str
    kind: str
    service_state: str = "Available"
    availability_zones: tuple[str, ...] = ()
    availability_zone_ids: tuple[str, ...] = ()
    acceptance_required: bool = False
    manages_vpc_endpoints: bool = False
    network_load_balancer_arns: tuple[str, ...] = ()
    gateway_load_balancer_arns: tuple[str, ...] = ()
    supported_ip_address_types: tuple[str, ...] = ("ipv4",)
    base_endpoint_dns_names: tuple[str, ...] = ()
    private_dns_name: str | None = None
    private_dns_name_configuration: DnsVerification | None = None
    payer_responsibility: str | None = None
    supported_regions: tuple[str, ...] = ()
    allowed: tuple[ServicePrincipal, ...] = ()
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidConnectionNotification.NotFound", "The connection notification '{}' does not exist"),
    order="added",
    filters=parse_names(
        (
            "connection-notification-arn",
            "connection-notification-id",
            "connection-notification-state",
            "connection-notification-type",
            "service-id",
            "vpc-endpoint-id",
        )
    ),
)
class ConnectionNotification(Record):
    """A topic that is told of an endpoint's or a service's connections."""

    connection_notification_id: Key[str]
    service_id: str | None = None
    vpc_endpoint_id: str | None = None
    connection_notification_type: str = "Topic"
    connection_notification_arn: str
    connection_events: tuple[str, ...]
    connection_notification_state: str = "Enabled"
    service_region: str | None = None
