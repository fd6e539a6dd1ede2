"""The network interfaces that a load balancer has in its subnets: they keep subnets and groups from being deleted."""

from __future__ import annotations

from collections.abc import Iterable

from sundog.core import AwsError, Tx
from sundog.services.elbv2.state import LoadBalancer

_GONE = "InvalidNetworkInterfaceID.NotFound"


def plug(tx: Tx, row: LoadBalancer, subnet_ids: Iterable[str]) -> tuple[str, ...]:
    """Make an interface in each of the subnets; gives their ids."""
    groups = list(row.security_groups or ())
    found: list[str] = []
    for subnet_id in subnet_ids:
        made = tx.call(
            "ec2",
            "CreateNetworkInterface",
            subnet_id=subnet_id,
            description=f"ELB {row.path}",
            **({"groups": groups} if groups else {}),
        )
        found.append(made.network_interface.network_interface_id)
    return tuple(found)


def unplug(tx: Tx, interface_ids: Iterable[str]) -> None:
    """Delete the interfaces that are still there."""
    for interface_id in interface_ids:
        try:
            tx.call("ec2", "DeleteNetworkInterface", network_interface_id=interface_id)
        except AwsError as error:
            if error.code != _GONE:
                raise
