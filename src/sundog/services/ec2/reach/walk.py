"""A packet's way, hop by hop."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from sundog.core import Tx
from sundog.services.ec2.lifecycle import GONE
from sundog.services.ec2.reach.guard import pass_acl, pass_groups
from sundog.services.ec2.reach.packet import Dropped, Hop, Packet, Reach, inside
from sundog.services.ec2.reach.place import Place, of_interface, place
from sundog.services.ec2.reach.table import table_of, take
from sundog.services.ec2.state.gateway import NatGateway, VpcPeeringConnection
from sundog.services.ec2.state.interface import NetworkInterface
from sundog.services.ec2.state.network import InternetGateway, Subnet, Vpc
from sundog.services.ec2.state.transit_gateway import TransitGatewayAttachment
from sundog.services.ec2.transit_gateway.route import searched

EPHEMERAL = 49152
"""The port that an answer goes to."""
_LONGEST = 16


def can_reach(
    tx: Tx,
    source: str,
    destination: str,
    port: int | None,
    protocol: str,
    source_ip: str | None = None,
    destination_ip: str | None = None,
) -> Reach:
    """Whether packets pass from one place to another, and answers back."""
    begin, end = place(tx, source, source_ip), place(tx, destination, destination_ip)
    address = end.address
    if end.interface is not None and _from_outside(tx, begin, end):
        address = end.public_address or end.address
    packet = Packet(
        source=begin.address,
        destination=address,
        protocol=protocol,
        port=port if protocol in ("tcp", "udp") else None,
        source_port=EPHEMERAL if protocol in ("tcp", "udp") else None,
    )
    there = Walk(begin, end)
    try:
        there.go(tx, packet)
    except Dropped as drop:
        return Reach(reachable=False, hops=(*there.hops, drop.hop), dropped_by=drop.hop)
    back = Walk(end, begin, stateful=True)
    try:
        if not there.translated:
            back.go(tx, packet.answer())
    except Dropped as drop:
        return Reach(reachable=False, hops=tuple(there.hops), back=(*back.hops, drop.hop), dropped_by=drop.hop)
    return Reach(reachable=True, hops=tuple(there.hops), back=tuple(back.hops))


def _from_outside(tx: Tx, begin: Place, end: Place) -> bool:
    """Whether a public address is the only one by which the end can be meant."""
    if begin.interface is None:
        return begin.gateway is None or begin.gateway.startswith("igw-")
    if end.interface is None or begin.interface.vpc_id == end.interface.vpc_id or end.public_address is None:
        return False
    here = begin.tx(tx)
    table = table_of(here, begin.interface.subnet_id, begin.interface.vpc_id)
    try:
        _, kind, target, _ = take(here, table, end.address)
    except Dropped:
        return True
    return (kind == "gateway_id" and target.startswith("igw-")) or kind == "nat_gateway_id"


class Walk:
    """One packet from its begin to its end. ``stateful``: groups let it pass, as it answers what they let pass."""

    def __init__(self, begin: Place, end: Place, stateful: bool = False) -> None:
        self.begin = begin
        self.end = end
        self.stateful = stateful
        self.hops: list[Hop] = []
        self.translated = False
        """A NAT gateway stands between: what comes back, comes back to it, and by the way that it came."""
        self.steps = 0

    def add(self, hop: Hop | None) -> None:
        if hop is not None:
            self.hops.append(hop)

    def see(self, tx: Tx, component: str, kind: str, text: str) -> None:
        self.add(Hop(component=component, component_arn=tx.arn(f"{kind}/{component}"), text=text))

    def drop(self, component: str, code: str, text: str, **detail: Any) -> Dropped:
        return Dropped(Hop(component=component, code=code, text=text, passed=False, detail=detail))

    def go(self, tx: Tx, packet: Packet) -> None:
        """Follow the packet from its begin; ``Dropped`` if it doesn't come to its end."""
        begin = self.begin
        if begin.interface is None:
            self.come_in(tx, packet)
            return
        here, row = begin.tx(tx), begin.interface
        self.see(here, row.network_interface_id, "network-interface", f"sends from {packet.source}")
        if not self.stateful:
            self.add(pass_groups(here, row, packet, egress=True))
        self.leave_subnet(here, row.subnet_id, row.vpc_id, packet, begin.public_address)

    def come_in(self, tx: Tx, packet: Packet) -> None:
        """From outside: by the internet gateway of the end's VPC, which knows public addresses alone."""
        end = self.end
        if end.interface is None:
            raise self.drop(self.begin.address, "NO_POSSIBLE_DESTINATION", "neither end is in a VPC")
        here = end.tx(tx)
        vpc_id = end.interface.vpc_id
        entered = self.begin.gateway
        if entered is not None and not entered.startswith("igw-"):
            self.see(here, entered, "gateway", f"lets {packet.source} into {vpc_id}")
            self.arrive(here, packet)
            return
        gateway = here.select(InternetGateway, vpc_id=vpc_id).first()
        if gateway is None or entered not in (None, gateway.internet_gateway_id):
            raise self.drop(
                vpc_id, "NO_POSSIBLE_DESTINATION", f"{vpc_id} has no internet gateway attached", Vpc={"Id": vpc_id}
            )
        if ":" not in end.address and end.public_address is None:
            raise self.drop(
                gateway.internet_gateway_id,
                "IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS",
                f"{end.interface.network_interface_id} has no public address",
                NetworkInterface={"Id": end.interface.network_interface_id},
            )
        if "block" in _blocking(here, end.interface):
            raise self.drop(gateway.internet_gateway_id, "VPC_BLOCK_PUBLIC_ACCESS_ENABLED", "public access is blocked")
        self.see(here, gateway.internet_gateway_id, "internet-gateway", f"translates to {end.address}")
        self.arrive(here, replace(packet, destination=end.address))

    def arrive(self, tx: Tx, packet: Packet, from_subnet: str | None = None) -> None:
        """Into the end's subnet and interface. ``tx`` is at home there."""
        row = self.end.interface
        assert row is not None
        if from_subnet != row.subnet_id:
            self.add(pass_acl(tx, row.subnet_id, packet, egress=False))
        if not self.stateful:
            self.add(pass_groups(tx, row, packet, egress=False))
        self.see(tx, row.network_interface_id, "network-interface", f"receives as {packet.destination}")

    def leave_subnet(self, tx: Tx, subnet_id: str, vpc_id: str, packet: Packet, public: str | None) -> None:
        """Out of a subnet by its routes. ``public``: the address under which the sender is seen outside."""
        self.steps += 1
        if self.steps > _LONGEST:
            raise self.drop(subnet_id, "ROUTING_LOOP", "the packet goes round and round")
        end = self.end.interface
        local = end is not None and self.end.account == tx.account and end.vpc_id == vpc_id
        if local and end is not None and end.subnet_id == subnet_id and packet.destination == self.end.address:
            self.arrive(tx, packet, subnet_id)
            return
        self.add(pass_acl(tx, subnet_id, packet, egress=True))
        _, kind, target, hop = take(tx, table_of(tx, subnet_id, vpc_id), packet.destination)
        self.add(hop)
        if target == "local":
            if not local or packet.destination != self.end.address:
                raise self.drop(
                    vpc_id, "NO_POSSIBLE_DESTINATION", f"nothing in {vpc_id} has the address {packet.destination}"
                )
            self.arrive(tx, packet, subnet_id)
        elif kind == "gateway_id" and target.startswith("igw-"):
            self.by_internet(tx, vpc_id, subnet_id, target, packet, public)
        elif kind == "nat_gateway_id":
            self.by_nat(tx, target, packet)
        elif kind == "vpc_peering_connection_id":
            self.by_peering(tx, target, packet)
        elif kind == "transit_gateway_id":
            self.by_transit(tx, vpc_id, target, packet)
        elif kind == "network_interface_id":
            self.by_interface(tx, target, packet)
        else:
            self.see(tx, target, "gateway", f"takes the packet out of {vpc_id}")
            if self.end.gateway not in (None, target) or self.end.interface is not None:
                raise self.drop(target, "NO_POSSIBLE_DESTINATION", f"{target} doesn't lead to the destination")

    def by_internet(
        self, tx: Tx, vpc_id: str, subnet_id: str, gateway_id: str, packet: Packet, public: str | None
    ) -> None:
        """By an internet gateway: only what has a public address, and to public addresses."""
        gateway = tx.find(InternetGateway, gateway_id)
        if gateway is None or gateway.vpc_id != vpc_id:
            raise self.drop(gateway_id, "UNASSOCIATED_COMPONENT", f"{gateway_id} is not attached to {vpc_id}")
        if public is None and ":" not in packet.source:
            raise self.drop(
                gateway_id,
                "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
                f"{packet.source} has no public address",
                InternetGateway={"Id": gateway_id},
            )
        subnet = tx.get(Subnet, subnet_id)
        if "bidirectional" in subnet.block_public_access_states.internet_gateway_block_mode:
            raise self.drop(gateway_id, "VPC_BLOCK_PUBLIC_ACCESS_ENABLED", "public access is blocked")
        self.see(tx, gateway_id, "internet-gateway", f"translates {packet.source} to {public or packet.source}")
        end = self.end
        if end.interface is None:
            if end.gateway not in (None, gateway_id):
                raise self.drop(gateway_id, "NO_POSSIBLE_DESTINATION", f"{gateway_id} doesn't lead to {end.gateway}")
            return
        if packet.destination not in (end.public_address, end.address if ":" in end.address else None):
            raise self.drop(
                gateway_id,
                "NO_POSSIBLE_DESTINATION",
                f"{packet.destination} can't be reached over the internet",
            )
        inner = Walk(Place(address=public or packet.source), end, self.stateful)
        try:
            inner.come_in(tx, replace(packet, source=public or packet.source))
        finally:
            self.hops += inner.hops

    def by_nat(self, tx: Tx, gateway_id: str, packet: Packet) -> None:
        """By a NAT gateway: the packet goes on from its subnet, under its address."""
        gateway = tx.find(NatGateway, gateway_id)
        if gateway is None or gateway.state != "available":
            state = gateway.state if gateway is not None else "deleted"
            raise self.drop(gateway_id, "BAD_STATE", f"{gateway_id} is {state}", State=state)
        self.translated = True
        first = gateway.nat_gateway_addresses[0] if gateway.nat_gateway_addresses else None
        if first is None:
            raise self.drop(gateway_id, "BAD_STATE", f"{gateway_id} has no address")
        self.see(tx, gateway_id, "natgateway", f"translates to {first.private_ip or first.public_ip}")
        if gateway.subnet_id is None or first.private_ip is None:
            if self.end.interface is not None:
                raise self.drop(gateway_id, "NO_POSSIBLE_DESTINATION", "a regional NAT gateway leads outside")
            return
        self.add(pass_acl(tx, gateway.subnet_id, packet, egress=False))
        onward = replace(packet, source=first.private_ip)
        self.leave_subnet(tx, gateway.subnet_id, gateway.vpc_id, onward, first.public_ip)

    def by_peering(self, tx: Tx, connection_id: str, packet: Packet) -> None:
        """Into the other VPC, and not beyond it."""
        row = tx.find(VpcPeeringConnection, connection_id)
        if row is None or row.status.code != "active":
            state = row.status.code if row is not None else "deleted"
            raise self.drop(connection_id, "BAD_STATE", f"{connection_id} is {state}", State=state)
        self.see(tx, connection_id, "vpc-peering-connection", "leads to the other VPC")
        sides = {side.vpc_id: side for side in (row.requester_vpc_info, row.accepter_vpc_info)}
        end = self.end.interface
        if end is None or end.vpc_id not in sides or packet.destination != self.end.address:
            raise self.drop(
                connection_id,
                "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
                f"{packet.destination} is not in a VPC that {connection_id} joins",
                VpcPeeringConnection={"Id": connection_id},
            )
        side = sides[end.vpc_id]
        self.arrive(tx.in_(account=side.owner_id, region=side.region), packet)

    def by_interface(self, tx: Tx, interface_id: str, packet: Packet) -> None:
        """By a device of the user's, which passes on what isn't meant for it only without the source check."""
        row = tx.find(NetworkInterface, interface_id)
        if row is None or row.attachment is None:
            raise self.drop(interface_id, "BAD_STATE", f"{interface_id} is not attached")
        end = self.end.interface
        if end is not None and end.network_interface_id == interface_id:
            self.arrive(tx, packet)
            return
        if row.source_dest_check:
            raise self.drop(
                interface_id,
                "ENI_SOURCE_DEST_CHECK",
                f"{interface_id} refuses packets that are not its own (source/destination check)",
                NetworkInterface={"Id": interface_id},
            )
        self.add(pass_acl(tx, row.subnet_id, packet, egress=False))
        self.add(pass_groups(tx, row, packet, egress=False))
        self.add(pass_groups(tx, row, packet, egress=True))
        self.translated = True
        self.leave_subnet(tx, row.subnet_id, row.vpc_id, packet, of_interface(tx, row).public_address)

    def by_transit(self, tx: Tx, vpc_id: str, gateway_id: str, packet: Packet) -> None:
        """By a transit gateway, from the VPC's attachment."""
        rows = tx.select(TransitGatewayAttachment, vpc_id=vpc_id)
        row = next((each for each in rows if each.transit_gateway_id == gateway_id and each.state not in GONE), None)
        if row is None or row.state != "available":
            raise self.drop(
                gateway_id, "UNASSOCIATED_COMPONENT", f"{vpc_id} has no available attachment to {gateway_id}"
            )
        self.through(tx.in_(account=row.transit_gateway_owner_id), row, packet)

    def through(self, tx: Tx, row: TransitGatewayAttachment, packet: Packet) -> None:
        """From one attachment of a transit gateway to another, by the table that is associated with it."""
        self.steps += 1
        if self.steps > _LONGEST:
            raise self.drop(row.transit_gateway_id, "ROUTING_LOOP", "the packet goes round and round")
        table = row.route_table_id
        attachment_id = row.transit_gateway_attachment_id
        self.see(tx, attachment_id, "transit-gateway-attachment", f"leads into {row.transit_gateway_id}")
        if table is None:
            raise self.drop(attachment_id, "UNASSOCIATED_COMPONENT", f"{attachment_id} has no route table")
        routes = [
            route for route in searched(tx, table, ()) if inside(packet.destination, route["DestinationCidrBlock"])
        ]
        if not routes:
            raise self.drop(
                table,
                "NO_ROUTE_TO_DESTINATION",
                f"no route to {packet.destination}",
                TransitGatewayRouteTable={"Id": table},
            )
        best = max(routes, key=lambda route: int(route["DestinationCidrBlock"].rpartition("/")[2]))
        if best["State"] == "blackhole":
            raise self.drop(table, "BLACKHOLE_ROUTE", f"the route {best['DestinationCidrBlock']} is a blackhole")
        target = best["TransitGatewayAttachments"][0]
        shown = {
            "DestinationCidr": best["DestinationCidrBlock"],
            "State": best["State"],
            "RouteOrigin": best["Type"],
            "AttachmentId": target["TransitGatewayAttachmentId"],
            "ResourceId": target["ResourceId"],
            "ResourceType": target["ResourceType"],
        }
        self.add(
            Hop(
                component=table,
                component_arn=tx.arn(f"transit-gateway-route-table/{table}"),
                text=f"the route {best['DestinationCidrBlock']} leads to {target['ResourceId']}",
                detail={"TransitGatewayRouteTableRoute": shown},
            )
        )
        out = tx.get(TransitGatewayAttachment, target["TransitGatewayAttachmentId"])
        if out.resource_type == "vpc":
            self.into_vpc(tx, out, packet)
        elif out.resource_type == "peering":
            side = out.accepter_tgw_info
            if side is not None and side.transit_gateway_id == out.transit_gateway_id:
                side = out.requester_tgw_info
            assert side is not None
            there = tx.in_(account=side.owner_id, region=side.region)
            self.through(there, there.get(TransitGatewayAttachment, out.other_attachment_id), packet)
        elif self.end.interface is not None:
            raise self.drop(
                out.transit_gateway_attachment_id, "NO_POSSIBLE_DESTINATION", f"{out.resource_id} leads outside"
            )

    def into_vpc(self, tx: Tx, out: TransitGatewayAttachment, packet: Packet) -> None:
        """Out of a transit gateway into a VPC: by the subnet of the attachment, whose routes decide."""
        there = tx.in_(account=out.vpc_owner_id)
        vpc = there.get(Vpc, out.vpc_id)
        end = self.end.interface
        if end is not None and end.vpc_id == vpc.vpc_id and packet.destination == self.end.address:
            zones = {there.get(Subnet, subnet_id).availability_zone for subnet_id in out.subnet_ids or ()}
            if end.availability_zone not in zones:
                raise self.drop(
                    out.transit_gateway_attachment_id,
                    "TGW_ROUTE_AZ_RESTRICTION",
                    f"{out.transit_gateway_attachment_id} has no subnet in {end.availability_zone}",
                )
            self.arrive(there, packet)
            return
        subnet_id = (out.subnet_ids or ("",))[0]
        self.leave_subnet(there, subnet_id, vpc.vpc_id, packet, None)


def _blocking(tx: Tx, row: NetworkInterface) -> str:
    subnet = tx.get(Subnet, row.subnet_id)
    return subnet.block_public_access_states.internet_gateway_block_mode
