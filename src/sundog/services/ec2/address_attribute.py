"""Reverse DNS names of Elastic IP addresses."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.ec2.state.interface import Address


@op
def modify_address_attribute(tx: Tx, req: api.ModifyAddressAttributeRequest) -> api.ModifyAddressAttributeResult:
    """Set the name that an address is resolved to."""
    address = tx.get(Address, req.allocation_id)
    if not req.domain_name:
        raise AwsError("MissingParameter", "The request must contain the parameter DomainName")
    name = req.domain_name.rstrip(".") + "."
    tx.update(address, ptr_record=name)
    return api.ModifyAddressAttributeResult(address=_pending(address, name))


@op
def reset_address_attribute(tx: Tx, req: api.ResetAddressAttributeRequest) -> api.ResetAddressAttributeResult:
    """Resolve an address to nothing again."""
    address = tx.get(Address, req.allocation_id)
    _check(req.attribute)
    tx.update(address, ptr_record=None)
    return api.ResetAddressAttributeResult(address=_pending(address, None))


def _check(attribute: str) -> None:
    if attribute != "domain-name":
        raise AwsError("InvalidParameterValue", f"Value ({attribute}) for parameter attribute is invalid.")


def _pending(address: Address, name: str | None) -> api.AddressAttribute:
    return api.AddressAttribute(
        public_ip=address.public_ip,
        allocation_id=address.allocation_id,
        ptr_record=address.ptr_record,
        ptr_record_update=api.PtrUpdateStatus(value=name, status="PENDING"),
    )


@op
def describe_addresses_attribute(
    tx: Tx, req: api.DescribeAddressesAttributeRequest
) -> api.DescribeAddressesAttributeResult:
    """List the names that addresses are resolved to."""
    if req.attribute is not None:
        _check(req.attribute)
    chosen = tx.get_all(Address, req.allocation_ids) if req.allocation_ids else tx.select(Address)
    return api.DescribeAddressesAttributeResult(addresses=rows_of([row for row in chosen if row.ptr_record]))
