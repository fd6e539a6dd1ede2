"""Capacity reservations, which open launches of their kind use up."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.instance.option import type_facts
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.capacity import CapacityReservation
from sundog.services.ec2.state.compute import SHUTTING_DOWN, TERMINATED, Instance
from sundog.services.ec2.zone import zone_ids, zone_named

_GONE = (SHUTTING_DOWN, TERMINATED)


def _used(tx: Tx, row: CapacityReservation) -> int:
    """How many instances of the account fit the reservation, up to its size."""
    count = 0
    for instance in tx.select(Instance):
        if instance.state in _GONE:
            continue
        target = (instance.capacity_reservation_specification or {}).get("CapacityReservationTarget") or {}
        if target.get("CapacityReservationId") == row.capacity_reservation_id or (
            not target and row.instance_match_criteria == "open" and _fits(instance, row)
        ):
            count += 1
    return min(count, row.total_instance_count)


def _fits(instance: Instance, row: CapacityReservation) -> bool:
    preference = (instance.capacity_reservation_specification or {}).get("CapacityReservationPreference", "open")
    return (
        preference == "open"
        and instance.instance_type == row.instance_type
        and instance.placement.availability_zone == row.availability_zone
        and instance.placement.tenancy == row.tenancy
        and instance.traits.platform_details == row.instance_platform
    )


def _shown(tx: Tx, row: CapacityReservation) -> CapacityReservation:
    from msgspec.structs import replace

    if row.state != "active":
        return replace(row, available_instance_count=0)
    return replace(row, available_instance_count=row.total_instance_count - _used(tx, row))


def _check_end(tx: Tx, kind: str, end: datetime.datetime | None) -> None:
    if kind == "limited" and end is None:
        raise AwsError("InvalidParameterCombination", "EndDate must be provided when EndDateType is limited.")
    if kind == "unlimited" and end is not None:
        raise AwsError("InvalidParameterCombination", "EndDate must not be provided when EndDateType is unlimited.")
    if end is not None and end <= tx.now:
        raise AwsError("InvalidParameterValue", "The end date must be in the future.")


@op
def create_capacity_reservation(
    tx: Tx, req: api.CreateCapacityReservationRequest
) -> api.CreateCapacityReservationResult:
    """Reserve room for instances."""
    type_facts(req.instance_type)
    given = req.availability_zone or req.availability_zone_id
    if given is None:
        raise AwsError(
            "MissingParameter", "The request must contain the parameter AvailabilityZone or AvailabilityZoneId"
        )
    zone = zone_named(tx, given)
    if zone is None:
        raise AwsError("InvalidParameterValue", f"Invalid availability zone: [{given}]")
    if req.instance_count < 1:
        raise AwsError("InvalidParameterValue", "The instance count must be greater than 0.")
    kind = req.end_date_type or ("limited" if req.end_date is not None else "unlimited")
    _check_end(tx, kind, req.end_date)
    reservation_id = tx.new_id("cr")
    row = tx.add(
        CapacityReservation(
            capacity_reservation_id=reservation_id,
            owner_id=tx.account,
            capacity_reservation_arn=tx.arn(f"capacity-reservation/{reservation_id}"),
            availability_zone=zone,
            availability_zone_id=zone_ids(tx)[zone],
            instance_type=req.instance_type,
            instance_platform=req.instance_platform,
            tenancy=req.tenancy or "default",
            total_instance_count=req.instance_count,
            available_instance_count=req.instance_count,
            ebs_optimized=bool(req.ebs_optimized),
            ephemeral_storage=bool(req.ephemeral_storage),
            start_date=req.start_date or moment(tx),
            create_date=moment(tx),
            end_date=req.end_date,
            end_date_type=kind,
            instance_match_criteria=req.instance_match_criteria or "open",
            placement_group_arn=req.placement_group_arn,
            state="scheduled" if req.start_date is not None and req.start_date > tx.now else "active",
        ),
        tags=req.tag_specifications,
    )
    if row.state == "scheduled":
        tx.at(row.start_date, begin, reservation_id)
    if req.end_date is not None:
        tx.at(req.end_date, expire, reservation_id)
    return api.CreateCapacityReservationResult(capacity_reservation=_shown(tx, row))


def begin(tx: Tx, reservation_id: str) -> None:
    """A reservation's time has come."""
    row = tx.find(CapacityReservation, reservation_id)
    if row is not None and row.state == "scheduled":
        tx.update(row, state="active")


def expire(tx: Tx, reservation_id: str) -> None:
    """A reservation's time is over, unless it was changed meanwhile."""
    row = tx.find(CapacityReservation, reservation_id)
    if row is not None and row.state == "active" and row.end_date is not None and row.end_date <= tx.now:
        tx.update(row, state="expired")


@op
def describe_capacity_reservations(
    tx: Tx, req: api.DescribeCapacityReservationsRequest
) -> api.DescribeCapacityReservationsResult:
    """List reservations."""
    rows = tx.search(CapacityReservation, ids=req.capacity_reservation_ids, filters=req.filters)
    return api.DescribeCapacityReservationsResult(capacity_reservations=rows.map(lambda row: _shown(tx, row)))


def _active(tx: Tx, reservation_id: str) -> CapacityReservation:
    row = tx.get(CapacityReservation, reservation_id)
    if row.state not in ("active", "scheduled"):
        raise AwsError(
            "InvalidCapacityReservationState",
            f"The capacity reservation '{reservation_id}' is in the '{row.state}' state and can't be changed.",
        )
    return row


@op
def modify_capacity_reservation(
    tx: Tx, req: api.ModifyCapacityReservationRequest
) -> api.ModifyCapacityReservationResult:
    """Change a reservation's size, end or criteria."""
    row = _active(tx, req.capacity_reservation_id)
    changes: dict[str, Any] = {}
    if req.instance_count is not None:
        if req.instance_count < _used(tx, row):
            raise AwsError("InvalidParameterValue", "The instance count can't be less than the instances that use it.")
        changes["total_instance_count"] = req.instance_count
    if req.end_date is not None or req.end_date_type is not None:
        kind = req.end_date_type or "limited"
        _check_end(tx, kind, req.end_date)
        changes.update(end_date=req.end_date, end_date_type=kind)
        if req.end_date is not None:
            tx.at(req.end_date, expire, row.capacity_reservation_id)
    if req.instance_match_criteria is not None:
        changes["instance_match_criteria"] = req.instance_match_criteria
    tx.update(row, **changes)
    return api.ModifyCapacityReservationResult(return_=True)


@op
def cancel_capacity_reservation(
    tx: Tx, req: api.CancelCapacityReservationRequest
) -> api.CancelCapacityReservationResult:
    """Give the room back. Instances go on."""
    tx.update(_active(tx, req.capacity_reservation_id), state="cancelled")
    return api.CancelCapacityReservationResult(return_=True)


@op
def get_capacity_reservation_usage(
    tx: Tx, req: api.GetCapacityReservationUsageRequest
) -> api.GetCapacityReservationUsageResult:
    """Tell who uses a reservation."""
    row = _shown(tx, tx.get(CapacityReservation, req.capacity_reservation_id))
    used = _used(tx, row) if row.state == "active" else 0
    return api.GetCapacityReservationUsageResult(
        capacity_reservation_id=row.capacity_reservation_id,
        instance_type=row.instance_type,
        total_instance_count=row.total_instance_count,
        available_instance_count=row.available_instance_count,
        state=row.state,
        instance_usages=[{"AccountId": tx.account, "UsedInstanceCount": used}] if used else [],
    )
