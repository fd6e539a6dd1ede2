"""EC2 fleets."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.ec2.launch_template import find_template, find_version
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.capacity import Fleet
from sundog.services.ec2.state.compute import SHUTTING_DOWN, TERMINATED, Instance

FLEET_TAG = "aws:ec2:fleet-id"
_OVERRIDDEN = ("InstanceType", "ImageId", "SubnetId", "KeyName", "IamInstanceProfile", "MetadataOptions")
_ONLY_AT_FIRST = ("AvailabilityZone", "AvailabilityZoneId", "SubnetId")
"""Members of a launch that only the operation that makes a fleet tells."""


def _resolved(tx: Tx, configs: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The configurations with their templates found."""
    found: list[dict[str, Any]] = []
    for config in configs:
        given = config.get("LaunchTemplateSpecification")
        if given is None:
            raise AwsError("MissingParameter", "The request must contain the parameter LaunchTemplateSpecification")
        if not given.get("Version"):
            raise AwsError(
                "MissingParameter", "The request must contain the parameter LaunchTemplateSpecification.Version"
            )
        template = find_template(tx, given.get("LaunchTemplateId"), given.get("LaunchTemplateName"))
        find_version(tx, template, given["Version"])
        specification = {"LaunchTemplateId": template.launch_template_id, "Version": given["Version"]}
        found.append({**config, "LaunchTemplateSpecification": specification, "Overrides": config.get("Overrides", [])})
    return tuple(found)


def _capacities(given: dict[str, Any]) -> dict[str, Any]:
    """How much of what is wanted."""
    total = given["TotalTargetCapacity"]
    kind = given.get("DefaultTargetCapacityType", "on-demand")
    demand, spot = given.get("OnDemandTargetCapacity"), given.get("SpotTargetCapacity")
    if demand is None and spot is None:
        demand, spot = (0, total) if kind == "spot" else (total, 0)
    elif demand is None:
        demand = 0 if kind == "spot" else total - (spot or 0)
        spot = total - demand
    elif spot is None:
        spot = total - demand
    if total < 0 or demand < 0 or (spot or 0) < 0 or demand + (spot or 0) > total:
        raise AwsError("InvalidTargetCapacitySpecification", "The target capacities don't sum up to the total.")
    return {**given, "OnDemandTargetCapacity": demand, "SpotTargetCapacity": spot, "DefaultTargetCapacityType": kind}


def _live(tx: Tx, fleet: Fleet) -> list[tuple[Instance, float, str]]:
    found = [(tx.find(Instance, each), weight, market) for each, weight, market in fleet.launched]
    return [
        (row, weight, market)
        for row, weight, market in found
        if row is not None and row.state not in (SHUTTING_DOWN, TERMINATED)
    ]


def _pools(fleet: Fleet) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Templates with their overrides, those of the highest priority first."""
    pools = [
        (config["LaunchTemplateSpecification"], override)
        for config in fleet.launch_template_configs
        for override in config["Overrides"] or [{}]
    ]
    return sorted(pools, key=lambda pool: pool[1].get("Priority", float("inf")))


def fill(tx: Tx, fleet: Fleet) -> Fleet:
    """Launch until the capacities are reached; what can't be launched is kept as an error."""
    target = fleet.target_capacity_specification
    launched, instances = list(fleet.launched), list(fleet.instances)
    errors: list[dict[str, Any]] = []
    pools = _pools(fleet)
    for market, wanted in (("on-demand", target["OnDemandTargetCapacity"]), ("spot", target["SpotTargetCapacity"])):
        have = sum(weight for _, weight, kind in _live(tx, fleet) if kind == market)
        strategy = (fleet.spot_options or {}).get("AllocationStrategy")
        diversified = market == "spot" and strategy == "diversified"
        place = 0
        failed: set[int] = set()
        while have < wanted and len(failed) < len(pools):
            while place % len(pools) in failed:
                place += 1
            number = place % len(pools)
            specification, override = pools[number]
            weight = float(override.get("WeightedCapacity", 1))
            count = 1 if diversified else max(1, int(-(-(wanted - have) // weight)))
            both = {"LaunchTemplateSpecification": specification, "Overrides": override}
            try:
                made = _launch(tx, fleet.fleet_id, specification, override, market, count)
            except AwsError as error:
                failed.add(number)
                errors.append(
                    {
                        "LaunchTemplateAndOverrides": both,
                        "Lifecycle": market,
                        "ErrorCode": error.code,
                        "ErrorMessage": error.message,
                    }
                )
                continue
            have += weight * count
            place += 1 if diversified else 0
            launched.extend((row.instance_id, weight, market) for row in made)
            instances.append(
                {
                    "LaunchTemplateAndOverrides": both,
                    "Lifecycle": market,
                    "InstanceIds": [row.instance_id for row in made],
                    "InstanceType": made[0].instance_type,
                    "AvailabilityZone": made[0].placement.availability_zone,
                    "AvailabilityZoneId": made[0].placement.availability_zone_id,
                    "SubnetId": made[0].subnet_id,
                }
            )
    return tx.update(
        fleet,
        launched=tuple(launched),
        instances=tuple(instances),
        errors=tuple(errors),
        activity_status=None if fleet.type == "instant" else "error" if errors else "fulfilled",
    )


def _launch(
    tx: Tx, fleet_id: str, specification: dict[str, Any], override: dict[str, Any], market: str, count: int
) -> list[Instance]:
    wanted: dict[str, Any] = {name: override[name] for name in _OVERRIDDEN if name in override}
    wanted.update(LaunchTemplate=specification, MinCount=count, MaxCount=count)
    if override.get("AvailabilityZone"):
        wanted["Placement"] = {"AvailabilityZone": override["AvailabilityZone"]}
    if market == "spot":
        price = override.get("MaxPrice")
        wanted["InstanceMarketOptions"] = {
            "MarketType": "spot",
            "SpotOptions": {"MaxPrice": price} if price else {},
        }
    request = api.RunInstancesRequest.of(wanted)
    members = {name: getattr(request, name) for name, wire in request.wire_.items() if wire in wanted}
    made = tx.call("ec2", "RunInstances", **members).instances
    rows = [tx.get(Instance, each.instance_id) for each in made]
    return [tx.update(row, tags={**row.tags, FLEET_TAG: fleet_id}) for row in rows]


def _terminate(tx: Tx, ids: list[str]) -> None:
    if ids:
        tx.call("ec2", "TerminateInstances", instance_ids=ids)


@op(taggable=("instance", "volume", "network-interface", "spot-instances-request"))
def create_fleet(tx: Tx, req: api.CreateFleetRequest) -> api.CreateFleetResult:
    """Launch a fleet."""
    target = _capacities(plain(req.target_capacity_specification))
    kind = req.type or "maintain"
    spot = {"AllocationStrategy": "lowest-price", "InstanceInterruptionBehavior": "terminate"}
    if req.spot_options is None or req.spot_options.allocation_strategy in (None, "lowest-price"):
        spot["InstancePoolsToUseCount"] = 1  # type: ignore[assignment]
    spot.update(plain(req.spot_options) or {})
    demand = {"AllocationStrategy": "lowest-price", **(plain(req.on_demand_options) or {})}
    row = tx.add(
        Fleet(
            fleet_id=f"fleet-{tx.ids.uuid()}",
            create_time=moment(tx),
            client_token=req.client_token,
            excess_capacity_termination_policy=req.excess_capacity_termination_policy
            or ("termination" if kind == "maintain" else None),
            launch_template_configs=_resolved(tx, plain(req.launch_template_configs)),
            target_capacity_specification=target,
            terminate_instances_with_expiration=bool(req.terminate_instances_with_expiration),
            type=kind,
            valid_from=req.valid_from,
            valid_until=req.valid_until,
            replace_unhealthy_instances=bool(req.replace_unhealthy_instances),
            spot_options=spot,
            on_demand_options=demand,
            context=req.context,
        ),
        tags=req.tag_specifications,
    )
    row = fill(tx, row)
    if req.valid_until is not None:
        tx.at(max(req.valid_until, tx.now + datetime.timedelta(seconds=1)), expire, row.fleet_id)
    instant = kind == "instant"
    return api.CreateFleetResult(
        fleet_id=row.fleet_id,
        errors=list(row.errors) if instant else None,
        instances=list(row.instances) if instant else None,
    )


def expire(tx: Tx, fleet_id: str) -> None:
    """A fleet's time is over."""
    row = tx.find(Fleet, fleet_id)
    if row is not None and row.fleet_state == "active" and row.terminate_instances_with_expiration:
        _terminate(tx, [each.instance_id for each, _, _ in _live(tx, row)])


def _shown(tx: Tx, row: Fleet) -> Any:
    live = _live(tx, row)
    made = api.FleetData(
        fulfilled_capacity=float(sum(weight for _, weight, _ in live)),
        fulfilled_on_demand_capacity=float(sum(weight for _, weight, market in live if market == "on-demand")),
        tags=row.tags,
    )
    if row.type == "instant":
        made.instances = [
            {name: value for name, value in item.items() if name not in _ONLY_AT_FIRST} for item in row.instances
        ]
    else:
        made.errors, made.instances = None, None
    for name in Fleet.__struct_fields__:
        if name in api.FleetData.wire_ and name not in made.__dict__:
            setattr(made, name, getattr(row, name))
    return made


@op
def describe_fleets(tx: Tx, req: api.DescribeFleetsRequest) -> api.DescribeFleetsResult:
    """List fleets; instant ones when they are named."""
    rows = tx.search(Fleet, ids=req.fleet_ids, filters=req.filters)
    if not req.fleet_ids:
        rows = rows.where(lambda row: row.type != "instant")
    return api.DescribeFleetsResult(fleets=rows.map(lambda row: _shown(tx, row)))


@op
def describe_fleet_instances(tx: Tx, req: api.DescribeFleetInstancesRequest) -> api.DescribeFleetInstancesResult:
    """List a fleet's instances that are there."""
    row = tx.get(Fleet, req.fleet_id)
    found = [
        {
            "InstanceId": each.instance_id,
            "InstanceType": each.instance_type,
            "SpotInstanceRequestId": each.spot_instance_request_id,
            "InstanceHealth": "healthy",
        }
        for each, _, _ in _live(tx, row)
    ]
    for item in req.filters or ():
        if item.name != "instance-type":
            raise AwsError("InvalidParameterValue", f"The filter '{item.name}' is invalid")
        found = [each for each in found if each["InstanceType"] in (item.values or ())]
    return api.DescribeFleetInstancesResult(fleet_id=row.fleet_id, active_instances=found)


@op
def modify_fleet(tx: Tx, req: api.ModifyFleetRequest) -> api.ModifyFleetResult:
    """Change a fleet's capacity; instances follow."""
    row = tx.get(Fleet, req.fleet_id)
    if row.type != "maintain" or row.fleet_state != "active":
        raise AwsError("InvalidParameter", f"The fleet '{row.fleet_id}' can't be modified.")
    changes: dict[str, Any] = {}
    if req.excess_capacity_termination_policy is not None:
        changes["excess_capacity_termination_policy"] = req.excess_capacity_termination_policy
    if req.launch_template_configs is not None:
        changes["launch_template_configs"] = _resolved(tx, plain(req.launch_template_configs))
    if req.context is not None:
        changes["context"] = req.context
    if req.target_capacity_specification is not None:
        given = plain(req.target_capacity_specification)
        kind = row.target_capacity_specification["DefaultTargetCapacityType"]
        changes["target_capacity_specification"] = _capacities({"DefaultTargetCapacityType": kind, **given})
    row = tx.update(row, **changes)
    if row.excess_capacity_termination_policy != "no-termination":
        target = row.target_capacity_specification
        for market, name in (("on-demand", "OnDemandTargetCapacity"), ("spot", "SpotTargetCapacity")):
            live = [(each, weight) for each, weight, kind in _live(tx, row) if kind == market]
            excess = sum(weight for _, weight in live) - target[name]
            gone: list[str] = []
            for each, weight in reversed(live):
                if weight > excess:
                    break
                excess -= weight
                gone.append(each.instance_id)
            _terminate(tx, gone)
    fill(tx, row)
    return api.ModifyFleetResult(return_=True)


@op
def delete_fleets(tx: Tx, req: api.DeleteFleetsRequest) -> api.DeleteFleetsResult:
    """Delete fleets, with or without their instances; each that can't be deleted is told of."""
    good: list[Any] = []
    bad: list[Any] = []
    for fleet_id in req.fleet_ids:
        row = tx.find(Fleet, fleet_id)
        problem = None
        if row is None:
            problem = ("fleetIdDoesNotExist", f"The fleet ID '{fleet_id}' does not exist.")
        elif row.fleet_state.startswith("deleted"):
            problem = ("fleetNotInDeletableState", f"The fleet '{fleet_id}' is not in a state to be deleted.")
        elif row.type == "instant" and not req.terminate_instances:
            problem = ("unexpectedError", "NoTerminateInstances option is not supported for instant fleet")
        if row is None or problem is not None:
            assert problem is not None
            bad.append({"FleetId": fleet_id, "Error": {"Code": problem[0], "Message": problem[1]}})
            continue
        live = [each.instance_id for each, _, _ in _live(tx, row)]
        state = "deleted_terminating" if req.terminate_instances else "deleted_running" if live else "deleted"
        if req.terminate_instances:
            _terminate(tx, live)
        tx.update(row, fleet_state="deleted" if req.terminate_instances else state)
        good.append({"FleetId": fleet_id, "CurrentFleetState": state, "PreviousFleetState": row.fleet_state})
    return api.DeleteFleetsResult(successful_fleet_deletions=good, unsuccessful_fleet_deletions=bad)
