"""Placement groups, capacity reservations, dedicated hosts, spot requests, fleets, and windows for events."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names


@record(
    missing=("InvalidPlacementGroupId.Unknown", "The Placement Group '{}' is unknown."),
    tagged_as="placement-group",
    order="added",
    filters=parse_names(("group-arn", "group-name", "spread-level", "state", "strategy")),
)
class PlacementGroup(Record):
    """Instances that are to be near to each other, or far."""

    group_id: Key[str]
    group_name: Index[str]
    group_arn: str
    strategy: str
    state: str = "available"
    partition_count: int | None = None
    spread_level: str | None = None
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidCapacityReservationId.NotFound", "The capacity reservation '{}' does not exist"),
    tagged_as="capacity-reservation",
    order="added",
    filters=parse_names(
        (
            "availability-zone",
            "availability-zone-id",
            "end-date",
            "end-date-type",
            "instance-match-criteria",
            "instance-platform",
            "instance-type",
            "owner-id",
            "placement-group-arn",
            "start-date",
            "state",
            "tenancy",
        )
    ),
)
class CapacityReservation(Record):
    """Room for instances of a type in a zone."""

    capacity_reservation_id: Key[str]
    owner_id: str
    capacity_reservation_arn: str
    availability_zone: str
    availability_zone_id: str
    instance_type: str
    instance_platform: str
    tenancy: str
    total_instance_count: int
    available_instance_count: int
    ebs_optimized: bool
    ephemeral_storage: bool
    state: str = "active"
    start_date: datetime.datetime
    create_date: datetime.datetime
    end_date: datetime.datetime | None = None
    end_date_type: str
    instance_match_criteria: str
    placement_group_arn: str | None = None
    reservation_type: str = "default"
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidHostID.NotFound", "The specified host '{}' does not exist."),
    tagged_as="dedicated-host",
    order="added",
    filters=parse_names(
        (
            "auto-placement",
            "availability-zone",
            "client-token",
            "host-reservation-id",
            "instance-type=host_properties.InstanceType",
            "state",
        )
    ),
)
class Host(Record):
    """A machine that an account has for itself."""

    host_id: Key[str]
    owner_id: str
    availability_zone: str
    availability_zone_id: str
    state: str = "available"
    auto_placement: str = "on"
    host_recovery: str = "off"
    host_maintenance: str = "off"
    allocation_time: datetime.datetime
    release_time: datetime.datetime | None = None
    client_token: str | None = None
    allows_multiple_instance_types: str = "off"
    host_properties: dict[str, Any]
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidSpotInstanceRequestID.NotFound", "The spot instance request ID '{}' does not exist"),
    tagged_as="spot-instances-request",
    order="added",
    bare=True,
    filters=parse_names(
        (
            "availability-zone-group",
            "create-time",
            "instance-id",
            "launch-group",
            "launch.image-id=launch_specification.ImageId",
            "launch.instance-type=launch_specification.InstanceType",
            "launch.key-name=launch_specification.KeyName",
            "launched-availability-zone",
            "product-description",
            "spot-instance-request-id",
            "spot-price",
            "state",
            "status-code=status.Code",
            "status-message=status.Message",
            "type",
            "valid-from",
            "valid-until",
        )
    ),
)
class SpotRequest(Record):
    """A request for an instance at the spot price; ``launch_specification`` in botocore's form."""

    spot_instance_request_id: Key[str]
    create_time: datetime.datetime
    instance_id: Index[str | None] = None
    launch_specification: dict[str, Any]
    launch_group: str | None = None
    availability_zone_group: str | None = None
    launched_availability_zone: str | None = None
    product_description: str = "Linux/UNIX"
    spot_price: str
    state: str
    status: dict[str, Any]
    type: str = "one-time"
    valid_from: datetime.datetime | None = None
    valid_until: datetime.datetime | None = None
    instance_interruption_behavior: str = "terminate"
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidFleetId.NotFound", "The fleet ID '{}' does not exist."),
    tagged_as="fleet",
    order="added",
    filters=parse_names(
        (
            "activity-status",
            "excess-capacity-termination-policy",
            "fleet-state",
            "replace-unhealthy-instances",
            "type",
        )
    ),
)
class Fleet(Record):
    """Instances of several kinds up to a capacity. ``launched``: id and weight of each."""

    fleet_id: Key[str]
    fleet_state: str = "active"
    activity_status: str | None = "fulfilled"
    create_time: datetime.datetime
    client_token: str | None = None
    excess_capacity_termination_policy: str | None = None
    launch_template_configs: tuple[dict[str, Any], ...]
    target_capacity_specification: dict[str, Any]
    terminate_instances_with_expiration: bool = False
    type: str
    valid_from: datetime.datetime | None = None
    valid_until: datetime.datetime | None = None
    replace_unhealthy_instances: bool = False
    spot_options: dict[str, Any] | None = None
    on_demand_options: dict[str, Any] | None = None
    context: str | None = None
    errors: tuple[dict[str, Any], ...] = ()
    instances: tuple[dict[str, Any], ...] = ()
    launched: tuple[tuple[str, float, str], ...] = ()
    tags: Tags = NO_TAGS


@record(
    missing=("NoSuchAssociation", "An invalid association-id of '{}' was given"),
    order="added",
    filters=parse_names(("instance-id", "state")),
)
class ProfileAssociation(Record):
    """An instance profile's place at an instance, once somebody asked for it by its id."""

    association_id: Key[str]
    instance_id: Index[str]
    timestamp: datetime.datetime
    state: str = "associated"


@record(
    missing=("InvalidInstanceEventWindowId.NotFound", "The instance event window '{}' does not exist."),
    tagged_as="instance-event-window",
    order="added",
    filters=parse_names(
        (
            "dedicated-host-id=association_target.DedicatedHostIds",
            "event-window-name=name",
            "instance-id=association_target.InstanceIds",
        )
    ),
)
class EventWindow(Record):
    """When events may come upon instances."""

    instance_event_window_id: Key[str]
    name: str | None = None
    time_ranges: tuple[dict[str, Any], ...] | None = None
    cron_expression: str | None = None
    association_target: dict[str, Any] | None = None
    state: str = "active"
    tags: Tags = NO_TAGS


@record()
class Switch(Record):
    """Something that an account has set in a region, by its name."""

    name: Key[str]
    value: Any
