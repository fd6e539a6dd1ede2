"""IPv6 ranges of subnets."""

from __future__ import annotations

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.cidr import checked_range6, contains, known_range6, overlap, range6_text
from sundog.services.ec2.state.interface import NetworkInterface
from sundog.services.ec2.state.network import CidrState, Ipv6Cidr, Subnet, Vpc


def add_ipv6(tx: Tx, subnet: Subnet, text: str) -> Subnet:
    """Give a subnet an IPv6 range of its VPC's."""
    vpc = tx.get(Vpc, subnet.vpc_id)
    block = checked_range6(text)
    shown = range6_text(block)
    homes = [known_range6(item.ipv6_cidr_block) for item in vpc.ipv6_cidr_block_association_set or ()]
    if block[1] % 4 or not 44 <= block[1] <= 64 or not any(contains(home, block, 128) for home in homes):
        raise AwsError("InvalidSubnet.Range", f"The CIDR '{shown}' is invalid.")
    if subnet.ipv6_cidr_block_association_set:
        raise AwsError("SubnetCidrBlockLimitExceeded", "The subnet already has an IPv6 CIDR block associated with it.")
    for other in tx.select(Subnet, vpc_id=vpc.vpc_id):
        for item in other.ipv6_cidr_block_association_set:
            if overlap(known_range6(item.ipv6_cidr_block), block, 128):
                raise AwsError("InvalidSubnet.Conflict", f"The CIDR '{shown}' conflicts with another subnet")
    made = Ipv6Cidr(association_id=tx.new_id("subnet-cidr-assoc"), ipv6_cidr_block=shown)
    return tx.update(subnet, ipv6_cidr_block_association_set=(made,))


@op
def associate_subnet_cidr_block(tx: Tx, req: api.AssociateSubnetCidrBlockRequest) -> api.AssociateSubnetCidrBlockResult:
    """Give a subnet an IPv6 range."""
    subnet = tx.get(Subnet, req.subnet_id)
    if req.ipv6_cidr_block is None:
        raise AwsError("MissingParameter", "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.")
    made = add_ipv6(tx, subnet, req.ipv6_cidr_block).ipv6_cidr_block_association_set[-1]
    return api.AssociateSubnetCidrBlockResult(
        subnet_id=subnet.subnet_id,
        ipv6_cidr_block_association=replace(made, ipv6_cidr_block_state=CidrState("associating")),
    )


@op
def disassociate_subnet_cidr_block(
    tx: Tx, req: api.DisassociateSubnetCidrBlockRequest
) -> api.DisassociateSubnetCidrBlockResult:
    """Take a subnet's IPv6 range from it, unless an interface has an address of it."""
    wanted = req.association_id
    for subnet in tx.select(Subnet):
        for item in subnet.ipv6_cidr_block_association_set:
            if item.association_id != wanted:
                continue
            rows = tx.select(NetworkInterface, subnet_id=subnet.subnet_id)
            if any(row.ipv6_addresses or row.ipv6_prefixes for row in rows):
                raise AwsError(
                    "InvalidCidr.InUse",
                    f"The subnet {subnet.subnet_id} currently has an address within CIDR block {item.ipv6_cidr_block}",
                )
            tx.update(subnet, ipv6_cidr_block_association_set=(), assign_ipv6_address_on_creation=False)
            return api.DisassociateSubnetCidrBlockResult(
                subnet_id=subnet.subnet_id,
                ipv6_cidr_block_association=replace(item, ipv6_cidr_block_state=CidrState("disassociating")),
            )
    raise AwsError(
        "InvalidSubnetCidrBlockAssociationID.NotFound",
        f"The subnet CIDR block association ID '{wanted}' does not exist",
    )
