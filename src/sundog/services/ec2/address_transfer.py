"""Elastic IP addresses handed from account to account."""

from __future__ import annotations

import datetime

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.ec2.state.interface import Address, AddressTransfer

OFFERED_FOR = datetime.timedelta(days=7)


@op
def enable_address_transfer(tx: Tx, req: api.EnableAddressTransferRequest) -> api.EnableAddressTransferResult:
    """Offer an address to another account."""
    address = tx.get(Address, req.allocation_id)
    account = req.transfer_account_id
    if len(account) != 12 or not account.isdigit() or account == tx.account:
        raise AwsError("InvalidParameterValue", f"Value ({account}) for parameter transferAccountId is invalid.")
    if address.association_id is not None:
        raise AwsError("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")
    old = tx.find(AddressTransfer, address.allocation_id)
    if old is not None:
        tx.delete(old)
    made = tx.add(
        AddressTransfer(
            allocation_id=address.allocation_id,
            public_ip=address.public_ip,
            transfer_account_id=account,
            transfer_offer_expiration_timestamp=tx.now + OFFERED_FOR,
            address_transfer_status="pending",
        )
    )
    return api.EnableAddressTransferResult(address_transfer=made)


@op
def disable_address_transfer(tx: Tx, req: api.DisableAddressTransferRequest) -> api.DisableAddressTransferResult:
    """Take an offer back."""
    address = tx.get(Address, req.allocation_id)
    offer = tx.find(AddressTransfer, address.allocation_id)
    if offer is None or offer.address_transfer_status != "pending":
        raise AwsError(
            "InvalidTransfer.AddressNotFound", f"The address '{address.public_ip}' is not offered for transfer."
        )
    tx.delete(offer)
    return api.DisableAddressTransferResult(
        address_transfer=api.AddressTransfer(
            allocation_id=address.allocation_id, public_ip=address.public_ip, address_transfer_status="disabled"
        )
    )


@op
def describe_address_transfers(tx: Tx, req: api.DescribeAddressTransfersRequest) -> api.DescribeAddressTransfersResult:
    """List the account's offers."""
    if req.allocation_ids:
        found = [tx.find(AddressTransfer, row.allocation_id) for row in tx.get_all(Address, req.allocation_ids)]
        return api.DescribeAddressTransfersResult(address_transfers=rows_of([row for row in found if row is not None]))
    return api.DescribeAddressTransfersResult(address_transfers=tx.select(AddressTransfer))


@op
def accept_address_transfer(tx: Tx, req: api.AcceptAddressTransferRequest) -> api.AcceptAddressTransferResult:
    """Take an address that another account offers; it is allocated anew."""
    for account, region, offer in tx.everywhere(AddressTransfer):
        if offer.public_ip != req.address or offer.transfer_account_id != tx.account or region != tx.region:
            continue
        if offer.address_transfer_status != "pending" or offer.transfer_offer_expiration_timestamp <= tx.now:
            continue
        there = tx.in_(account=account)
        old = there.get(Address, offer.allocation_id)
        there.delete(old)
        accepted = there.update(offer, address_transfer_status="accepted", transfer_offer_accepted_timestamp=tx.now)
        tx.add(
            Address(
                allocation_id=tx.new_id("eipalloc"),
                public_ip=old.public_ip,
                network_border_group=old.network_border_group,
                public_ipv4_pool=old.public_ipv4_pool,
            ),
            tags=req.tag_specifications,
        )
        return api.AcceptAddressTransferResult(address_transfer=accepted)
    raise AwsError("InvalidTransfer.AddressNotFound", f"The address '{req.address}' is not offered for transfer.")
