"""Traffic mirroring."""

from __future__ import annotations

import msgspec

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names


class MirrorPorts(msgspec.Struct, frozen=True):
    """From a port to a port."""

    from_port: int | None = None
    to_port: int | None = None


@record(
    missing=("InvalidTrafficMirrorFilterId.NotFound", "The traffic mirror filter ID '{}' does not exist"),
    tagged_as="traffic-mirror-filter",
    order="added",
    filters=parse_names(("description", "traffic-mirror-filter-id")),
)
class TrafficMirrorFilter(Record):
    """Rules that say what is mirrored. They are rows of their own."""

    traffic_mirror_filter_id: Key[str]
    description: str | None = None
    network_services: tuple[str, ...] = ()
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidTrafficMirrorFilterRuleId.NotFound", "The traffic mirror filter rule ID '{}' does not exist"),
    tagged_as="traffic-mirror-filter-rule",
    order="added",
    filters=parse_names(
        (
            "traffic-mirror-filter-rule-id",
            "traffic-mirror-filter-id",
            "rule-number",
            "rule-action",
            "traffic-direction",
            "protocol",
            "source-cidr-block",
            "destination-cidr-block",
            "description",
        )
    ),
)
class TrafficMirrorFilterRule(Record):
    """One rule."""

    traffic_mirror_filter_rule_id: Key[str]
    traffic_mirror_filter_id: Index[str]
    traffic_direction: str
    rule_number: int
    rule_action: str
    protocol: int | None = None
    destination_port_range: MirrorPorts | None = None
    source_port_range: MirrorPorts | None = None
    destination_cidr_block: str
    source_cidr_block: str
    description: str | None = None
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidTrafficMirrorTargetId.NotFound", "The traffic mirror target ID '{}' does not exist"),
    tagged_as="traffic-mirror-target",
    order="added",
    filters=parse_names(
        ("description", "network-interface-id", "network-load-balancer-arn", "owner-id", "traffic-mirror-target-id")
    ),
)
class TrafficMirrorTarget(Record):
    """Who gets what is mirrored."""

    traffic_mirror_target_id: Key[str]
    owner_id: str
    type: str
    network_interface_id: str | None = None
    network_load_balancer_arn: str | None = None
    gateway_load_balancer_endpoint_id: str | None = None
    description: str | None = None
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidTrafficMirrorSessionId.NotFound", "The traffic mirror session ID '{}' does not exist"),
    tagged_as="traffic-mirror-session",
    order="added",
    filters=parse_names(
        (
            "description",
            "network-interface-id",
            "owner-id",
            "packet-length",
            "session-number",
            "traffic-mirror-filter-id",
            "traffic-mirror-session-id",
            "traffic-mirror-target-id",
            "virtual-network-id",
        )
    ),
)
class TrafficMirrorSession(Record):
    """What of an interface's traffic goes to whom."""

    traffic_mirror_session_id: Key[str]
    traffic_mirror_target_id: Index[str]
    traffic_mirror_filter_id: Index[str]
    network_interface_id: Index[str]
    owner_id: str
    session_number: int
    packet_length: int | None = None
    virtual_network_id: int
    description: str | None = None
    tags: Tags = NO_TAGS
