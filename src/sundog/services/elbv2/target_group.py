"""Target groups."""

from __future__ import annotations

from typing import Any

from sundog.api import elbv2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.elbv2.action import balancers_of
from sundog.services.elbv2.attribute import target_group_attributes
from sundog.services.elbv2.common import arn, checked_arn, checked_name, checked_tags, invalid, new_part
from sundog.services.elbv2.state import LoadBalancer, TargetGroup

PROTOCOLS = ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC")
_HTTP = ("HTTP", "HTTPS")


def get_target_group(tx: Tx, target_group_arn: str) -> TargetGroup:
    """The target group that a request names."""
    return tx.get(TargetGroup, checked_arn(target_group_arn, "targetgroup"))


def shown(tx: Tx, row: TargetGroup) -> Any:
    """A target group as it is answered."""
    made = api.TargetGroup(load_balancer_arns=balancers_of(tx, row.target_group_arn))
    for name in TargetGroup.__struct_fields__:
        if name in api.TargetGroup.wire_:
            setattr(made, name, getattr(row, name))
    return made


def _check_place(req: Any, kind: str) -> None:
    if kind == "lambda":
        for name, given in (("protocol", req.protocol), ("port", req.port), ("VPC ID", req.vpc_id)):
            if given is not None:
                raise invalid(f"A {name} cannot be specified for target groups with target type 'lambda'")
        return
    if req.protocol is None:
        raise invalid("A protocol must be specified")
    if req.port is None:
        raise invalid("A port must be specified")
    if req.vpc_id is None:
        raise invalid("A VPC ID must be specified")
    if req.protocol not in PROTOCOLS:
        raise invalid(
            f"1 validation error detected: Value '{req.protocol}' at 'protocol' failed to satisfy constraint: Member "
            f"must satisfy enum value set: [{', '.join(PROTOCOLS)}]"
        )
    if kind == "alb" and req.protocol != "TCP":
        raise invalid(f"Protocol '{req.protocol}' is not supported for target groups with target type 'alb'")
    if req.protocol_version is not None and req.protocol not in _HTTP:
        raise invalid(f"Protocol version is not supported with the protocol '{req.protocol}'")


def _check_vpc(tx: Tx, vpc_id: str) -> None:
    try:
        tx.call("ec2", "DescribeVpcs", vpc_ids=[vpc_id])
    except AwsError:
        raise invalid(f"The VPC ID '{vpc_id}' is not found") from None


def _matcher(given: Any, protocol: str | None, version: str | None, kind: str) -> dict[str, str] | None:
    if given is not None:
        found = {"HttpCode": given.http_code} if given.http_code is not None else {}
        if given.grpc_code is not None:
            found["GrpcCode"] = given.grpc_code
        code = given.http_code
        if code is not None and not _good_codes(code):
            raise invalid(f"Health check matcher HTTP code '{code}' must be within '200-499' inclusive")
        return found
    if version == "GRPC":
        return {"GrpcCode": "12"}
    if protocol in _HTTP:
        return {"HttpCode": "200-399" if kind == "network" else "200"}
    return None


def _good_codes(text: str) -> bool:
    for part in text.split(","):
        ends = part.strip().split("-")
        if len(ends) > 2 or not all(end.isdecimal() and 200 <= int(end) <= 499 for end in ends):
            return False
    return True


def _check_health(values: dict[str, Any]) -> None:
    interval, timeout = values["health_check_interval_seconds"], values["health_check_timeout_seconds"]
    path = values.get("health_check_path")
    if not 5 <= interval <= 300:
        raise invalid(f"Health check interval '{interval}' must be between 5 and 300 inclusive")
    if not 2 <= timeout <= 120:
        raise invalid(f"Health check timeout '{timeout}' must be between 2 and 120 inclusive")
    if timeout >= interval and values["health_check_protocol"] in _HTTP:
        raise invalid(
            f"Health check timeout '{timeout}' must be smaller than or equal to the interval '{interval}'"
            if timeout > interval
            else f"Health check timeout '{timeout}' must be smaller than the interval '{interval}'"
        )
    for name, count in (
        ("Healthy", values["healthy_threshold_count"]),
        ("Unhealthy", values["unhealthy_threshold_count"]),
    ):
        if not 2 <= count <= 10:
            raise invalid(f"{name} threshold count '{count}' must be between 2 and 10 inclusive")
    if path is not None and (len(path) > 1024 or not path.startswith("/")):
        raise invalid(
            f"Health check path '{path}' cannot be longer than '1024' characters"
            if len(path) > 1024
            else f"Health check path '{path}' must begin with a '/' character"
        )


@op
def create_target_group(tx: Tx, req: api.CreateTargetGroupInput) -> api.CreateTargetGroupOutput:
    """Make a target group; the same request again answers with the one that is there."""
    checked_name(req.name, "Target group")
    kind = req.target_type or "instance"
    _check_place(req, kind)
    if req.vpc_id is not None:
        _check_vpc(tx, req.vpc_id)
    layer_7 = req.protocol in _HTTP
    version = req.protocol_version or ("HTTP1" if layer_7 else None)
    check = req.health_check_protocol
    if check is None and kind != "lambda":
        check = "HTTP" if layer_7 or kind == "alb" else "TCP"
        if req.protocol == "HTTPS":
            check = "HTTPS"
    http = check in _HTTP
    enabled = req.health_check_enabled if req.health_check_enabled is not None else kind != "lambda"
    if not enabled and kind != "lambda":
        raise invalid(f"Health checks cannot be disabled for target groups with target type '{kind}'")
    values: dict[str, Any] = {
        "target_type": kind,
        "protocol": req.protocol,
        "protocol_version": version,
        "port": req.port,
        "vpc_id": req.vpc_id,
        "ip_address_type": req.ip_address_type or (None if kind == "lambda" else "ipv4"),
        "target_control_port": req.target_control_port,
        "health_check_protocol": check,
        "health_check_port": req.health_check_port or (None if kind == "lambda" else "traffic-port"),
        "health_check_enabled": enabled,
        "health_check_interval_seconds": _or(
            req.health_check_interval_seconds, 35 if kind == "lambda" else 10 if req.protocol == "GENEVE" else 30
        ),
        "health_check_timeout_seconds": _or(
            req.health_check_timeout_seconds,
            30 if kind == "lambda" else 5 if layer_7 or req.protocol == "GENEVE" else 6 if check == "HTTP" else 10,
        ),
        "healthy_threshold_count": _or(req.healthy_threshold_count, 5),
        "unhealthy_threshold_count": _or(req.unhealthy_threshold_count, 2),
        "health_check_path": req.health_check_path
        or (("/AWS.ALB/healthcheck" if version == "GRPC" else "/") if http or kind == "lambda" else None),
        "matcher": _matcher(
            req.matcher, "HTTP" if http or kind == "lambda" else None, version, "application" if layer_7 else "network"
        )
        if kind != "lambda" or req.matcher is not None
        else {"HttpCode": "200"},
    }
    _check_health(values)
    tags = checked_tags(req.tags)
    existing = tx.select(TargetGroup, target_group_name=req.name).first()
    if existing is not None:
        if all(getattr(existing, name) == value for name, value in values.items()):
            return api.CreateTargetGroupOutput(target_groups=[shown(tx, existing)])
        raise api.DuplicateTargetGroupNameException(
            f"A target group with the same name '{req.name}' exists, but with different settings"
        )
    row = tx.add(
        TargetGroup(
            target_group_arn=arn(tx, f"targetgroup/{req.name}/{new_part(tx)}"),
            target_group_name=req.name,
            attributes=target_group_attributes(kind, req.protocol),
            tags=tags,
            **values,
        )
    )
    return api.CreateTargetGroupOutput(target_groups=[shown(tx, row)])


def _or(given: int | None, default: int) -> int:
    return default if given is None else given


@op(page_size=400)
def describe_target_groups(tx: Tx, req: api.DescribeTargetGroupsInput) -> api.DescribeTargetGroupsOutput:
    """List target groups: all, those named, or a load balancer's."""
    ways = [way for way in (req.load_balancer_arn, req.target_group_arns, req.names) if way]
    if len(ways) > 1:
        raise invalid("You cannot specify more than one of load balancer ARN, target group ARNs, and names")
    if req.target_group_arns:
        rows = rows_of([get_target_group(tx, each) for each in dict.fromkeys(req.target_group_arns)])
    elif req.names:
        found = [tx.select(TargetGroup, target_group_name=name).first() for name in dict.fromkeys(req.names)]
        if None in found:
            raise api.TargetGroupNotFoundException("One or more target groups not found")
        rows = rows_of(found)
    elif req.load_balancer_arn is not None:
        balancer = tx.get(LoadBalancer, checked_arn(req.load_balancer_arn, "loadbalancer"))
        rows = tx.select(TargetGroup).where(
            lambda row: balancer.load_balancer_arn in balancers_of(tx, row.target_group_arn)
        )
    else:
        rows = tx.select(TargetGroup)
    return api.DescribeTargetGroupsOutput(target_groups=rows.map(lambda row: shown(tx, row)))


@op
def modify_target_group(tx: Tx, req: api.ModifyTargetGroupInput) -> api.ModifyTargetGroupOutput:
    """Change how health is checked."""
    row = get_target_group(tx, req.target_group_arn)
    given: dict[str, Any] = {
        "health_check_protocol": req.health_check_protocol,
        "health_check_port": req.health_check_port,
        "health_check_path": req.health_check_path,
        "health_check_enabled": req.health_check_enabled,
        "health_check_interval_seconds": req.health_check_interval_seconds,
        "health_check_timeout_seconds": req.health_check_timeout_seconds,
        "healthy_threshold_count": req.healthy_threshold_count,
        "unhealthy_threshold_count": req.unhealthy_threshold_count,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if req.matcher is not None:
        changes["matcher"] = _matcher(req.matcher, row.protocol, row.protocol_version, "application")
    values = {name: getattr(row, name) for name in given}
    _check_health({**values, **changes})
    return api.ModifyTargetGroupOutput(target_groups=[shown(tx, tx.update(row, **changes))])


@op
def delete_target_group(tx: Tx, req: api.DeleteTargetGroupInput) -> api.DeleteTargetGroupOutput:
    """Delete a target group that nothing forwards to; one that isn't there is no error."""
    row = tx.find(TargetGroup, checked_arn(req.target_group_arn, "targetgroup"))
    if row is not None:
        if balancers_of(tx, row.target_group_arn):
            raise api.ResourceInUseException(
                f"Target group '{row.target_group_arn}' is currently in use by a listener or a rule"
            )
        tx.delete(row)
    return api.DeleteTargetGroupOutput()
