"""Managed prefix lists."""

from __future__ import annotations

import msgspec

from sundog.core import NO_TAGS, Key, Record, Tags, record
from sundog.core.filter import parse_names


class PrefixEntry(msgspec.Struct, frozen=True):
    """One range of a list."""

    cidr: str
    description: str | None = None


@record(
    missing=("InvalidPrefixListID.NotFound", "The prefix list ID '{}' does not exist"),
    tagged_as="prefix-list",
    order="added",
    filters=parse_names(("owner-id", "prefix-list-id", "prefix-list-name")),
)
class ManagedPrefixList(Record):
    """Ranges under one name. ``versions`` holds the entries of each version in turn; AWS's lists have but one."""

    prefix_list_id: Key[str]
    prefix_list_arn: str
    prefix_list_name: str
    address_family: str
    owner_id: str
    state: str = "create-in-progress"
    state_message: str | None = None
    max_entries: int | None = None
    version: int | None = 1
    versions: tuple[tuple[PrefixEntry, ...], ...] = ()
    ipam_prefix_list_resolver_target_id: str | None = None
    ipam_prefix_list_resolver_sync_enabled: bool | None = None
    tags: Tags = NO_TAGS
