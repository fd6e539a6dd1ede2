"""Placement groups."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.ec2.state.capacity import PlacementGroup
from sundog.services.ec2.state.compute import TERMINATED, Instance

MAX_PARTITIONS = 7


def named_group(tx: Tx, name: str) -> PlacementGroup:
    """The group of the name."""
    found = tx.select(PlacementGroup, group_name=name).first()
    if found is None:
        raise AwsError("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
    return found


def check_placement(tx: Tx, placement: Any) -> None:
    """Refuse a launch into a group that isn't there, or into a partition that it hasn't."""
    if placement is None:
        return
    group = None
    if placement.group_name:
        group = named_group(tx, placement.group_name)
    elif placement.group_id:
        group = tx.get(PlacementGroup, placement.group_id)
    number = placement.partition_number
    if number is not None and (group is None or not 1 <= number <= (group.partition_count or 0)):
        raise AwsError("InvalidParameterValue", f"Value ({number}) for parameter partitionNumber is invalid.")


@op
def create_placement_group(tx: Tx, req: api.CreatePlacementGroupRequest) -> api.CreatePlacementGroupResult:
    """Make a group of a strategy."""
    if not req.group_name:
        raise AwsError("MissingParameter", "The request must contain the parameter groupName")
    if tx.select(PlacementGroup, group_name=req.group_name):
        raise AwsError("InvalidPlacementGroup.Duplicate", f"The Placement Group '{req.group_name}' already exists.")
    strategy = req.strategy or "cluster"
    if req.partition_count is not None and strategy != "partition":
        raise AwsError(
            "InvalidParameterCombination", "The parameter partitionCount can only be used with the partition strategy."
        )
    if req.partition_count is not None and not 1 <= req.partition_count <= MAX_PARTITIONS:
        raise AwsError(
            "InvalidParameterValue", f"Value ({req.partition_count}) for parameter partitionCount is invalid."
        )
    if req.spread_level is not None and strategy != "spread":
        raise AwsError(
            "InvalidParameterCombination", "The parameter spreadLevel can only be used with the spread strategy."
        )
    row = tx.add(
        PlacementGroup(
            group_id=tx.new_id("pg"),
            group_name=req.group_name,
            group_arn=tx.arn(f"placement-group/{req.group_name}"),
            strategy=strategy,
            partition_count=(req.partition_count or 2) if strategy == "partition" else None,
            spread_level=(req.spread_level or "rack") if strategy == "spread" else None,
        ),
        tags=req.tag_specifications,
    )
    return api.CreatePlacementGroupResult(placement_group=row)


@op
def describe_placement_groups(tx: Tx, req: api.DescribePlacementGroupsRequest) -> api.DescribePlacementGroupsResult:
    """List groups."""
    among = rows_of([named_group(tx, name) for name in req.group_names]) if req.group_names else None
    found = tx.search(PlacementGroup, ids=req.group_ids, filters=req.filters, among=among)
    return api.DescribePlacementGroupsResult(placement_groups=list(found))


@op
def delete_placement_group(tx: Tx, req: api.DeletePlacementGroupRequest) -> None:
    """Delete a group that no instance is in."""
    row = named_group(tx, req.group_name)
    for instance in tx.select(Instance):
        place = instance.placement
        if instance.state != TERMINATED and (place.group_name == row.group_name or place.group_id == row.group_id):
            raise AwsError(
                "InvalidPlacementGroup.InUse",
                f"The placement group '{row.group_name}' is in use and may not be deleted.",
            )
    tx.delete(row)
