"""VPC peering connections, between accounts and regions too."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.cidr import known_range, known_range6, overlap
from sundog.services.ec2.lifecycle import REMEMBERED, SECONDS
from sundog.services.ec2.route import set_route_states
from sundog.services.ec2.settle import moment, settle
from sundog.services.ec2.state.gateway import (
    PeeringBlock,
    PeeringBlock6,
    PeeringOptions,
    PeeringSide,
    PeeringStatus,
    VpcPeeringConnection,
)
from sundog.services.ec2.state.network import Vpc

OFFERED_FOR = datetime.timedelta(days=7)
_FAILED = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"
_OPEN = ("pending-acceptance", "provisioning", "active", "initiating-request")
_NO_OPTIONS = PeeringOptions()


@op
def create_vpc_peering_connection(
    tx: Tx, req: api.CreateVpcPeeringConnectionRequest
) -> api.CreateVpcPeeringConnectionResult:
    """Ask another VPC's owner to join it with one's own."""
    vpc = tx.get(Vpc, req.vpc_id)
    if req.peer_vpc_id is None:
        raise AwsError("MissingParameter", "The request must contain the parameter peerVpcId")
    owner, region = req.peer_owner_id or tx.account, req.peer_region or tx.region
    there = tx.in_(account=owner, region=region)
    if owner == tx.account and region == tx.region:
        peer: Vpc | None = tx.get(Vpc, req.peer_vpc_id)
        if req.peer_vpc_id == vpc.vpc_id:
            raise AwsError(
                "InvalidParameterValue", f"vpcPeeringConnection cannot be created between the same VPC {vpc.vpc_id}"
            )
    else:
        peer = there.find(Vpc, req.peer_vpc_id)
    open_already = _between(tx, vpc.vpc_id, req.peer_vpc_id)
    if open_already is not None and open_already.status.code != "failed":
        return api.CreateVpcPeeringConnectionResult(vpc_peering_connection=open_already)
    made = VpcPeeringConnection(
        vpc_peering_connection_id=tx.new_id("pcx"),
        requester_vpc_info=_side(vpc, tx.region),
        accepter_vpc_info=PeeringSide(vpc_id=req.peer_vpc_id, owner_id=owner, region=region),
        status=PeeringStatus("initiating-request", f"Initiating Request to {owner}"),
        expiration_time=moment(tx) + OFFERED_FOR,
        vpc_ids=(vpc.vpc_id, req.peer_vpc_id) if there_is_here(tx, owner, region) else (vpc.vpc_id,),
    )
    made = tx.add(made, tags=req.tag_specifications)
    if peer is None or _overlaps(vpc, peer):
        tx.update(made, status=PeeringStatus("failed", _FAILED), expiration_time=None)
        tx.at(tx.now + REMEMBERED, forget, made.vpc_peering_connection_id)
    else:
        offered = PeeringStatus("pending-acceptance", f"Pending Acceptance by {owner}")
        kept = tx.update(made, status=offered)
        if not there_is_here(tx, owner, region):
            there.add(replace(kept, tags={}, serial_=0, vpc_ids=(peer.vpc_id,)))
        tx.at(tx.now + OFFERED_FOR, expire, made.vpc_peering_connection_id)
    return api.CreateVpcPeeringConnectionResult(vpc_peering_connection=made)


def there_is_here(tx: Tx, account: str, region: str) -> bool:
    return (account, region) == (tx.account, tx.region)


def _between(tx: Tx, one: str, other: str) -> VpcPeeringConnection | None:
    """The connection of two VPCs that is open or offered, in either direction."""
    for row in tx.select(VpcPeeringConnection, vpc_ids=one):
        ends = {row.requester_vpc_info.vpc_id, row.accepter_vpc_info.vpc_id}
        if ends == {one, other} and row.status.code in _OPEN:
            return row
    return None


def _side(vpc: Vpc, region: str) -> PeeringSide:
    sixes = tuple(PeeringBlock6(item.ipv6_cidr_block) for item in vpc.ipv6_cidr_block_association_set or ())
    return PeeringSide(
        vpc_id=vpc.vpc_id,
        owner_id=vpc.owner_id,
        region=region,
        cidr_block=vpc.cidr_block,
        cidr_block_set=tuple(PeeringBlock(item.cidr_block) for item in vpc.cidr_block_association_set),
        ipv6_cidr_block_set=sixes or None,
        peering_options=_NO_OPTIONS,
    )


def _overlaps(one: Vpc, other: Vpc) -> bool:
    if any(
        overlap(known_range(mine.cidr_block), known_range(its.cidr_block))
        for mine in one.cidr_block_association_set
        for its in other.cidr_block_association_set
    ):
        return True
    return any(
        overlap(known_range6(mine.ipv6_cidr_block), known_range6(its.ipv6_cidr_block), 128)
        for mine in one.ipv6_cidr_block_association_set or ()
        for its in other.ipv6_cidr_block_association_set or ()
    )


def rows(tx: Tx, found: VpcPeeringConnection) -> Iterator[tuple[Tx, VpcPeeringConnection]]:
    """The connection's row on each side, with the transaction that is at home there."""
    sides = (found.requester_vpc_info, found.accepter_vpc_info)
    for account, region in dict.fromkeys((side.owner_id, side.region) for side in sides):
        there = tx.in_(account=account, region=region)
        row = there.find(VpcPeeringConnection, found.vpc_peering_connection_id)
        if row is not None:
            yield there, row


def _set(tx: Tx, found: VpcPeeringConnection, code: str, message: str, **changes: Any) -> VpcPeeringConnection:
    """Change both rows; gives this side's."""
    for there, row in rows(tx, found):
        there.update(row, status=PeeringStatus(code, message), **changes)
    return tx.get(VpcPeeringConnection, found.vpc_peering_connection_id)


def expire(tx: Tx, connection_id: str) -> None:
    """What happens to an offer that nobody took."""
    row = tx.find(VpcPeeringConnection, connection_id)
    if row is not None and row.status.code == "pending-acceptance":
        _set(tx, row, "expired", "Expired", expiration_time=None)
        _forget_later(tx, row)


def forget(tx: Tx, connection_id: str) -> None:
    """Remove a connection that is no more."""
    row = tx.find(VpcPeeringConnection, connection_id)
    if row is not None:
        for there, each in list(rows(tx, row)):
            there.delete(each)


def _forget_later(tx: Tx, row: VpcPeeringConnection) -> None:
    tx.at(tx.now + REMEMBERED, forget, row.vpc_peering_connection_id)


def _check_accepter(tx: Tx, row: VpcPeeringConnection, verb: str) -> None:
    side = row.accepter_vpc_info
    if side.owner_id != tx.account or side.region != tx.region:
        if side.owner_id != tx.account:
            raise AwsError(
                "OperationNotPermitted",
                f"User ({tx.account}) cannot {verb} peering {row.vpc_peering_connection_id}",
            )
        raise AwsError(
            "OperationNotPermitted",
            f"Incorrect region ({tx.region}) specified for this request. VPC peering connection "
            f"{row.vpc_peering_connection_id} must be {verb}ed in region {side.region}",
        )
    if row.status.code != "pending-acceptance":
        raise AwsError(
            "InvalidStateTransition",
            f"Invalid state transition for {row.vpc_peering_connection_id}, attempted to transition from "
            f"{row.status.code} to {'active' if verb == 'accept' else 'rejected'}",
        )


@op
def accept_vpc_peering_connection(
    tx: Tx, req: api.AcceptVpcPeeringConnectionRequest
) -> api.AcceptVpcPeeringConnectionResult:
    """Take another VPC's offer."""
    row = tx.get(VpcPeeringConnection, req.vpc_peering_connection_id)
    _check_accepter(tx, row, "accept")
    vpc = tx.get(Vpc, row.accepter_vpc_info.vpc_id)
    row = _set(tx, row, "provisioning", "Provisioning", accepter_vpc_info=_side(vpc, tx.region), expiration_time=None)
    settle(tx, SECONDS, become_active, row.vpc_peering_connection_id)
    return api.AcceptVpcPeeringConnectionResult(vpc_peering_connection=row)


def become_active(tx: Tx, connection_id: str) -> None:
    """Let packets pass."""
    row = tx.find(VpcPeeringConnection, connection_id)
    if row is not None and row.status.code == "provisioning":
        _set(tx, row, "active", "Active")
        for there, each in rows(tx, row):
            set_route_states(there, "vpc_peering_connection_id", each.vpc_peering_connection_id, "active")


@op
def reject_vpc_peering_connection(
    tx: Tx, req: api.RejectVpcPeeringConnectionRequest
) -> api.RejectVpcPeeringConnectionResult:
    """Refuse another VPC's offer."""
    row = tx.get(VpcPeeringConnection, req.vpc_peering_connection_id)
    _check_accepter(tx, row, "reject")
    row = _set(tx, row, "rejected", f"Rejected by {tx.account}", expiration_time=None)
    _forget_later(tx, row)
    return api.RejectVpcPeeringConnectionResult(return_=True)


@op
def delete_vpc_peering_connection(
    tx: Tx, req: api.DeleteVpcPeeringConnectionRequest
) -> api.DeleteVpcPeeringConnectionResult:
    """Part two VPCs, or take an offer back. Routes between them lead nowhere then."""
    row = tx.get(VpcPeeringConnection, req.vpc_peering_connection_id)
    if row.status.code not in _OPEN and row.status.code != "failed":
        raise AwsError(
            "InvalidStateTransition",
            f"Invalid state transition for {row.vpc_peering_connection_id}, attempted to transition from "
            f"{row.status.code} to deleting",
        )
    for there, each in rows(tx, row):
        set_route_states(there, "vpc_peering_connection_id", each.vpc_peering_connection_id, "blackhole")
    _set(tx, row, "deleted", f"Deleted by {tx.account}", expiration_time=None)
    _forget_later(tx, row)
    return api.DeleteVpcPeeringConnectionResult(return_=True)


@op
def describe_vpc_peering_connections(
    tx: Tx, req: api.DescribeVpcPeeringConnectionsRequest
) -> api.DescribeVpcPeeringConnectionsResult:
    """List connections of either side."""
    found = tx.search(VpcPeeringConnection, ids=req.vpc_peering_connection_ids, filters=req.filters)
    return api.DescribeVpcPeeringConnectionsResult(vpc_peering_connections=found)


@op
def modify_vpc_peering_connection_options(
    tx: Tx, req: api.ModifyVpcPeeringConnectionOptionsRequest
) -> api.ModifyVpcPeeringConnectionOptionsResult:
    """Let a side's DNS names be resolved from the other. Each side's options are its owner's to change."""
    row = tx.get(VpcPeeringConnection, req.vpc_peering_connection_id)
    if row.status.code != "active":
        raise AwsError(
            "InvalidVpcPeeringConnectionState.NotActive",
            f"VPC peering connection {row.vpc_peering_connection_id} is not active",
        )
    answers: dict[str, Any] = {}
    for name, asked in (
        ("requester", req.requester_peering_connection_options),
        ("accepter", req.accepter_peering_connection_options),
    ):
        if asked is None:
            continue
        side: PeeringSide = getattr(row, f"{name}_vpc_info")
        if (side.owner_id, side.region) != (tx.account, tx.region):
            raise AwsError(
                "OperationNotPermitted",
                f"User ({tx.account}) cannot modify {name} options of peering {row.vpc_peering_connection_id}",
            )
        options = side.peering_options or _NO_OPTIONS
        given = {
            field: value for field in PeeringOptions.__struct_fields__ if (value := getattr(asked, field)) is not None
        }
        options = replace(options, **given)
        for there, each in rows(tx, row):
            there.update(each, **{f"{name}_vpc_info": replace(side, peering_options=options)})
        row = tx.get(VpcPeeringConnection, row.vpc_peering_connection_id)
        answers[f"{name}_peering_connection_options"] = options
    return api.ModifyVpcPeeringConnectionOptionsResult(**answers)
