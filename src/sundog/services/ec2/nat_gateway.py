"""NAT gateways: public, private and regional."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.dns import public_name
from sundog.services.ec2.lifecycle import alive, begin, end
from sundog.services.ec2.managed_interface import drop_interfaces, make_managed_interface
from sundog.services.ec2.network_interface import UNASSOCIATED, associate
from sundog.services.ec2.private_address import allocate_private_address
from sundog.services.ec2.private_ip_address import remove, show_addresses
from sundog.services.ec2.public_address import new_public_address
from sundog.services.ec2.route import set_route_states
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.gateway import NatAddress, NatGateway
from sundog.services.ec2.state.interface import Address, NetworkInterface, PublicAssociation
from sundog.services.ec2.state.network import InternetGateway, Route, RouteTable, Subnet, Vpc
from sundog.services.ec2.vpc import ANYWHERE, local_routes
from sundog.services.ec2.zone import zone_ids

REQUESTER = "amazon-elb"
MAX_ADDRESSES = 8


@op
def create_nat_gateway(tx: Tx, req: api.CreateNatGatewayRequest) -> api.CreateNatGatewayResult:
    """Make a gateway in a subnet, or (regional) in all zones of a VPC."""
    if req.availability_mode == "regional":
        gateway = _regional(tx, req)
    else:
        gateway = _zonal(tx, req)
    if gateway.connectivity_type == "public" and not tx.select(InternetGateway, vpc_id=gateway.vpc_id):
        gateway = begin(tx, replace(gateway, **_failure(gateway)), then="failed", tags=req.tag_specifications)
        return api.CreateNatGatewayResult(
            nat_gateway=replace(gateway, failure_code=None, failure_message=None), client_token=req.client_token
        )
    made = begin(tx, gateway, tags=req.tag_specifications)
    return api.CreateNatGatewayResult(nat_gateway=made, client_token=req.client_token)


def _failure(gateway: NatGateway) -> dict[str, str]:
    return {
        "failure_code": "Gateway.NotAttached",
        "failure_message": f"Network {gateway.vpc_id} has no Internet gateway attached",
    }


def _zonal(tx: Tx, req: api.CreateNatGatewayRequest) -> NatGateway:
    if req.vpc_id is not None or req.availability_zone_addresses:
        raise AwsError(
            "InvalidParameterCombination",
            "VpcId and AvailabilityZoneAddresses can only be specified for regional NAT gateways.",
        )
    if req.subnet_id is None:
        raise AwsError("MissingParameter", "The request must contain the parameter subnetId")
    subnet = tx.get(Subnet, req.subnet_id)
    private = req.connectivity_type == "private"
    secondary_ips = req.secondary_private_ip_addresses or []
    count = req.secondary_private_ip_address_count or 0
    if private:
        if req.allocation_id is not None or req.secondary_allocation_ids:
            raise AwsError(
                "InvalidParameterCombination",
                "AllocationId cannot be specified for a NAT gateway with connectivity type private.",
            )
        if secondary_ips and count:
            raise AwsError(
                "InvalidParameterCombination",
                "SecondaryPrivateIpAddresses and SecondaryPrivateIpAddressCount cannot be specified together.",
            )
        allocations: list[str] = []
    else:
        if req.allocation_id is None:
            raise AwsError("MissingParameter", "The request must contain the parameter AllocationId")
        allocations = [req.allocation_id, *(req.secondary_allocation_ids or ())]
        secondary_ips, count = secondary_ips[: len(allocations) - 1], max(0, len(allocations) - 1 - len(secondary_ips))
    addresses = [free_address(tx, allocation) for allocation in allocations]
    gateway_id = tx.new_id("nat")
    interface = make_managed_interface(
        tx,
        subnet,
        (),
        "nat_gateway",
        f"Interface for NAT Gateway {gateway_id}",
        REQUESTER,
        req.private_ip_address,
        secondary_ips=secondary_ips,
        secondary_count=count,
        source_dest_check=False,
    )
    return NatGateway(
        nat_gateway_id=gateway_id,
        vpc_id=subnet.vpc_id,
        subnet_id=subnet.subnet_id,
        create_time=moment(tx),
        connectivity_type="private" if private else "public",
        nat_gateway_addresses=_behind(tx, interface, addresses),
    )


def _regional(tx: Tx, req: api.CreateNatGatewayRequest) -> NatGateway:
    """One gateway for all zones of a VPC, with addresses named by zone, or with Amazon's own."""
    if req.vpc_id is None:
        raise AwsError("MissingParameter", "The request must contain the parameter vpcId")
    if req.subnet_id is not None or req.allocation_id is not None or req.connectivity_type == "private":
        raise AwsError(
            "InvalidParameterCombination",
            "SubnetId, AllocationId and the connectivity type private cannot be specified for regional NAT gateways.",
        )
    vpc = tx.get(Vpc, req.vpc_id)
    ids = zone_ids(tx)
    found: list[NatAddress] = []
    for item in req.availability_zone_addresses or ():
        by_id = {zone_id: name for name, zone_id in ids.items()}
        zone = item.availability_zone or by_id.get(item.availability_zone_id)
        if zone not in ids:
            raise AwsError("InvalidParameterValue", f"Invalid availability zone: [{zone or item.availability_zone_id}]")
        for allocation in item.allocation_ids or ():
            address = free_address(tx, allocation)
            association = tx.new_id("eipassoc")
            tx.update(address, association_id=association)
            found.append(_in_zone(address.allocation_id, address.public_ip, association, zone, ids[zone]))
    automatic = not req.availability_zone_addresses
    if automatic:
        zones = dict.fromkeys(subnet.availability_zone for subnet in tx.select(Subnet, vpc_id=vpc.vpc_id))
        found = [
            _in_zone(tx.new_id("eipalloc"), new_public_address(tx), tx.new_id("eipassoc"), zone, ids.get(zone))
            for zone in zones
        ]
    way_out = tx.select(InternetGateway, vpc_id=vpc.vpc_id).first()
    routes = local_routes(vpc)
    if way_out is not None:
        routes = (*routes, Route(destination_cidr_block=ANYWHERE, gateway_id=way_out.internet_gateway_id))
    table = tx.add(RouteTable(route_table_id=tx.new_id("rtb"), vpc_id=vpc.vpc_id, owner_id=tx.account, routes=routes))
    return NatGateway(
        nat_gateway_id=tx.new_id("nat"),
        vpc_id=vpc.vpc_id,
        create_time=moment(tx),
        availability_mode="regional",
        auto_scaling_ips="enabled" if automatic else "disabled",
        auto_provision_zones="enabled" if automatic else "disabled",
        route_table_id=table.route_table_id,
        nat_gateway_addresses=tuple(found),
    )


def _in_zone(allocation: str, public_ip: str, association: str, zone: str, zone_id: str | None) -> NatAddress:
    return NatAddress(
        allocation_id=allocation,
        public_ip=public_ip,
        association_id=association,
        is_primary=None,
        availability_zone=zone,
        availability_zone_id=zone_id,
    )


def free_address(tx: Tx, allocation_id: str) -> Address:
    """An Elastic IP address that nothing has."""
    address = tx.get(Address, allocation_id)
    if address.association_id is not None:
        raise AwsError(
            "Resource.AlreadyAssociated",
            f"resource {allocation_id} is already associated with associate-id {address.association_id}",
        )
    return address


def _behind(tx: Tx, interface: NetworkInterface, addresses: Sequence[Address]) -> tuple[NatAddress, ...]:
    """The addresses of a new gateway's interface, each with its Elastic IP if the gateway is public."""
    found: list[NatAddress] = []
    for place, private in enumerate(interface.private_ip_addresses):
        made = NatAddress(
            network_interface_id=interface.network_interface_id,
            private_ip=private.private_ip_address,
            is_primary=place == 0,
        )
        if place < len(addresses):
            made = _give(tx, addresses[place], made)
        found.append(made)
    return tuple(found)


def _give(tx: Tx, address: Address, to: NatAddress) -> NatAddress:
    """Let a gateway's private address be seen under an Elastic IP."""
    assert to.network_interface_id is not None
    assert to.private_ip is not None
    interface = tx.get(NetworkInterface, to.network_interface_id)
    vpc = tx.get(Vpc, interface.vpc_id)
    named = vpc.enable_dns_hostnames and vpc.enable_dns_support
    association_id = tx.new_id("eipassoc")
    tx.update(
        address,
        association_id=association_id,
        network_interface_id=interface.network_interface_id,
        network_interface_owner_id=tx.account,
        private_ip_address=to.private_ip,
    )
    association = PublicAssociation(
        public_ip=address.public_ip,
        ip_owner_id=tx.account,
        public_dns_name=public_name(tx, address.public_ip) if named else "",
        allocation_id=address.allocation_id,
        association_id=association_id,
    )
    associate(tx, interface, to.private_ip, association)
    return replace(to, allocation_id=address.allocation_id, public_ip=address.public_ip, association_id=association_id)


def _drop(tx: Tx, gateway: NatGateway) -> None:
    """Give back what a gateway has of its VPC."""
    drop_interfaces(tx, [item.network_interface_id for item in gateway.nat_gateway_addresses])
    for item in gateway.nat_gateway_addresses:
        address = tx.find(Address, item.allocation_id) if item.allocation_id else None
        if address is not None and address.association_id == item.association_id:
            tx.update(address, **UNASSOCIATED)
    table = tx.find(RouteTable, gateway.route_table_id) if gateway.route_table_id else None
    if table is not None:
        tx.delete(table)


@op
def delete_nat_gateway(tx: Tx, req: api.DeleteNatGatewayRequest) -> api.DeleteNatGatewayResult:
    """Delete a gateway; its addresses are free again, and routes to it lead nowhere."""
    gateway = alive(tx, NatGateway, req.nat_gateway_id)
    _drop(tx, gateway)
    set_route_states(tx, "nat_gateway_id", gateway.nat_gateway_id, "blackhole", gateway.vpc_id)
    end(tx, gateway, delete_time=moment(tx))
    return api.DeleteNatGatewayResult(nat_gateway_id=gateway.nat_gateway_id)


@op
def describe_nat_gateways(tx: Tx, req: api.DescribeNatGatewaysRequest) -> api.DescribeNatGatewaysResult:
    """List gateways."""
    found = tx.search(NatGateway, ids=req.nat_gateway_ids, filters=req.filter)
    return api.DescribeNatGatewaysResult(nat_gateways=found)


def _usable(tx: Tx, gateway_id: str, kind: str) -> NatGateway:
    gateway = alive(tx, NatGateway, gateway_id)
    if gateway.connectivity_type != kind:
        raise AwsError(
            "InvalidParameterValue",
            f"The NAT gateway {gateway_id} is {gateway.connectivity_type}; this operation is for {kind} NAT gateways.",
        )
    return gateway


def _grown(tx: Tx, gateway: NatGateway, wanted: Iterable[str], count: int) -> list[NatAddress]:
    """New secondary private addresses of a gateway."""
    interface_id = gateway.nat_gateway_addresses[0].network_interface_id
    assert interface_id is not None
    subnet = tx.get(Subnet, gateway.subnet_id)
    addresses = [allocate_private_address(tx, subnet, address, interface_id) for address in [*wanted, *[None] * count]]
    show_addresses(tx, interface_id, addresses)
    return [
        NatAddress(network_interface_id=interface_id, private_ip=address, is_primary=False) for address in addresses
    ]


def _check_room(gateway: NatGateway, more: int) -> None:
    if len(gateway.nat_gateway_addresses) + more > MAX_ADDRESSES:
        raise AwsError("AddressLimitExceeded", f"The maximum number of addresses of a NAT gateway is {MAX_ADDRESSES}.")


@op
def assign_private_nat_gateway_address(
    tx: Tx, req: api.AssignPrivateNatGatewayAddressRequest
) -> api.AssignPrivateNatGatewayAddressResult:
    """Give a private gateway more addresses of its subnet."""
    gateway = _usable(tx, req.nat_gateway_id, "private")
    wanted, count = req.private_ip_addresses or [], req.private_ip_address_count or 0
    if bool(wanted) == bool(count):
        raise AwsError(
            "InvalidParameterCombination",
            "The request must contain exactly one of privateIpAddresses, privateIpAddressCount",
        )
    _check_room(gateway, len(wanted) + count)
    more = _grown(tx, gateway, wanted, count)
    tx.update(gateway, nat_gateway_addresses=(*gateway.nat_gateway_addresses, *more))
    return api.AssignPrivateNatGatewayAddressResult(
        nat_gateway_id=gateway.nat_gateway_id,
        nat_gateway_addresses=[replace(item, status="assigning") for item in more],
    )


@op
def unassign_private_nat_gateway_address(
    tx: Tx, req: api.UnassignPrivateNatGatewayAddressRequest
) -> api.UnassignPrivateNatGatewayAddressResult:
    """Take addresses from a private gateway, but not its first one. Connections are not waited for."""
    gateway = _usable(tx, req.nat_gateway_id, "private")
    gone = _named(gateway, "private_ip", req.private_ip_addresses)
    _shrink(tx, gateway, gone)
    return api.UnassignPrivateNatGatewayAddressResult(
        nat_gateway_id=gateway.nat_gateway_id,
        nat_gateway_addresses=[replace(item, status="unassigning") for item in gone],
    )


def _named(gateway: NatGateway, field: str, wanted: Iterable[str]) -> list[NatAddress]:
    known = {getattr(item, field): item for item in gateway.nat_gateway_addresses}
    found: list[NatAddress] = []
    for value in wanted:
        item = known.get(value)
        if item is None:
            code = "InvalidAssociationID.NotFound" if field == "association_id" else "InvalidParameterValue"
            raise AwsError(code, f"'{value}' is not an address of the NAT gateway {gateway.nat_gateway_id}")
        if item.is_primary:
            raise AwsError(
                "InvalidParameterValue", f"The primary address of the NAT gateway {gateway.nat_gateway_id} is required."
            )
        found.append(item)
    return found


def _shrink(tx: Tx, gateway: NatGateway, gone: list[NatAddress]) -> None:
    for item in gone:
        if item.network_interface_id and item.private_ip:
            remove(tx, tx.get(NetworkInterface, item.network_interface_id), [item.private_ip])
        elif item.allocation_id and (address := tx.find(Address, item.allocation_id)):
            tx.update(address, **UNASSOCIATED)
    left = tuple(item for item in gateway.nat_gateway_addresses if item not in gone)
    tx.update(gateway, nat_gateway_addresses=left)


@op
def associate_nat_gateway_address(
    tx: Tx, req: api.AssociateNatGatewayAddressRequest
) -> api.AssociateNatGatewayAddressResult:
    """Give a public gateway more Elastic IPs; a regional one in the zone that is named."""
    gateway = _usable(tx, req.nat_gateway_id, "public")
    addresses = [free_address(tx, allocation) for allocation in req.allocation_ids]
    if gateway.availability_mode == "regional":
        ids = zone_ids(tx)
        zone = req.availability_zone or next((n for n, i in ids.items() if i == req.availability_zone_id), None)
        if zone not in ids:
            raise AwsError("MissingParameter", "The request must contain the parameter AvailabilityZone")
        more: list[NatAddress] = []
        for address in addresses:
            association = tx.new_id("eipassoc")
            tx.update(address, association_id=association)
            more.append(_in_zone(address.allocation_id, address.public_ip, association, zone, ids[zone]))
    else:
        _check_room(gateway, len(addresses))
        wanted = req.private_ip_addresses or []
        fresh = _grown(tx, gateway, wanted, max(0, len(addresses) - len(wanted)))
        more = [_give(tx, address, item) for address, item in zip(addresses, fresh, strict=True)]
    tx.update(gateway, nat_gateway_addresses=(*gateway.nat_gateway_addresses, *more))
    return api.AssociateNatGatewayAddressResult(
        nat_gateway_id=gateway.nat_gateway_id,
        nat_gateway_addresses=[replace(item, status="associating") for item in more],
    )


@op
def disassociate_nat_gateway_address(
    tx: Tx, req: api.DisassociateNatGatewayAddressRequest
) -> api.DisassociateNatGatewayAddressResult:
    """Take Elastic IPs from a public gateway, but not its first one. Connections are not waited for."""
    gateway = _usable(tx, req.nat_gateway_id, "public")
    gone = _named(gateway, "association_id", req.association_ids)
    _shrink(tx, gateway, gone)
    return api.DisassociateNatGatewayAddressResult(
        nat_gateway_id=gateway.nat_gateway_id,
        nat_gateway_addresses=[replace(item, status="disassociating") for item in gone],
    )
