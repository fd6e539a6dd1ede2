"""What IPAM pools gave out."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.ipam_pool import block_of, choose, text_of
from sundog.services.ec2.lifecycle import alive
from sundog.services.ec2.state.ipam import IpamPool, IpamPoolAllocation


@op
def allocate_ipam_pool_cidr(tx: Tx, req: api.AllocateIpamPoolCidrRequest) -> api.AllocateIpamPoolCidrResult:
    """Give a range out of a pool; a preview only tells which it would be."""
    pool = alive(tx, IpamPool, req.ipam_pool_id)
    wanted = block_of(pool, req.cidr) if req.cidr else None
    length = wanted[1] if wanted else req.netmask_length
    low, high = pool.allocation_min_netmask_length, pool.allocation_max_netmask_length
    if length is not None and not (low or 0) <= length <= (high or 128):
        raise AwsError(
            "InvalidParameterValue", f"The netmask length {length} is not between the pool's minimum and maximum."
        )
    block = choose(
        tx,
        pool,
        wanted,
        req.netmask_length,
        [block_of(pool, text) for text in req.disallowed_cidrs or ()],
        [block_of(pool, text) for text in req.allowed_cidrs or ()],
    )
    row = IpamPoolAllocation(
        ipam_pool_allocation_id=tx.new_id("ipam-pool-alloc"),
        ipam_pool_id=pool.ipam_pool_id,
        cidr=text_of(pool, block),
        description=req.description,
        resource_region=tx.region,
        resource_owner=tx.account,
    )
    if not req.preview_next_cidr:
        row = tx.add(row, tags=req.tag_specifications)
    return api.AllocateIpamPoolCidrResult(ipam_pool_allocation=row)


@op
def describe_ipam_pool_allocations(
    tx: Tx, req: api.DescribeIpamPoolAllocationsRequest
) -> api.DescribeIpamPoolAllocationsResult:
    """List what all pools gave out."""
    found = tx.search(IpamPoolAllocation, ids=req.ipam_pool_allocation_ids, filters=req.filters)
    return api.DescribeIpamPoolAllocationsResult(ipam_pool_allocations=found)


@op
def get_ipam_pool_allocations(tx: Tx, req: api.GetIpamPoolAllocationsRequest) -> api.GetIpamPoolAllocationsResult:
    """List what a pool gave out."""
    pool = alive(tx, IpamPool, req.ipam_pool_id)
    among = tx.select(IpamPoolAllocation, ipam_pool_id=pool.ipam_pool_id)
    if req.ipam_pool_allocation_id is not None:
        wanted = tx.get(IpamPoolAllocation, req.ipam_pool_allocation_id).ipam_pool_allocation_id
        among = among.where(lambda row: row.ipam_pool_allocation_id == wanted)
    found = tx.search(IpamPoolAllocation, filters=req.filters, among=among)
    return api.GetIpamPoolAllocationsResult(ipam_pool_allocations=found)


@op
def modify_ipam_pool_allocation(tx: Tx, req: api.ModifyIpamPoolAllocationRequest) -> api.ModifyIpamPoolAllocationResult:
    """Change an allocation's description."""
    row = tx.get(IpamPoolAllocation, req.ipam_pool_allocation_id)
    text = row.description if req.description is None else req.description
    return api.ModifyIpamPoolAllocationResult(ipam_pool_allocation=tx.update(row, description=text))


@op
def release_ipam_pool_allocation(
    tx: Tx, req: api.ReleaseIpamPoolAllocationRequest
) -> api.ReleaseIpamPoolAllocationResult:
    """Take back a range that was given out by hand."""
    pool = alive(tx, IpamPool, req.ipam_pool_id)
    row = tx.get(IpamPoolAllocation, req.ipam_pool_allocation_id)
    if row.ipam_pool_id != pool.ipam_pool_id or row.cidr != text_of(pool, block_of(pool, req.cidr)):
        raise AwsError("InvalidParameterValue", f"The CIDR {req.cidr} is not the allocation's.")
    if row.resource_type != "custom":
        raise AwsError("OperationNotPermitted", "Only custom allocations can be released.")
    tx.delete(row)
    return api.ReleaseIpamPoolAllocationResult(success=True)
