"""Warm pools: instances that wait, stopped or running, until a group grows."""

from __future__ import annotations

from sundog.api import autoscaling as api
from sundog.core import Tx, op
from sundog.core.structure import plain
from sundog.services.autoscaling.capacity import is_warm, launch, leave, members_of, stamp
from sundog.services.autoscaling.state import Group, WarmPool, invalid


def fill(tx: Tx, name: str) -> None:
    """Launch or terminate waiting instances until there are as many as the pool should have."""
    group = tx.find(Group, name)
    if group is None or group.warm_pool is None or group.warm_pool.status is not None:
        return
    pool = group.warm_pool
    most = group.max_size if pool.max_group_prepared_capacity is None else pool.max_group_prepared_capacity
    wanted = max(pool.min_size, most - group.desired_capacity)
    warm = [
        member for member in members_of(tx, name) if is_warm(member) and "Terminating" not in member.lifecycle_state
    ]
    why = f"At {stamp(tx)} the warm pool was changed to {wanted} instances."
    if len(warm) < wanted:
        launch(tx, group, wanted - len(warm), why, warm=True)
    for member in warm[wanted:]:
        leave(tx, group, member, why)


@op
def put_warm_pool(tx: Tx, req: api.PutWarmPoolType) -> api.PutWarmPoolAnswer:
    """Give a group a warm pool, or change the one it has."""
    group = tx.get(Group, req.auto_scaling_group_name)
    if group.mixed_instances_policy is not None:
        raise invalid("You can't add a warm pool to an Auto Scaling group that has a mixed instances policy.")
    before = group.warm_pool or WarmPool()
    most = req.max_group_prepared_capacity
    if most is not None and most < -1:
        raise invalid("MaxGroupPreparedCapacity must be -1 or more.")
    pool = WarmPool(
        max_group_prepared_capacity=before.max_group_prepared_capacity
        if most is None
        else None
        if most == -1
        else most,
        min_size=before.min_size if req.min_size is None else req.min_size,
        pool_state=req.pool_state or before.pool_state,
        instance_reuse_policy=plain(req.instance_reuse_policy) or before.instance_reuse_policy,
    )
    tx.update(group, warm_pool=pool)
    fill(tx, group.auto_scaling_group_name)
    return api.PutWarmPoolAnswer()


@op(page_size=50)
def describe_warm_pool(tx: Tx, req: api.DescribeWarmPoolType) -> api.DescribeWarmPoolAnswer:
    """Show a group's warm pool and who waits in it."""
    from sundog.services.autoscaling.group import shown_member

    group = tx.get(Group, req.auto_scaling_group_name)
    if group.warm_pool is None:
        return api.DescribeWarmPoolAnswer(instances=[])
    found = [shown_member(member) for member in members_of(tx, group.auto_scaling_group_name) if is_warm(member)]
    return api.DescribeWarmPoolAnswer(warm_pool_configuration=group.warm_pool, instances=found)


@op
def delete_warm_pool(tx: Tx, req: api.DeleteWarmPoolType) -> api.DeleteWarmPoolAnswer:
    """Take a group's warm pool away, with its instances."""
    group = tx.get(Group, req.auto_scaling_group_name)
    if group.warm_pool is None:
        raise invalid(f"No warm pool found for Auto Scaling group {group.auto_scaling_group_name}")
    tx.update(group, warm_pool=None)
    for member in members_of(tx, group.auto_scaling_group_name):
        if is_warm(member):
            leave(tx, group, member, f"At {stamp(tx)} the warm pool was deleted.", hooks=not req.force_delete)
    return api.DeleteWarmPoolAnswer()
