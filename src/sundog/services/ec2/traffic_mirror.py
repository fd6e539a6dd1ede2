"""Traffic mirroring: targets and sessions."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.state.endpoint import VpcEndpoint
from sundog.services.ec2.state.interface import NetworkInterface
from sundog.services.ec2.state.traffic_mirror import TrafficMirrorFilter, TrafficMirrorSession, TrafficMirrorTarget

_LAST_SESSION = 32766


@op
def create_traffic_mirror_target(
    tx: Tx, req: api.CreateTrafficMirrorTargetRequest
) -> api.CreateTrafficMirrorTargetResult:
    """Name an interface, a load balancer or an endpoint that packets may be sent to."""
    kinds = {
        "network-interface": req.network_interface_id,
        "network-load-balancer": req.network_load_balancer_arn,
        "gateway-load-balancer-endpoint": req.gateway_load_balancer_endpoint_id,
    }
    named = [kind for kind, value in kinds.items() if value]
    if len(named) != 1:
        raise AwsError(
            "InvalidParameterCombination" if named else "MissingParameter",
            "The request must contain exactly one of NetworkInterfaceId, NetworkLoadBalancerArn, "
            "GatewayLoadBalancerEndpointId",
        )
    if req.network_interface_id:
        tx.get(NetworkInterface, req.network_interface_id)
    if req.gateway_load_balancer_endpoint_id:
        tx.get(VpcEndpoint, req.gateway_load_balancer_endpoint_id)
    row = TrafficMirrorTarget(
        traffic_mirror_target_id=tx.new_id("tmt"),
        owner_id=tx.account,
        type=named[0],
        network_interface_id=req.network_interface_id,
        network_load_balancer_arn=req.network_load_balancer_arn,
        gateway_load_balancer_endpoint_id=req.gateway_load_balancer_endpoint_id,
        description=req.description,
    )
    made = tx.add(row, tags=req.tag_specifications)
    return api.CreateTrafficMirrorTargetResult(traffic_mirror_target=made, client_token=req.client_token)


@op
def describe_traffic_mirror_targets(
    tx: Tx, req: api.DescribeTrafficMirrorTargetsRequest
) -> api.DescribeTrafficMirrorTargetsResult:
    """List targets."""
    found = tx.search(TrafficMirrorTarget, ids=req.traffic_mirror_target_ids, filters=req.filters)
    return api.DescribeTrafficMirrorTargetsResult(traffic_mirror_targets=found)


def check_unused(tx: Tx, field: str, value: str) -> None:
    """Refuse to delete what a session uses."""
    session = tx.select(TrafficMirrorSession, **{field: value}).first()
    if session is not None:
        raise AwsError("DependencyViolation", f"{value} is in use by {session.traffic_mirror_session_id}")


@op
def delete_traffic_mirror_target(
    tx: Tx, req: api.DeleteTrafficMirrorTargetRequest
) -> api.DeleteTrafficMirrorTargetResult:
    """Delete a target that no session uses."""
    row = tx.get(TrafficMirrorTarget, req.traffic_mirror_target_id)
    check_unused(tx, "traffic_mirror_target_id", row.traffic_mirror_target_id)
    tx.delete(row)
    return api.DeleteTrafficMirrorTargetResult(traffic_mirror_target_id=row.traffic_mirror_target_id)


def _check_number(tx: Tx, interface_id: str, number: int, own: str | None = None) -> None:
    if not 1 <= number <= _LAST_SESSION:
        raise AwsError("InvalidParameterValue", f"Value ({number}) for parameter SessionNumber is invalid.")
    for row in tx.select(TrafficMirrorSession, network_interface_id=interface_id):
        if row.session_number == number and row.traffic_mirror_session_id != own:
            raise AwsError(
                "TrafficMirrorSessionNumberInUse", f"The session number {number} is already used by {interface_id}."
            )


@op
def create_traffic_mirror_session(
    tx: Tx, req: api.CreateTrafficMirrorSessionRequest
) -> api.CreateTrafficMirrorSessionResult:
    """Mirror an interface's traffic, as a filter says, to a target."""
    interface = tx.get(NetworkInterface, req.network_interface_id)
    target = tx.get(TrafficMirrorTarget, req.traffic_mirror_target_id)
    wanted = tx.get(TrafficMirrorFilter, req.traffic_mirror_filter_id)
    _check_number(tx, interface.network_interface_id, req.session_number)
    network = req.virtual_network_id
    row = TrafficMirrorSession(
        traffic_mirror_session_id=tx.new_id("tms"),
        traffic_mirror_target_id=target.traffic_mirror_target_id,
        traffic_mirror_filter_id=wanted.traffic_mirror_filter_id,
        network_interface_id=interface.network_interface_id,
        owner_id=tx.account,
        session_number=req.session_number,
        packet_length=req.packet_length,
        virtual_network_id=tx.ids.random.randrange(1, 1 << 24) if network is None else network,
        description=req.description,
    )
    made = tx.add(row, tags=req.tag_specifications)
    return api.CreateTrafficMirrorSessionResult(traffic_mirror_session=made, client_token=req.client_token)


@op
def describe_traffic_mirror_sessions(
    tx: Tx, req: api.DescribeTrafficMirrorSessionsRequest
) -> api.DescribeTrafficMirrorSessionsResult:
    """List sessions."""
    found = tx.search(TrafficMirrorSession, ids=req.traffic_mirror_session_ids, filters=req.filters)
    return api.DescribeTrafficMirrorSessionsResult(traffic_mirror_sessions=found)


@op
def modify_traffic_mirror_session(
    tx: Tx, req: api.ModifyTrafficMirrorSessionRequest
) -> api.ModifyTrafficMirrorSessionResult:
    """Change a session."""
    row = tx.get(TrafficMirrorSession, req.traffic_mirror_session_id)
    changes: dict[str, Any] = {
        name: value
        for name in ("packet_length", "session_number", "virtual_network_id", "description")
        if (value := getattr(req, name)) is not None
    }
    if req.traffic_mirror_target_id is not None:
        changes["traffic_mirror_target_id"] = tx.get(
            TrafficMirrorTarget, req.traffic_mirror_target_id
        ).traffic_mirror_target_id
    if req.traffic_mirror_filter_id is not None:
        changes["traffic_mirror_filter_id"] = tx.get(
            TrafficMirrorFilter, req.traffic_mirror_filter_id
        ).traffic_mirror_filter_id
    if "session_number" in changes:
        _check_number(tx, row.network_interface_id, changes["session_number"], row.traffic_mirror_session_id)
    for field in req.remove_fields or ():
        changes[field.replace("-", "_")] = (
            tx.ids.random.randrange(1, 1 << 24) if field == "virtual-network-id" else None
        )
    return api.ModifyTrafficMirrorSessionResult(traffic_mirror_session=tx.update(row, **changes))


@op
def delete_traffic_mirror_session(
    tx: Tx, req: api.DeleteTrafficMirrorSessionRequest
) -> api.DeleteTrafficMirrorSessionResult:
    """Mirror an interface's traffic no longer."""
    row = tx.get(TrafficMirrorSession, req.traffic_mirror_session_id)
    tx.delete(row)
    return api.DeleteTrafficMirrorSessionResult(traffic_mirror_session_id=row.traffic_mirror_session_id)
