"""Instances behind classic load balancers, and their health."""

from __future__ import annotations

import datetime
import re
from typing import Any

from sundog.api import elb as api
from sundog.core import AwsError, Tx, op
from sundog.services.elb.state import HealthCheck, LoadBalancer

_TARGET = re.compile(r"(?:(?:TCP|SSL):\d{1,5}|(?:HTTP|HTTPS):\d{1,5}/.*)")
_BATCH = 200


def _states(tx: Tx, ids: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(ids), _BATCH):
        filters = [{"Name": "instance-id", "Values": ids[start : start + _BATCH]}]
        for reservation in tx.call("ec2", "DescribeInstances", filters=filters).reservations:
            found.update((each.instance_id, each.state.name) for each in reservation.instances)
    return found


@op
def register_instances_with_load_balancer(tx: Tx, req: api.RegisterEndPointsInput) -> api.RegisterEndPointsOutput:
    """Send requests to more instances."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    ids = [item.instance_id for item in req.instances]
    states = _states(tx, ids)
    for each in ids:
        if states.get(each, "terminated") == "terminated":
            raise api.InvalidEndPointException(f"Could not find EC2 instance {each}.")
    found = dict(row.instances)
    for each in ids:
        found.setdefault(each, tx.now)
    tx.update(row, instances=tuple(found.items()))
    return api.RegisterEndPointsOutput(instances=[{"InstanceId": each} for each in found])


@op
def deregister_instances_from_load_balancer(tx: Tx, req: api.DeregisterEndPointsInput) -> api.DeregisterEndPointsOutput:
    """Send no more requests to instances."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    found = dict(row.instances)
    for item in req.instances:
        if item.instance_id not in found and item.instance_id not in _states(tx, [item.instance_id]):
            raise api.InvalidEndPointException(f"Could not find EC2 instance {item.instance_id}.")
        found.pop(item.instance_id, None)
    tx.update(row, instances=tuple(found.items()))
    return api.DeregisterEndPointsOutput(instances=[{"InstanceId": each} for each in found])


@op
def describe_instance_health(tx: Tx, req: api.DescribeEndPointStateInput) -> api.DescribeEndPointStateOutput:
    """Tell how instances are: all, or those named."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    known = dict(row.instances)
    wanted = [item.instance_id for item in req.instances] if req.instances else list(known)
    states = _states(tx, wanted)
    answers: list[Any] = []
    for each in wanted:
        if each not in known and states.get(each) is None:
            raise api.InvalidEndPointException(f"Could not find EC2 instance {each}.")
        code, description, state = "N/A", "N/A", "InService"
        if each not in known:
            code, state = "Instance", "OutOfService"
            description = "Instance is not currently registered with the LoadBalancer."
        elif states.get(each, "terminated") != "running":
            code, state = "Instance", "OutOfService"
            description = f"Instance is in {states.get(each, 'terminated')} state."
        elif tx.setting("delays"):
            check = row.health_check
            after = known[each] + datetime.timedelta(seconds=check.interval * check.healthy_threshold)
            if tx.now < after:
                code, state, description = "ELB", "OutOfService", "Instance registration is still in progress."
        answers.append({"InstanceId": each, "State": state, "ReasonCode": code, "Description": description})
    return api.DescribeEndPointStateOutput(instance_states=answers)


@op
def configure_health_check(tx: Tx, req: api.ConfigureHealthCheckInput) -> api.ConfigureHealthCheckOutput:
    """Choose how health is seen."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    given = req.health_check
    if given.target.startswith("HTTP") and "/" not in given.target:
        raise AwsError(
            "ValidationError",
            "HealthCheck HTTP Target must specify a port followed by a path that begins with a slash. e.g. "
            "HTTP:80/ping/this/path",
        )
    if _TARGET.fullmatch(given.target) is None:
        raise AwsError("ValidationError", f"HealthCheck Target {given.target} is not valid")
    if given.timeout >= given.interval:
        raise AwsError("ValidationError", "HealthCheck timeout must be less than interval. "
                       f"Timeout: {given.timeout} Interval: {given.interval}")  # fmt: skip
    check = HealthCheck(
        target=given.target,
        interval=given.interval,
        timeout=given.timeout,
        unhealthy_threshold=given.unhealthy_threshold,
        healthy_threshold=given.healthy_threshold,
    )
    tx.update(row, health_check=check)
    return api.ConfigureHealthCheckOutput(health_check=check)
