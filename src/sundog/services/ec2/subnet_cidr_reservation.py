"""Ranges of subnets that are kept for prefixes, or for addresses that are asked for by number."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.ec2.cidr import (
    contains,
    ipv4_range,
    ipv6_range,
    known_range,
    known_range6,
    overlap,
    range6_text,
    range_text,
)
from sundog.services.ec2.state.network import Subnet, SubnetCidrReservation


@op
def create_subnet_cidr_reservation(
    tx: Tx, req: api.CreateSubnetCidrReservationRequest
) -> api.CreateSubnetCidrReservationResult:
    """Keep a range of a subnet."""
    subnet = tx.get(Subnet, req.subnet_id)
    row = SubnetCidrReservation(
        subnet_cidr_reservation_id=tx.new_id("scr"),
        subnet_id=subnet.subnet_id,
        cidr=_cidr(tx, subnet, req.cidr),
        reservation_type=req.reservation_type,
        owner_id=tx.account,
        description=req.description or "",
    )
    return api.CreateSubnetCidrReservationResult(subnet_cidr_reservation=tx.add(row, tags=req.tag_specifications))


def _cidr(tx: Tx, subnet: Subnet, text: str) -> str:
    four, six = ipv4_range(text), ipv6_range(text)
    others = [row.cidr for row in tx.select(SubnetCidrReservation, subnet_id=subnet.subnet_id)]
    if four is not None:
        shown, bits = range_text(four), 32
        homes = [known_range(subnet.cidr_block)] if subnet.cidr_block else []
        taken = [known_range(other) for other in others if ":" not in other]
    elif six is not None:
        shown, bits = range6_text(six), 128
        homes = [known_range6(item.ipv6_cidr_block) for item in subnet.ipv6_cidr_block_association_set]
        taken = [known_range6(other) for other in others if ":" in other]
    else:
        raise AwsError(
            "InvalidParameterValue", f"Value ({text}) for parameter cidr is invalid. This is not a valid CIDR block."
        )
    block = four or six
    assert block is not None
    if not any(contains(home, block, bits) for home in homes):
        raise AwsError("InvalidSubnetCidrReservation.Range", f"The CIDR '{shown}' is not within the subnet's CIDR.")
    if any(overlap(other, block, bits) for other in taken):
        raise AwsError(
            "InvalidSubnetCidrReservation.Conflict", f"The CIDR '{shown}' conflicts with another reservation."
        )
    return shown


@op
def delete_subnet_cidr_reservation(
    tx: Tx, req: api.DeleteSubnetCidrReservationRequest
) -> api.DeleteSubnetCidrReservationResult:
    """Give a kept range free."""
    row = tx.get(SubnetCidrReservation, req.subnet_cidr_reservation_id)
    tx.delete(row)
    return api.DeleteSubnetCidrReservationResult(deleted_subnet_cidr_reservation=row)


@op
def get_subnet_cidr_reservations(
    tx: Tx, req: api.GetSubnetCidrReservationsRequest
) -> api.GetSubnetCidrReservationsResult:
    """List a subnet's kept ranges."""
    subnet = tx.get(Subnet, req.subnet_id)
    found = list(
        tx.search(SubnetCidrReservation, filters=req.filters).where(lambda row: row.subnet_id == subnet.subnet_id)
    )
    return api.GetSubnetCidrReservationsResult(
        subnet_ipv4_cidr_reservations=rows_of([row for row in found if ":" not in row.cidr]),
        subnet_ipv6_cidr_reservations=[row for row in found if ":" in row.cidr],
    )
