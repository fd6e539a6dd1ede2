"""A region's availability zones, by name and by id."""

from __future__ import annotations

from functools import lru_cache

from sundog.services.ec2 import facts


@lru_cache(maxsize=256)
def zone_ids(region: str) -> dict[str, str]:
    """The zones' ids by their names. Not to be changed."""
    return {zone["ZoneName"]: zone["ZoneId"] for zone in facts.zones(region)}


def zone_named(region: str, name_or_id: str) -> str | None:
    """The name of a zone that is named, or whose id is given."""
    known = zone_ids(region)
    if name_or_id in known:
        return name_or_id
    return next((name for name, zone_id in known.items() if zone_id == name_or_id), None)
