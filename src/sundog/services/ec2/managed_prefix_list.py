"""Managed prefix lists: the account's own, in versions, and AWS's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.ec2 import prefix_list_facts as facts
from sundog.services.ec2.cidr import ipv4_range, ipv6_range, range6_text, range_text
from sundog.services.ec2.dependency import any_of
from sundog.services.ec2.lifecycle import begin, change, end
from sundog.services.ec2.state.network import RouteTable
from sundog.services.ec2.state.prefix_list import ManagedPrefixList, PrefixEntry
from sundog.services.ec2.state.security_group import SecurityGroupRule


def aws_list(tx: Tx, service: str) -> ManagedPrefixList:
    """The list that AWS keeps for a service."""
    prefix_list_id = facts.id_of(service, tx.region)
    found = tx.find(ManagedPrefixList, prefix_list_id)
    if found is None:
        found = tx.add(
            ManagedPrefixList(
                prefix_list_id=prefix_list_id,
                prefix_list_arn=tx.arn(f"prefix-list/{prefix_list_id}", account="aws"),
                prefix_list_name=facts.name_of(service, tx.region),
                address_family="IPv4",
                owner_id="AWS",
                state="create-complete",
                version=None,
                versions=(tuple(PrefixEntry(cidr) for cidr in facts.RANGES[service]),),
            )
        )
    return found


def with_aws_lists(tx: Tx) -> None:
    """Make sure that AWS's lists are among the rows."""
    for service in facts.RANGES:
        aws_list(tx, service)


def own_list(tx: Tx, prefix_list_id: str) -> ManagedPrefixList:
    """A list that the account may change."""
    with_aws_lists(tx)
    found = tx.get(ManagedPrefixList, prefix_list_id)
    if found.owner_id == "AWS":
        raise AwsError("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    return found


def entries_of(found: ManagedPrefixList, version: int | None = None) -> tuple[PrefixEntry, ...]:
    """The ranges of a version, or the present ones."""
    return found.versions[(version or found.version or 1) - 1]


def _entries(family: str, asked: Iterable[Any] | None) -> dict[str, PrefixEntry]:
    found: dict[str, PrefixEntry] = {}
    for item in asked or ():
        cidr = canonical(family, item.cidr)
        if cidr in found:
            raise AwsError("InvalidParameterValue", f"Duplicate CIDR block {cidr} in the request.")
        found[cidr] = PrefixEntry(cidr, item.description)
    return found


def canonical(family: str, cidr: str) -> str:
    block = ipv4_range(cidr) if family == "IPv4" else ipv6_range(cidr)
    if block is None:
        raise AwsError("InvalidParameterValue", f"The CIDR block {cidr} is not a valid {family} CIDR block.")
    return range_text(block) if family == "IPv4" else range6_text(block)


def _check_size(entries: int, most: int) -> None:
    if entries > most:
        raise AwsError(
            "PrefixListMaxEntriesExceeded",
            "You've reached the maximum number of entries for the prefix list.",
        )


@op
def create_managed_prefix_list(tx: Tx, req: api.CreateManagedPrefixListRequest) -> api.CreateManagedPrefixListResult:
    """Make a list in its first version."""
    if req.address_family not in ("IPv4", "IPv6"):
        raise AwsError("InvalidParameterValue", f"Value ({req.address_family}) for parameter addressFamily is invalid.")
    if req.prefix_list_name.startswith("com.amazonaws"):
        raise AwsError("InvalidParameterValue", "The prefix list name cannot begin with com.amazonaws.")
    if not 1 <= req.max_entries <= 1000:
        raise AwsError("InvalidParameterValue", f"Value ({req.max_entries}) for parameter maxEntries is invalid.")
    entries = _entries(req.address_family, req.entries)
    _check_size(len(entries), req.max_entries)
    prefix_list_id = tx.new_id("pl")
    made = ManagedPrefixList(
        prefix_list_id=prefix_list_id,
        prefix_list_arn=tx.arn(f"prefix-list/{prefix_list_id}"),
        prefix_list_name=req.prefix_list_name,
        address_family=req.address_family,
        owner_id=tx.account,
        max_entries=req.max_entries,
        versions=(tuple(entries.values()),),
    )
    made = begin(tx, made, then="create-complete", tags=req.tag_specifications)
    return api.CreateManagedPrefixListResult(prefix_list=made)


@op
def describe_managed_prefix_lists(
    tx: Tx, req: api.DescribeManagedPrefixListsRequest
) -> api.DescribeManagedPrefixListsResult:
    """List the account's lists and AWS's."""
    with_aws_lists(tx)
    found = tx.search(ManagedPrefixList, ids=req.prefix_list_ids, filters=req.filters)
    return api.DescribeManagedPrefixListsResult(prefix_lists=found)


@op
def describe_prefix_lists(tx: Tx, req: api.DescribePrefixListsRequest) -> api.DescribePrefixListsResult:
    """List AWS's lists of services that gateway endpoints lead to, with their ranges."""
    lists = [aws_list(tx, service) for service in ("s3", "dynamodb")]
    known = {row.prefix_list_id for row in lists}
    for prefix_list_id in req.prefix_list_ids or ():
        if prefix_list_id not in known:
            raise AwsError("InvalidPrefixListId.NotFound", f"The Prefix List Id '{prefix_list_id}' does not exist")
    found = tx.search(ManagedPrefixList, ids=req.prefix_list_ids, filters=req.filters)
    return api.DescribePrefixListsResult(
        prefix_lists=found.where(lambda row: row.prefix_list_id in known).map(
            lambda row: api.PrefixList(
                prefix_list_id=row.prefix_list_id,
                prefix_list_name=row.prefix_list_name,
                cidrs=[entry.cidr for entry in entries_of(row)],
            )
        )
    )


@op(page_size=100)
def get_managed_prefix_list_entries(
    tx: Tx, req: api.GetManagedPrefixListEntriesRequest
) -> api.GetManagedPrefixListEntriesResult:
    """Tell a version's ranges."""
    with_aws_lists(tx)
    found = tx.get(ManagedPrefixList, req.prefix_list_id)
    version = req.target_version
    if version is not None and not 1 <= version <= len(found.versions):
        raise AwsError(
            "InvalidPrefixListVersion.NotFound",
            f"The version {version} of the prefix list '{found.prefix_list_id}' does not exist",
        )
    return api.GetManagedPrefixListEntriesResult(entries=rows_of(list(entries_of(found, version))))


@op
def get_managed_prefix_list_associations(
    tx: Tx, req: api.GetManagedPrefixListAssociationsRequest
) -> api.GetManagedPrefixListAssociationsResult:
    """Tell which of the account's resources name a list."""
    with_aws_lists(tx)
    wanted = tx.get(ManagedPrefixList, req.prefix_list_id).prefix_list_id
    users = [{"ResourceId": user, "ResourceOwner": tx.account} for user in users_of(tx, wanted)]
    return api.GetManagedPrefixListAssociationsResult(prefix_list_associations=rows_of(users))


def users_of(tx: Tx, prefix_list_id: str) -> list[str]:
    """The route tables and security groups that name a list."""
    tables = [
        table.route_table_id
        for table in tx.select(RouteTable)
        if any(route.destination_prefix_list_id == prefix_list_id for route in table.routes)
    ]
    groups = [rule.group_id for rule in tx.select(SecurityGroupRule) if rule.prefix_list_id == prefix_list_id]
    return list(dict.fromkeys([*tables, *groups]))


@op
def modify_managed_prefix_list(tx: Tx, req: api.ModifyManagedPrefixListRequest) -> api.ModifyManagedPrefixListResult:
    """Change a list. New entries make a new version, and need the number of the present one."""
    found = own_list(tx, req.prefix_list_id)
    changes: dict[str, Any] = {}
    if req.prefix_list_name is not None:
        changes["prefix_list_name"] = req.prefix_list_name
    if req.ipam_prefix_list_resolver_sync_enabled is not None:
        changes["ipam_prefix_list_resolver_sync_enabled"] = req.ipam_prefix_list_resolver_sync_enabled
    entries = {entry.cidr: entry for entry in entries_of(found)}
    if req.add_entries or req.remove_entries:
        if req.max_entries is not None:
            raise AwsError(
                "InvalidParameterCombination",
                "You cannot change the entries and the maximum of entries in one request.",
            )
        _check_version(found, req.current_version)
        for item in req.remove_entries or ():
            if entries.pop(canonical(found.address_family, item.cidr), None) is None:
                raise AwsError("InvalidParameterValue", f"The CIDR block {item.cidr} is not in the prefix list.")
        entries.update(_entries(found.address_family, req.add_entries))
        _check_size(len(entries), found.max_entries or 0)
        _check_room(tx, found, len(entries))
        changes["versions"] = (*found.versions, tuple(entries.values()))
        changes["version"] = len(found.versions) + 1
    elif req.max_entries is not None:
        _check_size(len(entries), req.max_entries)
        changes["max_entries"] = req.max_entries
    if not changes:
        raise AwsError("InvalidRequest", "No modifications were requested.")
    made = change(tx, found, "modify-in-progress", "modify-complete", **changes)
    return api.ModifyManagedPrefixListResult(prefix_list=made)


def _check_room(tx: Tx, found: ManagedPrefixList, size: int) -> None:
    if size > 1000:
        raise AwsError("PrefixListMaxEntriesExceeded", "A prefix list holds at most 1000 entries.")


def _check_version(found: ManagedPrefixList, version: int | None) -> None:
    if version is None:
        raise AwsError("MissingParameter", "The request must contain the parameter CurrentVersion")
    if version != found.version:
        raise AwsError("PrefixListVersionMismatch", "The prefix list has the incorrect version number")


@op
def restore_managed_prefix_list_version(
    tx: Tx, req: api.RestoreManagedPrefixListVersionRequest
) -> api.RestoreManagedPrefixListVersionResult:
    """Make a new version of the entries of an old one."""
    found = own_list(tx, req.prefix_list_id)
    _check_version(found, req.current_version)
    if not 1 <= req.previous_version <= len(found.versions):
        raise AwsError(
            "InvalidPrefixListVersion.NotFound",
            f"The version {req.previous_version} of the prefix list '{found.prefix_list_id}' does not exist",
        )
    versions = (*found.versions, found.versions[req.previous_version - 1])
    made = change(tx, found, "restore-in-progress", "restore-complete", versions=versions, version=len(versions))
    return api.RestoreManagedPrefixListVersionResult(prefix_list=made)


@op
def delete_managed_prefix_list(tx: Tx, req: api.DeleteManagedPrefixListRequest) -> api.DeleteManagedPrefixListResult:
    """Delete a list that nothing names."""
    found = own_list(tx, req.prefix_list_id)
    if users_of(tx, found.prefix_list_id) or any_of(
        tx, ("TransitGatewayPrefixListReference",), "prefix_list_id", found.prefix_list_id
    ):
        raise AwsError(
            "DependencyViolation", f"The prefix list '{found.prefix_list_id}' has dependencies and cannot be deleted."
        )
    gone = end(tx, found, "delete-in-progress", None)
    return api.DeleteManagedPrefixListResult(prefix_list=gone)
