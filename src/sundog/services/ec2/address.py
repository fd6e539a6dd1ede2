"""Elastic IP addresses."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.page import Rows
from sundog.services.ec2.cidr import ipv4
from sundog.services.ec2.dns import public_name
from sundog.services.ec2.limits import ADDRESSES
from sundog.services.ec2.network_interface import UNASSOCIATED, associate
from sundog.services.ec2.public_address import new_public_address
from sundog.services.ec2.state.interface import Address, NetworkInterface, PublicAssociation
from sundog.services.ec2.state.network import InternetGateway, Vpc


@op
def allocate_address(tx: Tx, req: api.AllocateAddressRequest) -> api.AllocateAddressResult:
    """Give the account an address; every address is for VPCs, whatever ``domain`` says."""
    if req.domain not in (None, "vpc", "standard"):
        raise AwsError("InvalidParameterValue", f"Value ({req.domain}) for parameter domain is invalid.")
    if tx.select(Address).count() >= ADDRESSES:
        raise AwsError("AddressLimitExceeded", "The maximum number of addresses has been reached.")
    wanted = req.address
    if wanted is not None:
        if ipv4(wanted) is None:
            raise AwsError("InvalidParameterValue", f"Value ({wanted}) for parameter address is invalid.")
        if any(row.public_ip == wanted for _, _, row in tx.everywhere(Address)):
            raise AwsError("InvalidAddress.NotFound", f"Address '{wanted}' not found.")
    row = tx.add(
        Address(
            allocation_id=tx.new_id("eipalloc"),
            public_ip=wanted or new_public_address(tx),
            network_border_group=req.network_border_group or tx.region,
            public_ipv4_pool=req.public_ipv4_pool or "amazon",
            customer_owned_ipv4_pool=req.customer_owned_ipv4_pool,
        ),
        tags=req.tag_specifications,
    )
    return api.AllocateAddressResult(
        public_ip=row.public_ip,
        allocation_id=row.allocation_id,
        public_ipv4_pool=row.public_ipv4_pool,
        network_border_group=row.network_border_group,
        domain=row.domain,
        customer_owned_ipv4_pool=row.customer_owned_ipv4_pool,
    )


def address_named(tx: Tx, allocation_id: str | None, public_ip: str | None) -> Address:
    """The address with an allocation id, or else with a number."""
    if allocation_id is not None:
        return tx.get(Address, allocation_id)
    if public_ip is None:
        raise AwsError("MissingParameter", "Either public IP or allocation id must be specified")
    found = tx.select(Address, public_ip=public_ip).first()
    if found is None:
        raise AwsError("InvalidAddress.NotFound", f"Address '{public_ip}' not found.")
    return found


@op
def describe_addresses(tx: Tx, req: api.DescribeAddressesRequest) -> api.DescribeAddressesResult:
    """List addresses."""
    among: Rows[Address] | None = None
    if req.public_ips:
        wanted = {address_named(tx, None, text).public_ip for text in req.public_ips}
        among = tx.select(Address).where(lambda row: row.public_ip in wanted)
    if req.allocation_ids and among is not None:
        ids = {row.allocation_id for row in tx.get_all(Address, req.allocation_ids)}
        found = tx.search(Address, filters=req.filters, among=among).where(lambda row: row.allocation_id in ids)
    else:
        found = tx.search(Address, ids=req.allocation_ids, filters=req.filters, among=among)
    return api.DescribeAddressesResult(addresses=found)


@op
def associate_address(tx: Tx, req: api.AssociateAddressRequest) -> api.AssociateAddressResult:
    """Let an interface, or an instance's only one, be seen under an address."""
    address = address_named(tx, req.allocation_id, req.public_ip)
    interface = _interface(tx, req)
    private_ip = req.private_ip_address or interface.private_ip_address
    private = next((item for item in interface.private_ip_addresses if item.private_ip_address == private_ip), None)
    if private is None or private_ip is None:
        raise AwsError(
            "InvalidParameterValue",
            f"The private IP address {private_ip} is not assigned to network interface "
            f"{interface.network_interface_id}.",
        )
    vpc = tx.get(Vpc, interface.vpc_id)
    if not tx.select(InternetGateway, vpc_id=vpc.vpc_id):
        raise AwsError("Gateway.NotAttached", f"Network {vpc.vpc_id} is not attached to any internet gateway")
    here = (interface.network_interface_id, private_ip)
    if address.association_id is not None:
        if (address.network_interface_id, address.private_ip_address) == here:
            return api.AssociateAddressResult(association_id=address.association_id)
        if req.allow_reassociation is False:
            raise AwsError(
                "Resource.AlreadyAssociated",
                f"resource {address.allocation_id} is already associated with associate-id {address.association_id}",
            )
        address = disassociate(tx, address)
        interface = tx.get(NetworkInterface, interface.network_interface_id)
    other = private.association
    if other is not None and other.allocation_id is not None:
        if req.allow_reassociation is False:
            raise AwsError(
                "Resource.AlreadyAssociated",
                f"resource {interface.network_interface_id} is already associated with associate-id "
                f"{other.association_id}",
            )
        disassociate(tx, tx.get(Address, other.allocation_id))
        interface = tx.get(NetworkInterface, interface.network_interface_id)
    address = tx.update(
        address,
        association_id=tx.new_id("eipassoc"),
        network_interface_id=interface.network_interface_id,
        network_interface_owner_id=interface.owner_id,
        instance_id=interface.instance_id,
        private_ip_address=private_ip,
    )
    association = PublicAssociation(
        public_ip=address.public_ip,
        ip_owner_id=tx.account,
        public_dns_name=public_name(tx, address.public_ip)
        if vpc.enable_dns_hostnames and vpc.enable_dns_support
        else "",
        allocation_id=address.allocation_id,
        association_id=address.association_id,
    )
    associate(tx, interface, private_ip, association)
    return api.AssociateAddressResult(association_id=address.association_id)


def _interface(tx: Tx, req: api.AssociateAddressRequest) -> NetworkInterface:
    if req.network_interface_id is not None:
        return tx.get(NetworkInterface, req.network_interface_id)
    if req.instance_id is None:
        raise AwsError("MissingParameter", "Either instance ID or network interface id must be specified")
    from sundog.services.ec2.state.compute import Instance

    tx.get(Instance, req.instance_id)
    found = list(tx.select(NetworkInterface, instance_id=req.instance_id))
    if not found:
        raise AwsError(
            "InvalidInstanceID",
            f"The pending instance '{req.instance_id}' is not in a valid state for this operation.",
        )
    if len(found) > 1:
        raise AwsError(
            "InvalidInstanceID",
            f"There are multiple interfaces attached to instance '{req.instance_id}'. Please specify an interface ID "
            "for the operation instead.",
        )
    return found[0]


def disassociate(tx: Tx, address: Address) -> Address:
    """Let nothing be seen under an address."""
    if address.network_interface_id is not None and address.private_ip_address is not None:
        interface = tx.find(NetworkInterface, address.network_interface_id)
        if interface is not None:
            associate(tx, interface, address.private_ip_address, None)
    return tx.update(address, **UNASSOCIATED)


@op
def disassociate_address(tx: Tx, req: api.DisassociateAddressRequest) -> None:
    """End an address's association; by number, also if there is none."""
    if req.association_id is not None:
        address = tx.select(Address, association_id=req.association_id).first()
        if address is None:
            raise AwsError("InvalidAssociationID.NotFound", f"The association ID '{req.association_id}' does not exist")
    elif req.public_ip is not None:
        address = address_named(tx, None, req.public_ip)
    else:
        raise AwsError("MissingParameter", "Either public IP or association id must be specified")
    disassociate(tx, address)


@op
def release_address(tx: Tx, req: api.ReleaseAddressRequest) -> None:
    """Give an address back to AWS, unless something is seen under it."""
    address = address_named(tx, req.allocation_id, req.public_ip)
    if req.network_border_group not in (None, address.network_border_group):
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({req.network_border_group}) for parameter networkBorderGroup is invalid.",
        )
    if address.association_id is not None:
        raise AwsError("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")
    tx.delete(address)
