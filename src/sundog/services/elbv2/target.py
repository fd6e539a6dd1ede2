"""Targets: registered, seen to be healthy or not, and drained."""

from __future__ import annotations

import datetime
import ipaddress
from typing import Any

from msgspec.structs import replace

from sundog.api import elbv2 as api
from sundog.core import Tx, op
from sundog.services.elbv2.action import balancers_of
from sundog.services.elbv2.common import invalid
from sundog.services.elbv2.state import LoadBalancer, Target, TargetGroup
from sundog.services.elbv2.target_group import get_target_group

MAX_TARGETS = 1000
_PRIVATE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]


def _instances(tx: Tx, ids: list[str]) -> dict[str, Any]:
    if not ids:
        return {}
    filters = [{"Name": "instance-id", "Values": ids}]
    found = tx.call("ec2", "DescribeInstances", filters=filters)
    return {row.instance_id: row for group in found.reservations for row in group.instances}


def _check_targets(tx: Tx, group: TargetGroup, targets: list[Any]) -> None:
    ids = [item.id for item in targets]
    if group.target_type == "instance":
        wrong = [each for each in ids if not each.startswith("i-")]
        if wrong:
            raise invalid(f"Instance ID '{wrong[0]}' is not valid")
        known = _instances(tx, ids)
        missing = [each for each in ids if each not in known]
        if missing:
            raise api.InvalidTargetException(f"The following targets are not valid instances: '{', '.join(missing)}'")
        idle = [each for each in ids if known[each].state.name != "running"]
        if idle:
            raise api.InvalidTargetException(
                f"The following targets are not in a running state and cannot be registered: '{', '.join(idle)}'"
            )
        foreign = [each for each in ids if known[each].vpc_id != group.vpc_id]
        if foreign:
            raise api.InvalidTargetException(
                f"The following targets are not in the target group VPC '{group.vpc_id}': '{', '.join(foreign)}'"
            )
    elif group.target_type == "ip":
        for item in targets:
            _check_address(tx, group, item)
    elif group.target_type == "lambda":
        if len(ids) + len(group.targets) > 1 and {*ids} != {target.id for target in group.targets}:
            raise api.TooManyTargetsException("A target group with target type 'lambda' can have one target")
        for each in ids:
            if not each.startswith("arn:") or ":lambda:" not in each:
                raise invalid(f"'{each}' is not a valid Lambda function ARN")
    else:
        for each in ids:
            balancer = tx.find(LoadBalancer, each)
            if balancer is None or balancer.type != "application":
                raise api.InvalidTargetException(f"The target '{each}' is not a valid application load balancer")


def _check_address(tx: Tx, group: TargetGroup, item: Any) -> None:
    try:
        address = ipaddress.ip_address(item.id)
    except ValueError:
        raise invalid(f"The IP address '{item.id}' is not a valid IPv4 address") from None
    if address.version == 6 or item.availability_zone == "all":
        return
    vpc = tx.call("ec2", "DescribeVpcs", vpc_ids=[group.vpc_id]).vpcs[0]
    blocks = [ipaddress.ip_network(each.cidr_block) for each in vpc.cidr_block_association_set]
    if any(address in block for block in blocks):
        return
    if not any(address in block for block in _PRIVATE):
        raise invalid(f"The IP address '{item.id}' is not from a private range")
    raise invalid(f"You must specify 'all' as the Availability Zone for the IP address '{item.id}'")


def _port(group: TargetGroup, item: Any) -> int | None:
    return item.port if item.port is not None else group.port


@op
def register_targets(tx: Tx, req: api.RegisterTargetsInput) -> api.RegisterTargetsOutput:
    """Send requests to more targets."""
    group = get_target_group(tx, req.target_group_arn)
    _check_targets(tx, group, req.targets)
    found = {(target.id, target.port): target for target in group.targets}
    for item in req.targets:
        key = (item.id, _port(group, item))
        if key not in found or found[key].until is not None:
            found[key] = Target(
                id=item.id,
                port=key[1],
                availability_zone=item.availability_zone,
                quic_server_id=item.quic_server_id,
                since=tx.now,
            )
    if len(found) > MAX_TARGETS:
        raise api.TooManyTargetsException("The maximum number of targets for the target group has been reached.")
    tx.update(group, targets=tuple(found.values()))
    return api.RegisterTargetsOutput()


@op
def deregister_targets(tx: Tx, req: api.DeregisterTargetsInput) -> api.DeregisterTargetsOutput:
    """Send no more requests to targets; with delays they drain first."""
    group = get_target_group(tx, req.target_group_arn)
    delay = int(group.attributes.get("deregistration_delay.timeout_seconds", "0"))
    until = None
    if tx.setting("delays") and delay and balancers_of(tx, group.target_group_arn):
        until = tx.now + datetime.timedelta(seconds=delay)
        tx.at(until, forget_drained, group.target_group_arn)
    left: list[Target] = []
    for target in group.targets:
        gone = any(item.id == target.id and (item.port is None or item.port == target.port) for item in req.targets)
        if not gone:
            left.append(target)
        elif until is not None:
            left.append(replace(target, until=until))
    tx.update(group, targets=tuple(left))
    return api.DeregisterTargetsOutput()


def forget_drained(tx: Tx, target_group_arn: str) -> None:
    """Targets that have drained are gone."""
    group = tx.find(TargetGroup, target_group_arn)
    if group is not None:
        left = tuple(target for target in group.targets if target.until is None or target.until > tx.now)
        tx.update(group, targets=left)


@op
def describe_target_health(tx: Tx, req: api.DescribeTargetHealthInput) -> api.DescribeTargetHealthOutput:
    """Tell how the targets are: all, or those named."""
    group = get_target_group(tx, req.target_group_arn)
    used = balancers_of(tx, group.target_group_arn)
    kind = group.target_type
    instances = _instances(tx, [target.id for target in group.targets]) if kind == "instance" else {}
    zones = {zone.zone_name for each in used for zone in _zones(tx, each)}
    answers: list[Any] = []
    if req.targets:
        for item in req.targets:
            if kind == "instance" and not _known(tx, group, item.id):
                raise api.InvalidTargetException(f"The following targets are not valid instances: '{item.id}'")
            matches = [
                target
                for target in group.targets
                if target.id == item.id and (item.port is None or item.port == target.port)
            ]
            if not matches:
                answers.append(
                    api.TargetHealthDescription(
                        target={"Id": item.id, "Port": _port(group, item)},
                        target_health=_health(
                            "unused", "Target.NotRegistered", "Target is not registered to the target group"
                        ),
                    )
                )
            answers.extend(_described(tx, group, target, used, instances, zones) for target in matches)
    else:
        answers = [_described(tx, group, target, used, instances, zones) for target in group.targets]
    if "AnomalyDetection" in (req.include or ()) or "All" in (req.include or ()):
        for answer in answers:
            answer.anomaly_detection = {"Result": "normal", "MitigationInEffect": "no"}
    return api.DescribeTargetHealthOutput(target_health_descriptions=answers)


def _known(tx: Tx, group: TargetGroup, instance_id: str) -> bool:
    return any(target.id == instance_id for target in group.targets) or bool(_instances(tx, [instance_id]))


def _zones(tx: Tx, load_balancer_arn: str) -> Any:
    row = tx.find(LoadBalancer, load_balancer_arn)
    return row.availability_zones if row is not None else ()


def _health(state: str, reason: str | None = None, description: str | None = None) -> dict[str, str | None]:
    return {"State": state, "Reason": reason, "Description": description}


def _described(
    tx: Tx, group: TargetGroup, target: Target, used: list[str], instances: dict[str, Any], zones: set[str]
) -> Any:
    instance = instances.get(target.id)
    check = None
    if group.target_type != "lambda":
        port = group.health_check_port
        check = str(target.port) if port in (None, "traffic-port") else port
    shown = {
        "Id": target.id,
        "Port": target.port if group.target_type != "lambda" else None,
        "AvailabilityZone": target.availability_zone,
        "QuicServerId": target.quic_server_id,
    }
    return api.TargetHealthDescription(
        target=shown,
        health_check_port=check,
        target_health=_state(tx, group, target, used, instance, zones),
    )


def _state(tx: Tx, group: TargetGroup, target: Target, used: list[str], instance: Any, zones: set[str]) -> Any:
    if not used:
        return _health(
            "unused",
            "Target.NotInUse",
            "Target group is not configured to receive traffic from the load balancer",
        )
    if target.until is not None:
        return _health("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
    if group.target_type == "instance":
        state = instance.state.name if instance is not None else "terminated"
        if state != "running":
            return _health("unused", "Target.InvalidState", f"Target is in the {state} state")
        if zones and instance.placement.availability_zone not in zones:
            return _health(
                "unused",
                "Target.NotInUse",
                "Target is in an Availability Zone that is not enabled for the load balancer",
            )
    if not group.health_check_enabled:
        return _health(
            "unavailable", "Target.HealthCheckDisabled", "Health checks are not enabled for this target group"
        )
    if tx.setting("delays"):
        checks = group.healthy_threshold_count if group.protocol not in ("HTTP", "HTTPS") else 1
        if tx.now < target.since + datetime.timedelta(seconds=checks * group.health_check_interval_seconds):
            return _health("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
    return _health("healthy")
