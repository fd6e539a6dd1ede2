"""Spot requests, which are granted at once at any price, and prices by the type's size."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.filter import narrow
from sundog.core.structure import plain
from sundog.services.ec2.instance.option import type_facts
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.capacity import SpotRequest
from sundog.services.ec2.state.compute import SHUTTING_DOWN, STOPPED, STOPPING, TERMINATED, Instance
from sundog.services.ec2.zone import zone_ids

_GRANTED = ("fulfilled", "Your spot request is fulfilled.")
_PER_VCPU = 0.0125
_MESSAGES = {
    "instance-terminated-by-user": "Spot Instance terminated due to user-initiated termination.",
    "instance-stopped-by-user": "Spot Instance stopped due to user-initiated stop.",
    "request-canceled-and-instance-running": "Your Spot request is canceled, but your instance is still running.",
    "canceled-before-fulfillment": "Your Spot request is canceled before it was fulfilled.",
    "pending-evaluation": "Your Spot request has been submitted for review, and is pending evaluation.",
    "schedule-expired": "Your Spot request was not fulfilled by its end.",
}


def status(tx: Tx, code: str) -> dict[str, Any]:
    message = _GRANTED[1] if code == _GRANTED[0] else _MESSAGES[code]
    return {"Code": code, "Message": message, "UpdateTime": moment(tx)}


def spot_price(type_name: str) -> float:
    """What an hour of the type costs here."""
    return type_facts(type_name)["VCpuInfo"]["DefaultVCpus"] * _PER_VCPU


def make_request(tx: Tx, instance: Instance, options: Any, tags: Any) -> SpotRequest:
    """The request that an instance launched on the spot market belongs to."""
    price = options.max_price if options is not None else None
    persistent = options is not None and options.spot_instance_type == "persistent"
    return tx.add(
        SpotRequest(
            spot_instance_request_id=str(instance.spot_instance_request_id),
            create_time=moment(tx),
            instance_id=instance.instance_id,
            launch_specification={
                "ImageId": instance.image_id,
                "InstanceType": instance.instance_type,
                "KeyName": instance.key_name,
                "SubnetId": instance.subnet_id,
                "Placement": {"AvailabilityZone": instance.placement.availability_zone},
                "Monitoring": {"Enabled": instance.monitoring == "enabled"},
            },
            launched_availability_zone=instance.placement.availability_zone,
            product_description="Windows" if instance.traits.platform == "windows" else "Linux/UNIX",
            spot_price=f"{float(price):.6f}" if price else f"{spot_price(instance.instance_type):.6f}",
            state="active",
            status=status(tx, "fulfilled"),
            type="persistent" if persistent else "one-time",
            valid_until=options.valid_until if options is not None else None,
            instance_interruption_behavior=(options and options.instance_interruption_behavior) or "terminate",
        ),
        tags=tags,
    )


def current(tx: Tx, row: SpotRequest) -> SpotRequest:
    """The request as its instance makes it: one that was terminated closes it."""
    instance = tx.find(Instance, row.instance_id) if row.instance_id else None
    if row.state != "active" or row.instance_id is None:
        return row
    if instance is None or instance.state in (SHUTTING_DOWN, TERMINATED):
        return tx.update(row, state="closed", status=status(tx, "instance-terminated-by-user"))
    stopped = instance.state in (STOPPING, STOPPED)
    if stopped and row.status["Code"] == "fulfilled":
        return tx.update(row, state="disabled", status=status(tx, "instance-stopped-by-user"))
    return row


@op
def request_spot_instances(tx: Tx, req: api.RequestSpotInstancesRequest) -> api.RequestSpotInstancesResult:
    """Ask for instances at the spot price; they are launched at once, or when the request's time begins."""
    given = req.launch_specification
    if given is None or not given.image_id:
        raise AwsError("MissingParameter", "The request must contain the parameter LaunchSpecification.ImageId")
    if req.spot_price is not None:
        try:
            good = float(req.spot_price) > 0
        except ValueError:
            good = False
        if not good:
            raise AwsError("InvalidParameterValue", f"Invalid value '{req.spot_price}' for price.")
    if req.valid_from is not None and req.valid_from < tx.now - datetime.timedelta(seconds=1):
        raise AwsError("InvalidTime", "The ValidFrom time must be in the future.")
    if req.valid_until is not None and req.valid_until <= tx.now:
        raise AwsError("InvalidTime", "The ValidUntil time must be in the future.")
    count = 1 if req.instance_count is None else req.instance_count
    if count < 1:
        raise AwsError("InvalidParameterValue", f"Value ({count}) for parameter instanceCount is invalid.")
    specification = plain(given)
    specification.setdefault("InstanceType", "m1.small")
    price = float(req.spot_price) if req.spot_price else spot_price(specification["InstanceType"])
    shown = _response_form(tx, specification)
    answers: list[SpotRequest] = []
    for _ in range(count):
        row = tx.add(
            SpotRequest(
                spot_instance_request_id="sir-" + tx.ids.alnum(8, upper=False),
                create_time=moment(tx),
                launch_specification=shown,
                launch_group=req.launch_group,
                availability_zone_group=req.availability_zone_group,
                spot_price=f"{price:.6f}",
                state="open",
                status=status(tx, "pending-evaluation"),
                type=req.type or "one-time",
                valid_from=req.valid_from,
                valid_until=req.valid_until,
                instance_interruption_behavior=req.instance_interruption_behavior or "terminate",
            ),
            tags=req.tag_specifications,
        )
        answers.append(row)
        if req.valid_from is not None and req.valid_from > tx.now:
            tx.at(req.valid_from, grant, row.spot_instance_request_id, specification)
        else:
            grant(tx, row.spot_instance_request_id, specification)
        if req.valid_until is not None:
            tx.at(req.valid_until, expire, row.spot_instance_request_id)
    return api.RequestSpotInstancesResult(spot_instance_requests=answers)


def _response_form(tx: Tx, given: dict[str, Any]) -> dict[str, Any]:
    """The specification as it is shown: security groups as pairs of id and name, no user data's secrets kept back."""
    made = {name: value for name, value in given.items() if name not in ("SecurityGroupIds", "SecurityGroups")}
    ids, names = given.get("SecurityGroupIds"), given.get("SecurityGroups")
    members: dict[str, Any] = {}
    if ids:
        members["group_ids"] = ids
    if names:
        members["group_names"] = names
    if members:
        found = tx.call("ec2", "DescribeSecurityGroups", **members).security_groups
        made["SecurityGroups"] = [{"GroupId": each.group_id, "GroupName": each.group_name} for each in found]
    made.setdefault("Monitoring", {"Enabled": False})
    return made


def grant(tx: Tx, request_id: str, specification: dict[str, Any]) -> None:
    """Launch the instance of an open request."""
    row = tx.find(SpotRequest, request_id)
    if row is None or row.state != "open":
        return
    wanted = {name: value for name, value in specification.items() if name != "AddressingType"}
    request = api.RunInstancesRequest.of(
        {
            **wanted,
            "MinCount": 1,
            "MaxCount": 1,
            "InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": {"MaxPrice": row.spot_price}},
        }
    )
    members = {name: getattr(request, name) for name, wire in request.wire_.items() if wire in request.raw_}
    made = tx.call("ec2", "RunInstances", **members).instances[0]
    instance = tx.get(Instance, made.instance_id)
    own = tx.find(SpotRequest, instance.spot_instance_request_id)
    if own is not None:
        tx.delete(own)
    tx.update(instance, spot_instance_request_id=request_id, spot_persistent=row.type == "persistent")
    tx.update(
        row,
        state="active",
        status=status(tx, "fulfilled"),
        instance_id=instance.instance_id,
        launched_availability_zone=instance.placement.availability_zone,
        product_description="Windows" if instance.traits.platform == "windows" else "Linux/UNIX",
        launch_specification={
            **row.launch_specification,
            "SubnetId": instance.subnet_id,
            "Placement": {"AvailabilityZone": instance.placement.availability_zone},
        },
    )


def expire(tx: Tx, request_id: str) -> None:
    """A request that wasn't granted in its time."""
    row = tx.find(SpotRequest, request_id)
    if row is not None and row.state == "open":
        tx.update(row, state="closed", status=status(tx, "schedule-expired"))


@op
def describe_spot_instance_requests(
    tx: Tx, req: api.DescribeSpotInstanceRequestsRequest
) -> api.DescribeSpotInstanceRequestsResult:
    """List spot requests."""
    for row in list(tx.select(SpotRequest)):
        current(tx, row)
    rows = tx.search(SpotRequest, ids=req.spot_instance_request_ids, filters=req.filters)
    return api.DescribeSpotInstanceRequestsResult(spot_instance_requests=rows)


@op
def cancel_spot_instance_requests(
    tx: Tx, req: api.CancelSpotInstanceRequestsRequest
) -> api.CancelSpotInstanceRequestsResult:
    """Cancel requests; their instances run on."""
    answers: list[Any] = []
    for row in tx.get_all(SpotRequest, dict.fromkeys(req.spot_instance_request_ids)):
        row = current(tx, row)
        if row.state in ("open", "active", "disabled"):
            code = "canceled-before-fulfillment" if row.state == "open" else "request-canceled-and-instance-running"
            row = tx.update(row, state="cancelled", status=status(tx, code))
        answers.append({"SpotInstanceRequestId": row.spot_instance_request_id, "State": row.state})
    return api.CancelSpotInstanceRequestsResult(cancelled_spot_instance_requests=answers)


_HISTORY_FILTERS = {
    "availability-zone": "AvailabilityZone",
    "availability-zone-id": "AvailabilityZoneId",
    "instance-type": "InstanceType",
    "product-description": "ProductDescription",
    "spot-price": "SpotPrice",
    "timestamp": "Timestamp",
}
_COMMON = ("t3.micro", "t3.small", "t3.medium", "m5.large", "m5.xlarge", "c5.large", "c5.xlarge", "r5.large")
_PRODUCTS = ("Linux/UNIX", "Windows")


@op(page_size=1000)
def describe_spot_price_history(tx: Tx, req: api.DescribeSpotPriceHistoryRequest) -> api.DescribeSpotPriceHistoryResult:
    """List prices, the latest of each type, product and zone; prices here don't move."""
    zones = zone_ids(tx)
    wanted = [name for name in zones if req.availability_zone in (None, name)]
    if req.availability_zone is not None and not wanted:
        raise AwsError("InvalidParameterValue", f"Invalid availability zone: [{req.availability_zone}]")
    if req.availability_zone_id is not None:
        wanted = [name for name in wanted if zones[name] == req.availability_zone_id]
    named = [value for item in req.filters or () if item.name == "instance-type" for value in item.values or ()]
    types = req.instance_types or [name for name in named if "*" not in name and "?" not in name] or _COMMON
    products = [name.replace(" (Amazon VPC)", "") for name in req.product_descriptions or _PRODUCTS]
    when = req.start_time or moment(tx)
    found: list[dict[str, Any]] = []
    for type_name in types:
        for product in products:
            price = spot_price(type_name) * (1.8 if product == "Windows" else 1)
            found.extend(
                {
                    "AvailabilityZone": zone,
                    "AvailabilityZoneId": zones[zone],
                    "InstanceType": type_name,
                    "ProductDescription": product,
                    "SpotPrice": f"{price:.6f}",
                    "Timestamp": when,
                }
                for zone in wanted
            )
    return api.DescribeSpotPriceHistoryResult(spot_price_history=narrow(found, req.filters, _HISTORY_FILTERS))
