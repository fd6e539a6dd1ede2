"""What sends requests to a group's instances: target groups, classic load balancers, other sources."""

from __future__ import annotations

from typing import Any

from sundog.api import autoscaling as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.autoscaling.capacity import members_of, register, unregister
from sundog.services.autoscaling.state import Group, invalid


def _serving(tx: Tx, group: Group) -> list[str]:
    found = members_of(tx, group.auto_scaling_group_name)
    return [member.instance_id for member in found if member.lifecycle_state == "InService"]


def _registered(tx: Tx, group: Group, target_groups: Any, balancers: Any, noun: str) -> None:
    try:
        register(tx, _serving(tx, group), target_groups, balancers)
        for arn in target_groups:
            tx.call("elbv2", "DescribeTargetGroups", target_group_arns=[arn])
    except AwsError as error:
        raise invalid(f"Provided {noun} may not be valid. {error.message}") from None


@op
def attach_load_balancer_target_groups(
    tx: Tx, req: api.AttachLoadBalancerTargetGroupsType
) -> api.AttachLoadBalancerTargetGroupsResultType:
    """Put the group's instances into target groups."""
    row = tx.get(Group, req.auto_scaling_group_name)
    fresh = [arn for arn in req.target_group_arns if arn not in row.target_group_arns]
    _registered(tx, row, fresh, (), "Target Groups")
    tx.update(row, target_group_arns=(*row.target_group_arns, *fresh))
    return api.AttachLoadBalancerTargetGroupsResultType()


@op
def detach_load_balancer_target_groups(
    tx: Tx, req: api.DetachLoadBalancerTargetGroupsType
) -> api.DetachLoadBalancerTargetGroupsResultType:
    """Take the group's instances out of target groups."""
    row = tx.get(Group, req.auto_scaling_group_name)
    gone = set(req.target_group_arns)
    if not gone <= set(row.target_group_arns):
        raise invalid("Trying to remove Target Groups that are not part of the group")
    unregister(tx, _serving(tx, row), req.target_group_arns, ())
    tx.update(row, target_group_arns=tuple(arn for arn in row.target_group_arns if arn not in gone))
    return api.DetachLoadBalancerTargetGroupsResultType()


def _state(row: Group) -> str:
    return "InService" if row.health_check_type == "ELB" else "Added"


@op(page_size=100)
def describe_load_balancer_target_groups(
    tx: Tx, req: api.DescribeLoadBalancerTargetGroupsRequest
) -> api.DescribeLoadBalancerTargetGroupsResponse:
    """List a group's target groups."""
    row = tx.get(Group, req.auto_scaling_group_name)
    state = _state(row)
    return api.DescribeLoadBalancerTargetGroupsResponse(
        load_balancer_target_groups=[
            {"LoadBalancerTargetGroupARN": arn, "State": state} for arn in row.target_group_arns
        ]
    )


@op
def attach_load_balancers(tx: Tx, req: api.AttachLoadBalancersType) -> api.AttachLoadBalancersResultType:
    """Put the group's instances behind classic load balancers."""
    row = tx.get(Group, req.auto_scaling_group_name)
    fresh = [name for name in req.load_balancer_names if name not in row.load_balancer_names]
    _registered(tx, row, (), fresh, "Load Balancers")
    tx.update(row, load_balancer_names=(*row.load_balancer_names, *fresh))
    return api.AttachLoadBalancersResultType()


@op
def detach_load_balancers(tx: Tx, req: api.DetachLoadBalancersType) -> api.DetachLoadBalancersResultType:
    """Take the group's instances away from classic load balancers."""
    row = tx.get(Group, req.auto_scaling_group_name)
    gone = set(req.load_balancer_names)
    if not gone <= set(row.load_balancer_names):
        raise invalid("Trying to remove Load Balancers that are not part of the group")
    unregister(tx, _serving(tx, row), (), req.load_balancer_names)
    tx.update(row, load_balancer_names=tuple(name for name in row.load_balancer_names if name not in gone))
    return api.DetachLoadBalancersResultType()


@op(page_size=100)
def describe_load_balancers(tx: Tx, req: api.DescribeLoadBalancersRequest) -> api.DescribeLoadBalancersResponse:
    """List a group's classic load balancers."""
    row = tx.get(Group, req.auto_scaling_group_name)
    state = _state(row)
    return api.DescribeLoadBalancersResponse(
        load_balancers=[{"LoadBalancerName": name, "State": state} for name in row.load_balancer_names]
    )


def _kind(source: dict[str, Any]) -> str:
    if source.get("Type"):
        return source["Type"]
    identifier = source["Identifier"]
    if ":targetgroup/" in identifier:
        return "vpc-lattice" if ":vpc-lattice:" in identifier else "elbv2"
    return "elb"


@op
def attach_traffic_sources(tx: Tx, req: api.AttachTrafficSourcesType) -> api.AttachTrafficSourcesResultType:
    """Attach sources of any kind."""
    row = tx.get(Group, req.auto_scaling_group_name)
    groups, balancers, others = list(row.target_group_arns), list(row.load_balancer_names), list(row.traffic_sources)
    for source in plain(req.traffic_sources):
        kind, identifier = _kind(source), source["Identifier"]
        if kind == "elbv2" and identifier not in groups:
            _registered(tx, row, [identifier], (), "Target Groups")
            groups.append(identifier)
        elif kind == "elb" and identifier not in balancers:
            _registered(tx, row, (), [identifier], "Load Balancers")
            balancers.append(identifier)
        elif kind == "vpc-lattice" and identifier not in [each["Identifier"] for each in others]:
            others.append({"Identifier": identifier, "Type": kind})
    tx.update(
        row,
        target_group_arns=tuple(groups),
        load_balancer_names=tuple(balancers),
        traffic_sources=tuple(others),
    )
    return api.AttachTrafficSourcesResultType()


@op
def detach_traffic_sources(tx: Tx, req: api.DetachTrafficSourcesType) -> api.DetachTrafficSourcesResultType:
    """Detach sources of any kind."""
    row = tx.get(Group, req.auto_scaling_group_name)
    gone = {source.identifier for source in req.traffic_sources}
    unregister(
        tx,
        _serving(tx, row),
        [arn for arn in row.target_group_arns if arn in gone],
        [name for name in row.load_balancer_names if name in gone],
    )
    tx.update(
        row,
        target_group_arns=tuple(arn for arn in row.target_group_arns if arn not in gone),
        load_balancer_names=tuple(name for name in row.load_balancer_names if name not in gone),
        traffic_sources=tuple(each for each in row.traffic_sources if each["Identifier"] not in gone),
    )
    return api.DetachTrafficSourcesResultType()


@op(page_size=50)
def describe_traffic_sources(tx: Tx, req: api.DescribeTrafficSourcesRequest) -> api.DescribeTrafficSourcesResponse:
    """List a group's sources."""
    row = tx.get(Group, req.auto_scaling_group_name)
    found = [("elbv2", arn) for arn in row.target_group_arns]
    found += [("elb", name) for name in row.load_balancer_names]
    found += [(_kind(each), each["Identifier"]) for each in row.traffic_sources]
    wanted = req.traffic_source_type
    state = _state(row)
    return api.DescribeTrafficSourcesResponse(
        traffic_sources=[
            {"TrafficSource": identifier, "Identifier": identifier, "Type": kind, "State": state}
            for kind, identifier in found
            if wanted in (None, kind)
        ]
    )
