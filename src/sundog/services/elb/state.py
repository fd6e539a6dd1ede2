"""Classic load balancers."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.api import elb as api
from sundog.core import NO_TAGS, Key, Record, Tags, record


def no_balancer(name: str) -> Exception:
    return api.AccessPointNotFoundException(f"There is no ACTIVE Load Balancer named '{name}'")


class Listener(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A port that is listened on, and the policies of it."""

    protocol: str
    load_balancer_port: int
    instance_protocol: str
    instance_port: int
    ssl_certificate_id: str | None = None
    policies: tuple[str, ...] = ()


class HealthCheck(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How instances' health is seen."""

    target: str
    interval: int = 30
    timeout: int = 5
    unhealthy_threshold: int = 2
    healthy_threshold: int = 10


class Policy(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A policy that listeners or instance ports may have."""

    policy_name: str
    policy_type_name: str
    attributes: tuple[tuple[str, str], ...] = ()


@record(missing=no_balancer)
class LoadBalancer(Record):
    """A load balancer. ``instances``: ids with the time of registration; ``backends``: policies by instance port."""

    load_balancer_name: Key[str]
    dns_name: str
    hosted_zone_id: str
    created_time: datetime.datetime
    scheme: str
    vpc_id: str
    availability_zones: tuple[str, ...]
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    source_group: str
    listeners: tuple[Listener, ...]
    health_check: HealthCheck
    instances: tuple[tuple[str, datetime.datetime], ...] = ()
    policies: tuple[Policy, ...] = ()
    backends: tuple[tuple[int, tuple[str, ...]], ...] = ()
    attributes: dict[str, Any]
    interfaces: tuple[tuple[str, str], ...] = ()
    tags: Tags = NO_TAGS
