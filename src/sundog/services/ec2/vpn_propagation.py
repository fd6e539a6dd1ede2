"""Routes that route tables take over from VPN gateways."""

from __future__ import annotations

from sundog.core import Tx
from sundog.services.ec2.lifecycle import GONE
from sundog.services.ec2.state.network import Route, RouteTable
from sundog.services.ec2.state.vpn import VpnConnection

ORIGIN = "EnableVgwRoutePropagation"


def propagate(tx: Tx, table: RouteTable) -> None:
    """Bring the routes that a table takes over up to date."""
    kept = [route for route in table.routes if route.origin != ORIGIN]
    known = {route.destination_cidr_block for route in kept}
    for gateway in table.propagating_vgws:
        for connection in tx.select(VpnConnection, vpn_gateway_id=gateway.gateway_id):
            for route in connection.routes if connection.state not in GONE else ():
                if route.destination_cidr_block not in known:
                    known.add(route.destination_cidr_block)
                    kept.append(
                        Route(
                            destination_cidr_block=route.destination_cidr_block,
                            gateway_id=gateway.gateway_id,
                            origin=ORIGIN,
                        )
                    )
    if tuple(kept) != table.routes:
        tx.update(table, routes=tuple(kept))


def propagate_all(tx: Tx, gateway_id: str | None) -> None:
    """Bring every table up to date that takes over a gateway's routes."""
    for table in tx.select(RouteTable) if gateway_id else ():
        if any(item.gateway_id == gateway_id for item in table.propagating_vgws):
            propagate(tx, table)
