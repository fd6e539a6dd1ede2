"""Load balancers, target groups, listeners, rules and trust stores."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.api import elbv2 as api
from sundog.core import NO_TAGS, Index, Key, Record, Tags, record


class Zone(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A zone that a load balancer is in, by its subnet."""

    zone_name: str
    subnet_id: str
    load_balancer_addresses: tuple[dict[str, str], ...] = ()
    source_nat_ipv6_prefixes: tuple[str, ...] | None = None


class LoadBalancerState(msgspec.Struct, frozen=True, gc=False):
    """What a load balancer is at."""

    code: str


def no_load_balancer(arn: str) -> Exception:
    return api.LoadBalancerNotFoundException(f"Load balancer '{arn}' not found")


def no_target_group(*_: str) -> Exception:
    return api.TargetGroupNotFoundException("One or more target groups not found")


def no_listener(*_: str) -> Exception:
    return api.ListenerNotFoundException("One or more listeners not found")


def no_rule(*_: str) -> Exception:
    return api.RuleNotFoundException("One or more rules not found")


def no_trust_store(*_: str) -> Exception:
    return api.TrustStoreNotFoundException("One or more trust stores not found")


@record(missing=no_load_balancer, order="added")
class LoadBalancer(Record):
    """A load balancer. ``interfaces``: the network interfaces that it has in its subnets."""

    load_balancer_arn: Key[str]
    load_balancer_name: Index[str]
    dns_name: str
    canonical_hosted_zone_id: str
    created_time: datetime.datetime
    scheme: str
    vpc_id: str
    state: LoadBalancerState
    type: str
    availability_zones: tuple[Zone, ...]
    security_groups: tuple[str, ...] | None = None
    ip_address_type: str = "ipv4"
    customer_owned_ipv4_pool: str | None = None
    enforce_security_group_inbound_rules_on_private_link_traffic: str | None = None
    enable_prefix_for_ipv6_source_nat: str | None = None
    ipam_pools: dict[str, str] | None = None
    attributes: dict[str, str] = {}
    interfaces: tuple[str, ...] = ()
    capacity_units: int | None = None
    capacity_time: datetime.datetime | None = None
    tags: Tags = NO_TAGS

    @property
    def path(self) -> str:
        """``app/NAME/ID``, as it stands in the ARNs of what belongs to it."""
        return self.load_balancer_arn.partition(":loadbalancer/")[2]


class Target(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Where a target group sends requests. ``until``: when it will have drained."""

    id: str
    port: int | None = None
    availability_zone: str | None = None
    quic_server_id: str | None = None
    since: datetime.datetime
    until: datetime.datetime | None = None


@record(missing=no_target_group, order="added")
class TargetGroup(Record):
    """A group of targets and how their health is seen."""

    target_group_arn: Key[str]
    target_group_name: Index[str]
    target_type: str
    protocol: str | None = None
    protocol_version: str | None = None
    port: int | None = None
    vpc_id: str | None = None
    ip_address_type: str | None = None
    target_control_port: int | None = None
    health_check_protocol: str | None = None
    health_check_port: str | None = None
    health_check_enabled: bool = True
    health_check_interval_seconds: int
    health_check_timeout_seconds: int
    healthy_threshold_count: int
    unhealthy_threshold_count: int
    health_check_path: str | None = None
    matcher: dict[str, str] | None = None
    attributes: dict[str, str] = {}
    targets: tuple[Target, ...] = ()
    tags: Tags = NO_TAGS


@record(missing=no_listener, order="added")
class Listener(Record):
    """Where a load balancer listens. Its actions are those of its default rule, in botocore's form."""

    listener_arn: Key[str]
    load_balancer_arn: Index[str]
    port: int | None = None
    protocol: str | None = None
    certificate: str | None = None
    more_certificates: tuple[str, ...] = ()
    ssl_policy: str | None = None
    default_actions: tuple[dict[str, Any], ...]
    alpn_policy: tuple[str, ...] | None = None
    mutual_authentication: dict[str, Any] | None = None
    attributes: dict[str, str] = {}
    target_groups: Index[tuple[str, ...]] = ()
    tags: Tags = NO_TAGS


@record(missing=no_rule, order="added")
class Rule(Record):
    """What a listener does with requests that meet the conditions; ``number`` 0 is the default rule."""

    rule_arn: Key[str]
    listener_arn: Index[str]
    number: int
    conditions: tuple[dict[str, Any], ...] = ()
    actions: tuple[dict[str, Any], ...]
    transforms: tuple[dict[str, Any], ...] | None = None
    target_groups: Index[tuple[str, ...]] = ()
    tags: Tags = NO_TAGS


class Revocation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A list of revoked certificates."""

    revocation_id: int
    revocation_type: str = "CRL"
    number_of_revoked_entries: int
    bucket: str
    key: str


@record(missing=no_trust_store, order="added")
class TrustStore(Record):
    """Certificates of authorities that clients' certificates are checked by."""

    trust_store_arn: Key[str]
    name: Index[str]
    status: str = "ACTIVE"
    number_of_ca_certificates: int
    bucket: str
    key: str
    revocations: tuple[Revocation, ...] = ()
    tags: Tags = NO_TAGS
