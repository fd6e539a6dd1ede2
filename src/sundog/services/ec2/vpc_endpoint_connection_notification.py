"""Topics that are told when endpoints connect, are accepted or rejected, or go."""

from __future__ import annotations

import json
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.deliver import Event, deliver
from sundog.services.ec2.endpoint_service_lookup import service_owner
from sundog.services.ec2.state.endpoint import ConnectionNotification, EndpointService, VpcEndpoint

EVENTS = ("Accept", "Connect", "Delete", "Reject")


@op
def create_vpc_endpoint_connection_notification(
    tx: Tx, req: api.CreateVpcEndpointConnectionNotificationRequest
) -> api.CreateVpcEndpointConnectionNotificationResult:
    """Name a topic for an endpoint's or a service's events."""
    if bool(req.service_id) == bool(req.vpc_endpoint_id):
        raise AwsError(
            "InvalidParameterCombination", "The request must contain exactly one of ServiceId, VpcEndpointId"
        )
    if req.service_id:
        tx.get(EndpointService, req.service_id)
    else:
        tx.get(VpcEndpoint, req.vpc_endpoint_id)
    made = tx.add(
        ConnectionNotification(
            connection_notification_id=tx.new_id("vpce-nfn"),
            service_id=req.service_id,
            vpc_endpoint_id=req.vpc_endpoint_id,
            connection_notification_arn=_checked_topic(req.connection_notification_arn),
            connection_events=_checked_events(req.connection_events),
        )
    )
    return api.CreateVpcEndpointConnectionNotificationResult(
        connection_notification=made, client_token=req.client_token
    )


def _checked_topic(arn: str) -> str:
    if arn.count(":") != 5 or arn.split(":")[2] != "sns":
        raise AwsError("InvalidParameter", f"{arn} is not a valid SNS topic ARN")
    return arn


def _checked_events(events: list[str]) -> tuple[str, ...]:
    for event in events:
        if event not in EVENTS:
            raise AwsError("InvalidParameter", f"{event} is not a valid connection event")
    return tuple(events)


@op
def describe_vpc_endpoint_connection_notifications(
    tx: Tx, req: api.DescribeVpcEndpointConnectionNotificationsRequest
) -> api.DescribeVpcEndpointConnectionNotificationsResult:
    """List notifications."""
    ids = [req.connection_notification_id] if req.connection_notification_id else None
    found = tx.search(ConnectionNotification, ids=ids, filters=req.filters)
    return api.DescribeVpcEndpointConnectionNotificationsResult(connection_notification_set=found)


@op
def modify_vpc_endpoint_connection_notification(
    tx: Tx, req: api.ModifyVpcEndpointConnectionNotificationRequest
) -> api.ModifyVpcEndpointConnectionNotificationResult:
    """Change which topic is told of what."""
    row = tx.get(ConnectionNotification, req.connection_notification_id)
    changes: dict[str, Any] = {}
    if req.connection_notification_arn is not None:
        changes["connection_notification_arn"] = _checked_topic(req.connection_notification_arn)
    if req.connection_events is not None:
        changes["connection_events"] = _checked_events(req.connection_events)
    tx.update(row, **changes)
    return api.ModifyVpcEndpointConnectionNotificationResult(return_value=True)


@op
def delete_vpc_endpoint_connection_notifications(
    tx: Tx, req: api.DeleteVpcEndpointConnectionNotificationsRequest
) -> api.DeleteVpcEndpointConnectionNotificationsResult:
    """Tell topics no longer."""
    failed: list[dict[str, Any]] = []
    for notification_id in req.connection_notification_ids:
        row = tx.find(ConnectionNotification, notification_id)
        if row is None:
            error = {
                "Code": "InvalidConnectionNotification",
                "Message": f"The connection notification '{notification_id}' does not exist",
            }
            failed.append({"ResourceId": notification_id, "Error": error})
        else:
            tx.delete(row)
    return api.DeleteVpcEndpointConnectionNotificationsResult(unsuccessful=failed)


def tell(tx: Tx, endpoint: VpcEndpoint, event: str) -> None:
    """Tell the topics of the endpoint's owner and of the service's owner what happened."""
    owner = service_owner(tx, endpoint.service_id)
    homes = [(tx, "vpc_endpoint_id", endpoint.vpc_endpoint_id)]
    if owner is not None:
        account, region, service = owner
        homes.append((tx.in_(account=account, region=region), "service_id", service.service_id))
    for home, field, value in homes:
        for row in home.select(ConnectionNotification):
            if getattr(row, field) == value and event in row.connection_events:
                body = {
                    "vpcEndpointId": endpoint.vpc_endpoint_id,
                    "vpcEndpointOwner": endpoint.owner_id,
                    "vpcEndpointServiceName": endpoint.service_name,
                    "event": event,
                }
                home.after_commit(deliver, row.connection_notification_arn, Event(json.dumps(body)))
