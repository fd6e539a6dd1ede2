"""Connections of endpoints to a user's service, as its owner sees them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.api import ec2 as api
from sundog.core import Tx, op, rows_of
from sundog.core.filter import narrow
from sundog.services.ec2.lifecycle import change
from sundog.services.ec2.state.endpoint import EndpointService, VpcEndpoint
from sundog.services.ec2.vpc_endpoint import not_found
from sundog.services.ec2.vpc_endpoint_connection_notification import tell
from sundog.services.ec2.vpc_endpoint_service import connected

_FILTERS = {
    "ip-address-type": "IpAddressType",
    "service-id": "ServiceId",
    "vpc-endpoint-owner": "VpcEndpointOwner",
    "vpc-endpoint-region": "VpcEndpointRegion",
    "vpc-endpoint-state": "VpcEndpointState",
    "vpc-endpoint-id": "VpcEndpointId",
}


@op
def describe_vpc_endpoint_connections(
    tx: Tx, req: api.DescribeVpcEndpointConnectionsRequest
) -> api.DescribeVpcEndpointConnectionsResult:
    """List the endpoints of all accounts to the account's services."""
    found: list[dict[str, Any]] = []
    for service in tx.select(EndpointService):
        for account, region, row in connected(tx, service.service_id):
            item: dict[str, Any] = {
                "ServiceId": service.service_id,
                "VpcEndpointId": row.vpc_endpoint_id,
                "VpcEndpointOwner": account,
                "VpcEndpointRegion": region,
                "VpcEndpointState": row.state,
                "CreationTimestamp": row.creation_timestamp,
                "DnsEntries": [{"DnsName": e.dns_name, "HostedZoneId": e.hosted_zone_id} for e in row.dns_entries],
                "IpAddressType": row.ip_address_type,
                "VpcEndpointConnectionId": row.connection_id,
                "Tags": [],
            }
            if service.network_load_balancer_arns:
                item["NetworkLoadBalancerArns"] = list(service.network_load_balancer_arns)
            if service.gateway_load_balancer_arns:
                item["GatewayLoadBalancerArns"] = list(service.gateway_load_balancer_arns)
            found.append(item)
    return api.DescribeVpcEndpointConnectionsResult(
        vpc_endpoint_connections=rows_of(narrow(found, req.filters, _FILTERS))
    )


def _each(tx: Tx, service_id: str, wanted: Iterable[str]) -> tuple[list[tuple[Tx, VpcEndpoint]], list[dict[str, Any]]]:
    """The endpoints to a service among those wanted, and errors for the others."""
    service = tx.get(EndpointService, service_id)
    known = {row.vpc_endpoint_id: (account, region, row) for account, region, row in connected(tx, service.service_id)}
    found: list[tuple[Tx, VpcEndpoint]] = []
    failed: list[dict[str, Any]] = []
    for endpoint_id in wanted:
        if endpoint_id in known:
            account, region, row = known[endpoint_id]
            found.append((tx.in_(account=account, region=region), row))
        else:
            failed.append(not_found(endpoint_id))
    return found, failed


def _wrong_state(row: VpcEndpoint) -> dict[str, Any]:
    return {
        "ResourceId": row.vpc_endpoint_id,
        "Error": {
            "Code": "InvalidState",
            "Message": f"The Vpc Endpoint '{row.vpc_endpoint_id}' is in the state {row.state}",
        },
    }


@op
def accept_vpc_endpoint_connections(
    tx: Tx, req: api.AcceptVpcEndpointConnectionsRequest
) -> api.AcceptVpcEndpointConnectionsResult:
    """Let endpoints connect that asked to."""
    found, failed = _each(tx, req.service_id, req.vpc_endpoint_ids)
    for there, row in found:
        if row.state not in ("pendingAcceptance", "rejected"):
            failed.append(_wrong_state(row))
            continue
        change(there, row, "pending", "available")
        tell(there, row, "Accept")
    return api.AcceptVpcEndpointConnectionsResult(unsuccessful=failed)


@op
def reject_vpc_endpoint_connections(
    tx: Tx, req: api.RejectVpcEndpointConnectionsRequest
) -> api.RejectVpcEndpointConnectionsResult:
    """Refuse endpoints, also ones that were connected."""
    found, failed = _each(tx, req.service_id, req.vpc_endpoint_ids)
    for there, row in found:
        if row.state not in ("pendingAcceptance", "available", "pending"):
            failed.append(_wrong_state(row))
            continue
        there.update(row, state="rejected")
        tell(there, row, "Reject")
    return api.RejectVpcEndpointConnectionsResult(unsuccessful=failed)
