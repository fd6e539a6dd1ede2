"""IPAMs and their scopes."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.lifecycle import GONE, alive, begin, change, end
from sundog.services.ec2.state.ipam import Ipam, IpamPool, IpamScope, OperatingRegion


@op
def create_ipam(tx: Tx, req: api.CreateIpamRequest) -> api.CreateIpamResult:
    """Make an IPAM with its two default scopes."""
    ipam_id = tx.new_id("ipam")
    regions = dict.fromkeys([tx.region, *(item.region_name for item in req.operating_regions or ())])
    scopes = {kind: tx.new_id("ipam-scope") for kind in ("public", "private")}
    row = Ipam(
        ipam_id=ipam_id,
        ipam_arn=tx.arn(f"ipam/{ipam_id}", region=""),
        ipam_region=tx.region,
        owner_id=tx.account,
        public_default_scope_id=scopes["public"],
        private_default_scope_id=scopes["private"],
        description=req.description,
        operating_regions=tuple(OperatingRegion(name) for name in regions),
        tier=req.tier or "advanced",
        enable_private_gua=bool(req.enable_private_gua),
        metered_account=req.metered_account or "ipam-owner",
        default_resource_discovery_id=tx.new_id("ipam-res-disco"),
        default_resource_discovery_association_id=tx.new_id("ipam-res-disco-assoc"),
    )
    made = begin(tx, row, then="create-complete", tags=req.tag_specifications)
    for kind, scope_id in scopes.items():
        begin(tx, _scope(tx, made, scope_id, kind, default=True), then="create-complete")
    return api.CreateIpamResult(ipam=made)


def _scope(tx: Tx, ipam: Ipam, scope_id: str, kind: str, default: bool, description: str | None = None) -> IpamScope:
    return IpamScope(
        ipam_scope_id=scope_id,
        ipam_scope_arn=tx.arn(f"ipam-scope/{scope_id}", region=""),
        ipam_id=ipam.ipam_id,
        ipam_arn=ipam.ipam_arn,
        ipam_region=ipam.ipam_region,
        owner_id=tx.account,
        ipam_scope_type=kind,
        is_default=default,
        description=description,
    )


@op
def describe_ipams(tx: Tx, req: api.DescribeIpamsRequest) -> api.DescribeIpamsResult:
    """List IPAMs."""
    return api.DescribeIpamsResult(ipams=tx.search(Ipam, ids=req.ipam_ids, filters=req.filters))


@op
def modify_ipam(tx: Tx, req: api.ModifyIpamRequest) -> api.ModifyIpamResult:
    """Change an IPAM."""
    row = alive(tx, Ipam, req.ipam_id)
    changes: dict[str, Any] = {
        name: value
        for name in ("description", "tier", "enable_private_gua", "metered_account")
        if (value := getattr(req, name)) is not None
    }
    gone = {item.region_name for item in req.remove_operating_regions or ()}
    if row.ipam_region in gone:
        raise AwsError("InvalidParameterValue", "The home region of an IPAM cannot be removed.")
    names = [item.region_name for item in row.operating_regions]
    names += [item.region_name for item in req.add_operating_regions or ()]
    changes["operating_regions"] = tuple(OperatingRegion(name) for name in dict.fromkeys(names) if name not in gone)
    return api.ModifyIpamResult(ipam=change(tx, row, "modify-in-progress", "modify-complete", **changes))


def _pools(tx: Tx, scope: IpamScope) -> list[IpamPool]:
    found = tx.select(IpamPool, ipam_scope_id=scope.ipam_scope_id)
    return [pool for pool in found if pool.state not in GONE]


@op
def delete_ipam(tx: Tx, req: api.DeleteIpamRequest) -> api.DeleteIpamResult:
    """Delete an IPAM that has nothing but its default scopes; ``cascade``: with its private scopes and pools."""
    from sundog.services.ec2.ipam_pool import remove_pool

    row = alive(tx, Ipam, req.ipam_id)
    scopes = list(tx.select(IpamScope, ipam_id=row.ipam_id))
    held = [scope for scope in scopes if not scope.is_default or _pools(tx, scope)]
    if held and (not req.cascade or any(scope.ipam_scope_type == "public" for scope in held)):
        raise AwsError("DependencyViolation", f"The IPAM '{row.ipam_id}' has dependencies and cannot be deleted.")
    for scope in scopes:
        for pool in sorted(_pools(tx, scope), key=lambda pool: -pool.pool_depth):
            remove_pool(tx, pool, cascade=True)
        tx.delete(tx.get(IpamScope, scope.ipam_scope_id))
    return api.DeleteIpamResult(ipam=end(tx, row, "delete-in-progress", None))


@op
def create_ipam_scope(tx: Tx, req: api.CreateIpamScopeRequest) -> api.CreateIpamScopeResult:
    """Make another private scope."""
    ipam = alive(tx, Ipam, req.ipam_id)
    scope = _scope(tx, ipam, tx.new_id("ipam-scope"), "private", default=False, description=req.description)
    made = begin(tx, scope, then="create-complete", tags=req.tag_specifications)
    tx.update(tx.get(Ipam, ipam.ipam_id), scope_count=tx.select(IpamScope, ipam_id=ipam.ipam_id).count())
    return api.CreateIpamScopeResult(ipam_scope=made)


@op
def describe_ipam_scopes(tx: Tx, req: api.DescribeIpamScopesRequest) -> api.DescribeIpamScopesResult:
    """List scopes."""
    return api.DescribeIpamScopesResult(ipam_scopes=tx.search(IpamScope, ids=req.ipam_scope_ids, filters=req.filters))


@op
def modify_ipam_scope(tx: Tx, req: api.ModifyIpamScopeRequest) -> api.ModifyIpamScopeResult:
    """Change a scope's description."""
    row = alive(tx, IpamScope, req.ipam_scope_id)
    text = row.description if req.description is None else req.description
    made = change(tx, row, "modify-in-progress", "modify-complete", description=text)
    return api.ModifyIpamScopeResult(ipam_scope=made)


@op
def delete_ipam_scope(tx: Tx, req: api.DeleteIpamScopeRequest) -> api.DeleteIpamScopeResult:
    """Delete a scope that has no pools and isn't a default one."""
    row = alive(tx, IpamScope, req.ipam_scope_id)
    if row.is_default:
        raise AwsError("OperationNotPermitted", "The default scopes of an IPAM cannot be deleted.")
    if _pools(tx, row):
        raise AwsError(
            "DependencyViolation", f"The ipam-scope '{row.ipam_scope_id}' has dependencies and cannot be deleted."
        )
    gone = end(tx, row, "delete-in-progress", None)
    ipam = tx.get(Ipam, row.ipam_id)
    tx.update(ipam, scope_count=ipam.scope_count - 1)
    return api.DeleteIpamScopeResult(ipam_scope=gone)
