"""Whether a resource of another noun is there: asked by that noun's own operation, which also knows the error."""

from __future__ import annotations

from typing import Any

from sundog.core import AwsError, Tx

_NOT_SUPPORTED = 501


def described(tx: Tx, operation: str, **members: Any) -> Any:
    """What a describing operation answers; its error if it finds nothing. None if the operation isn't there itself."""
    try:
        return tx.call("ec2", operation, **members)
    except AwsError as error:
        if error.status == _NOT_SUPPORTED:
            return None
        raise


def peering(tx: Tx, one_vpc: str, other_vpc: str) -> str | None:
    """The id of the active peering connection between two VPCs."""
    found = described(tx, "DescribeVpcPeeringConnections")
    for connection in (found.vpc_peering_connections if found else None) or ():
        ends = {connection.requester_vpc_info.vpc_id, connection.accepter_vpc_info.vpc_id}
        if connection.status.code == "active" and ends == {one_vpc, other_vpc}:
            return connection.vpc_peering_connection_id
    return None
