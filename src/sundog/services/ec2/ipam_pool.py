"""IPAM pools: what they hold, and what they give out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.tag import to_dict
from sundog.services.ec2.cidr import Range, contains, ipv4_range, ipv6_range, overlap, range6_text, range_text
from sundog.services.ec2.lifecycle import GONE, alive, begin, change, end
from sundog.services.ec2.state.ipam import IpamPool, IpamPoolAllocation, IpamPoolCidr, IpamScope

_LENGTHS = ("allocation_min_netmask_length", "allocation_max_netmask_length", "allocation_default_netmask_length")


def bits_of(pool: IpamPool) -> int:
    return 32 if pool.address_family == "ipv4" else 128


def block_of(pool: IpamPool, text: str) -> Range:
    """A range of the pool's kind."""
    found = ipv4_range(text) if pool.address_family == "ipv4" else ipv6_range(text)
    if found is None:
        raise AwsError("InvalidParameterValue", f"The CIDR {text} is not a valid {pool.address_family} CIDR.")
    return found


def text_of(pool: IpamPool, block: Range) -> str:
    return range_text(block) if pool.address_family == "ipv4" else range6_text(block)


@op
def create_ipam_pool(tx: Tx, req: api.CreateIpamPoolRequest) -> api.CreateIpamPoolResult:
    """Make an empty pool in a scope, or under another pool."""
    scope = alive(tx, IpamScope, req.ipam_scope_id)
    source = alive(tx, IpamPool, req.source_ipam_pool_id) if req.source_ipam_pool_id else None
    if source is not None and (source.ipam_scope_id, source.address_family) != (
        scope.ipam_scope_id,
        req.address_family,
    ):
        raise AwsError("InvalidParameterValue", "The source pool is of another scope or address family.")
    low, high = req.allocation_min_netmask_length, req.allocation_max_netmask_length
    if low is not None and high is not None and low > high:
        raise AwsError(
            "InvalidParameterValue", "The minimum netmask length must not be greater than the maximum netmask length."
        )
    pool_id = tx.new_id("ipam-pool")
    row = IpamPool(
        ipam_pool_id=pool_id,
        ipam_pool_arn=tx.arn(f"ipam-pool/{pool_id}", region=""),
        ipam_scope_id=scope.ipam_scope_id,
        ipam_scope_arn=scope.ipam_scope_arn,
        ipam_scope_type=scope.ipam_scope_type,
        ipam_arn=scope.ipam_arn,
        ipam_region=scope.ipam_region,
        owner_id=tx.account,
        address_family=req.address_family,
        locale=req.locale or (source.locale if source else "None"),
        source_ipam_pool_id=source.ipam_pool_id if source else None,
        pool_depth=source.pool_depth + 1 if source else 1,
        description=req.description,
        auto_import=bool(req.auto_import),
        publicly_advertisable=req.publicly_advertisable,
        allocation_min_netmask_length=low,
        allocation_max_netmask_length=high,
        allocation_default_netmask_length=req.allocation_default_netmask_length,
        allocation_resource_tags=to_dict(req.allocation_resource_tags or ()),
        aws_service=req.aws_service,
        public_ip_source=req.public_ip_source,
    )
    made = begin(tx, row, then="create-complete", tags=req.tag_specifications)
    tx.update(tx.get(IpamScope, scope.ipam_scope_id), pool_count=scope.pool_count + 1)
    return api.CreateIpamPoolResult(ipam_pool=made)


@op
def describe_ipam_pools(tx: Tx, req: api.DescribeIpamPoolsRequest) -> api.DescribeIpamPoolsResult:
    """List pools."""
    return api.DescribeIpamPoolsResult(ipam_pools=tx.search(IpamPool, ids=req.ipam_pool_ids, filters=req.filters))


@op
def modify_ipam_pool(tx: Tx, req: api.ModifyIpamPoolRequest) -> api.ModifyIpamPoolResult:
    """Change a pool's rules."""
    row = alive(tx, IpamPool, req.ipam_pool_id)
    changes: dict[str, Any] = {
        name: value for name in ("description", "auto_import", *_LENGTHS) if (value := getattr(req, name)) is not None
    }
    if req.clear_allocation_default_netmask_length:
        changes["allocation_default_netmask_length"] = None
    gone = to_dict(req.remove_allocation_resource_tags or ())
    tags = {key: value for key, value in row.allocation_resource_tags.items() if key not in gone}
    changes["allocation_resource_tags"] = tags | to_dict(req.add_allocation_resource_tags or ())
    return api.ModifyIpamPoolResult(ipam_pool=change(tx, row, "modify-in-progress", "modify-complete", **changes))


def remove_pool(tx: Tx, pool: IpamPool, cascade: bool) -> IpamPool:
    """Delete a pool that holds nothing, or (``cascade``) with what it holds."""
    wanted = pool.ipam_pool_id
    cidrs = list(tx.select(IpamPoolCidr, ipam_pool_id=wanted))
    children = [row for row in tx.select(IpamPool, source_ipam_pool_id=wanted) if row.state not in GONE]
    allocations = list(tx.select(IpamPoolAllocation, ipam_pool_id=wanted))
    if children or ((cidrs or allocations) and not cascade):
        raise AwsError("DependencyViolation", f"The ipam-pool '{wanted}' has dependencies and cannot be deleted.")
    for allocation in allocations:
        tx.delete(allocation)
    for cidr in cidrs:
        _give_back(tx, cidr)
        tx.delete(cidr)
    scope = tx.get(IpamScope, pool.ipam_scope_id)
    tx.update(scope, pool_count=scope.pool_count - 1)
    return end(tx, pool, "delete-in-progress", None)


@op
def delete_ipam_pool(tx: Tx, req: api.DeleteIpamPoolRequest) -> api.DeleteIpamPoolResult:
    """Delete a pool."""
    pool = alive(tx, IpamPool, req.ipam_pool_id)
    return api.DeleteIpamPoolResult(ipam_pool=remove_pool(tx, pool, bool(req.cascade)))


def _give_back(tx: Tx, cidr: IpamPoolCidr) -> None:
    allocation = tx.find(IpamPoolAllocation, cidr.allocation_id) if cidr.allocation_id else None
    if allocation is not None:
        tx.delete(allocation)


@op
def provision_ipam_pool_cidr(tx: Tx, req: api.ProvisionIpamPoolCidrRequest) -> api.ProvisionIpamPoolCidrResult:
    """Put a range into a pool: one that is named, or one of so many addresses out of the source pool."""
    pool = alive(tx, IpamPool, req.ipam_pool_id)
    source = tx.get(IpamPool, pool.source_ipam_pool_id) if pool.source_ipam_pool_id else None
    if req.cidr is None and req.netmask_length is None:
        raise AwsError("MissingParameter", "The request must contain the parameter Cidr or NetmaskLength")
    allocation = None
    if source is not None:
        wanted = block_of(source, req.cidr) if req.cidr else None
        block = choose(tx, source, wanted, req.netmask_length)
        allocation = tx.add(
            IpamPoolAllocation(
                ipam_pool_allocation_id=tx.new_id("ipam-pool-alloc"),
                ipam_pool_id=source.ipam_pool_id,
                cidr=text_of(source, block),
                resource_id=pool.ipam_pool_id,
                resource_type="ipam-pool",
                resource_region=tx.region,
                resource_owner=tx.account,
            )
        ).ipam_pool_allocation_id
    elif req.cidr is None:
        raise AwsError("InvalidParameterCombination", "NetmaskLength needs a pool that has a source pool.")
    else:
        block = block_of(pool, req.cidr)
        for other in tx.select(IpamPool, ipam_scope_id=pool.ipam_scope_id):
            if other.source_ipam_pool_id is None and other.address_family == pool.address_family:
                _check_free(pool, block, [block_of(pool, item.cidr) for item in _cidrs(tx, other)])
    row = IpamPoolCidr(
        ipam_pool_id=pool.ipam_pool_id,
        cidr=text_of(pool, block),
        ipam_pool_cidr_id=tx.new_id("ipam-pool-cidr"),
        netmask_length=block[1],
        allocation_id=allocation,
    )
    return api.ProvisionIpamPoolCidrResult(ipam_pool_cidr=begin(tx, row, then="provisioned"))


def _cidrs(tx: Tx, pool: IpamPool) -> list[IpamPoolCidr]:
    return list(tx.select(IpamPoolCidr, ipam_pool_id=pool.ipam_pool_id))


def _check_free(pool: IpamPool, block: Range, taken: Iterable[Range]) -> None:
    if any(overlap(block, other, bits_of(pool)) for other in taken):
        raise AwsError("InvalidParameterValue", f"The CIDR {text_of(pool, block)} overlaps with an existing CIDR.")


def taken_in(tx: Tx, pool: IpamPool) -> list[Range]:
    found = tx.select(IpamPoolAllocation, ipam_pool_id=pool.ipam_pool_id)
    return [block_of(pool, row.cidr) for row in found]


def choose(
    tx: Tx,
    pool: IpamPool,
    wanted: Range | None,
    length: int | None,
    avoid: Iterable[Range] = (),
    within: Iterable[Range] = (),
) -> Range:
    """A free range of a pool: the one wanted, or the first of a length."""
    bits, taken = bits_of(pool), [*taken_in(tx, pool), *avoid]
    blocks = [block_of(pool, item.cidr) for item in _cidrs(tx, pool) if item.state == "provisioned"]
    if wanted is not None:
        if not any(contains(block, wanted, bits) for block in blocks):
            raise AwsError("InvalidParameterValue", f"The CIDR {text_of(pool, wanted)} is not in the pool.")
        _check_free(pool, wanted, taken)
        return wanted
    size = length if length is not None else pool.allocation_default_netmask_length
    if size is None:
        raise AwsError("MissingParameter", "The request must contain the parameter Cidr or NetmaskLength")
    limits = list(within)
    for block in blocks:
        place, last = block[0], block[0] + (1 << bits - block[1])
        while size >= block[1] and place < last:
            found = (place, size)
            hit = next((other for other in taken if overlap(found, other, bits)), None)
            if hit is None and (not limits or any(contains(limit, found, bits) for limit in limits)):
                return found
            step = 1 << bits - min(size, hit[1] if hit is not None else size)
            place = (place // step + 1) * step
    raise AwsError("InsufficientCidrBlocks", f"The pool {pool.ipam_pool_id} has no free CIDR of the length {size}.")


@op
def deprovision_ipam_pool_cidr(tx: Tx, req: api.DeprovisionIpamPoolCidrRequest) -> api.DeprovisionIpamPoolCidrResult:
    """Take a range from a pool that gave nothing out of it."""
    pool = alive(tx, IpamPool, req.ipam_pool_id)
    if req.cidr is None:
        raise AwsError("MissingParameter", "The request must contain the parameter Cidr")
    block = block_of(pool, req.cidr)
    row = tx.find(IpamPoolCidr, pool.ipam_pool_id, text_of(pool, block))
    if row is None:
        raise AwsError("InvalidIpamPoolCidr.NotFound", f"The CIDR {req.cidr} is not provisioned to the pool.")
    if any(contains(block, other, bits_of(pool)) for other in taken_in(tx, pool)):
        raise AwsError("DependencyViolation", f"The CIDR {req.cidr} has allocations.")
    _give_back(tx, row)
    return api.DeprovisionIpamPoolCidrResult(ipam_pool_cidr=end(tx, row, "pending-deprovision", None))


@op
def get_ipam_pool_cidrs(tx: Tx, req: api.GetIpamPoolCidrsRequest) -> api.GetIpamPoolCidrsResult:
    """List what a pool holds."""
    pool = alive(tx, IpamPool, req.ipam_pool_id)
    among = tx.select(IpamPoolCidr, ipam_pool_id=pool.ipam_pool_id)
    return api.GetIpamPoolCidrsResult(ipam_pool_cidrs=tx.search(IpamPoolCidr, filters=req.filters, among=among))
