"""Connect attachments and their peers: GRE tunnels over another attachment."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.cidr import ipv4, ipv4_range, ipv4_text, ipv6
from sundog.services.ec2.lifecycle import GONE, alive, begin, end
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.transit_gateway import (
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayConnectPeer,
)
from sundog.services.ec2.transit_gateway.attachment import attachment, close_attachment, open_attachment


def view(row: TransitGatewayAttachment) -> api.TransitGatewayConnect:
    return api.TransitGatewayConnect(
        transit_gateway_attachment_id=row.transit_gateway_attachment_id,
        transport_transit_gateway_attachment_id=row.transport_transit_gateway_attachment_id,
        transit_gateway_id=row.transit_gateway_id,
        state=row.state,
        creation_time=row.creation_time,
        options={"Protocol": row.protocol},
        tags=row.tags,
    )


@op
def create_transit_gateway_connect(
    tx: Tx, req: api.CreateTransitGatewayConnectRequest
) -> api.CreateTransitGatewayConnectResult:
    """Make tunnels possible over a VPC's or a Direct Connect's attachment."""
    under = attachment(tx, req.transport_transit_gateway_attachment_id, "vpc", "direct-connect-gateway")
    if under.state != "available":
        raise AwsError("IncorrectState", f"{under.transit_gateway_attachment_id} is in invalid state")
    row = TransitGatewayAttachment(
        transit_gateway_attachment_id=tx.new_id("tgw-attach"),
        transit_gateway_id=under.transit_gateway_id,
        transit_gateway_owner_id=under.transit_gateway_owner_id,
        resource_type="connect",
        resource_id=under.transit_gateway_attachment_id,
        resource_owner_id=tx.account,
        creation_time=moment(tx),
        homes=under.homes,
        transport_transit_gateway_attachment_id=under.transit_gateway_attachment_id,
        protocol=req.options.protocol,
    )
    made = open_attachment(tx, row, req.tag_specifications)
    return api.CreateTransitGatewayConnectResult(transit_gateway_connect=view(made))


@op
def describe_transit_gateway_connects(
    tx: Tx, req: api.DescribeTransitGatewayConnectsRequest
) -> api.DescribeTransitGatewayConnectsResult:
    """List Connect attachments."""
    found = tx.search(TransitGatewayAttachment, ids=req.transit_gateway_attachment_ids, filters=req.filters)
    shown = found.where(lambda row: row.resource_type == "connect").map(view)
    return api.DescribeTransitGatewayConnectsResult(transit_gateway_connects=shown)


@op
def delete_transit_gateway_connect(
    tx: Tx, req: api.DeleteTransitGatewayConnectRequest
) -> api.DeleteTransitGatewayConnectResult:
    """Delete an attachment that has no peers."""
    row = attachment(tx, req.transit_gateway_attachment_id, "connect")
    wanted = row.transit_gateway_attachment_id
    peers = tx.select(TransitGatewayConnectPeer, transit_gateway_attachment_id=wanted)
    names = [peer.transit_gateway_connect_peer_id for peer in peers if peer.state not in GONE]
    if names:
        raise AwsError("IncorrectState", f"{wanted} has non-deleted Connect Peers: {', '.join(names)}.")
    return api.DeleteTransitGatewayConnectResult(transit_gateway_connect=view(close_attachment(tx, row)))


@op
def create_transit_gateway_connect_peer(
    tx: Tx, req: api.CreateTransitGatewayConnectPeerRequest
) -> api.CreateTransitGatewayConnectPeerResult:
    """Make a tunnel; its addresses are taken from the inside range, the gateway's own from its ranges."""
    row = attachment(tx, req.transit_gateway_attachment_id, "connect")
    gateway = tx.in_(account=row.transit_gateway_owner_id).get(TransitGateway, row.transit_gateway_id)
    if ipv4(req.peer_address) is None and ipv6(req.peer_address) is None:
        raise AwsError("InvalidParameterValue", f"Value ({req.peer_address}) for parameter PeerAddress is invalid.")
    blocks = gateway.options.transit_gateway_cidr_blocks or ()
    own = req.transit_gateway_address
    if own is None:
        block = next((found for text in blocks if (found := ipv4_range(text))), None)
        if block is None:
            raise AwsError(
                "InvalidParameterValue", f"The transit gateway {gateway.transit_gateway_id} has no CIDR block."
            )
        own = ipv4_text(block[0] + 1 + tx.ids.random.randrange(max(1, (1 << 32 - block[1]) - 2)))
    inside = next((found for text in req.inside_cidr_blocks if (found := ipv4_range(text))), None)
    if inside is None or inside[1] != 29 or inside[0] >> 16 != 0xA9FE:
        raise AwsError("InvalidParameterValue", "The IPv4 inside CIDR block must be a /29 of 169.254.0.0/16.")
    asn = req.bgp_options.peer_asn if req.bgp_options is not None else None
    configuration: dict[str, Any] = {
        "TransitGatewayAddress": own,
        "PeerAddress": req.peer_address,
        "InsideCidrBlocks": list(req.inside_cidr_blocks),
        "Protocol": "gre",
        "BgpConfigurations": [
            {
                "TransitGatewayAsn": gateway.options.amazon_side_asn,
                "PeerAsn": asn or gateway.options.amazon_side_asn,
                "TransitGatewayAddress": ipv4_text(inside[0] + place),
                "PeerAddress": ipv4_text(inside[0] + 1),
                "BgpStatus": "up",
            }
            for place in (2, 3)
        ],
    }
    peer = TransitGatewayConnectPeer(
        transit_gateway_connect_peer_id=tx.new_id("tgw-connect-peer"),
        transit_gateway_attachment_id=row.transit_gateway_attachment_id,
        creation_time=moment(tx),
        connect_peer_configuration=configuration,
    )
    made = begin(tx, peer, tags=req.tag_specifications)
    return api.CreateTransitGatewayConnectPeerResult(transit_gateway_connect_peer=made)


@op
def describe_transit_gateway_connect_peers(
    tx: Tx, req: api.DescribeTransitGatewayConnectPeersRequest
) -> api.DescribeTransitGatewayConnectPeersResult:
    """List tunnels."""
    found = tx.search(TransitGatewayConnectPeer, ids=req.transit_gateway_connect_peer_ids, filters=req.filters)
    return api.DescribeTransitGatewayConnectPeersResult(transit_gateway_connect_peers=found)


@op
def delete_transit_gateway_connect_peer(
    tx: Tx, req: api.DeleteTransitGatewayConnectPeerRequest
) -> api.DeleteTransitGatewayConnectPeerResult:
    """Delete a tunnel."""
    peer = alive(tx, TransitGatewayConnectPeer, req.transit_gateway_connect_peer_id)
    return api.DeleteTransitGatewayConnectPeerResult(transit_gateway_connect_peer=end(tx, peer))
