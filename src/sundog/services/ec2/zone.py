"""Regions and their availability zones, of AWS and of the clouds that copy it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sundog.core import Tx
from sundog.services.ec2 import facts


def regions(tx: Tx) -> list[dict[str, Any]]:
    """The regions of the cloud that is called, as DescribeRegions shows them."""
    profile = tx.profile
    if profile is None or not profile.regions:
        return facts.regions(tx.partition)
    host = tx.entry.http.host if tx.entry.http is not None else ""
    return [
        {
            "RegionName": name,
            "Endpoint": profile.address("ec2", name, host),
            "OptInStatus": "opt-in-not-required",
        }
        for name in profile.regions
    ]


def zones(tx: Tx) -> list[dict[str, Any]]:
    """The zones of the region that is called, as DescribeAvailabilityZones shows them."""
    profile = tx.profile
    names = None if profile is None else profile.zones.get(tx.region)
    if names is None:
        return facts.zones(tx.region)
    return facts.zones_named(tx.region, names)


def zone_ids(tx: Tx) -> dict[str, str]:
    """The zones' ids by their names. Not to be changed."""
    profile = tx.profile
    return _zone_ids(tx.region, None if profile is None else profile.zones.get(tx.region))


@lru_cache(maxsize=256)
def _zone_ids(region: str, names: tuple[str, ...] | None) -> dict[str, str]:
    found = facts.zones(region) if names is None else facts.zones_named(region, names)
    return {zone["ZoneName"]: zone["ZoneId"] for zone in found}


def zone_named(tx: Tx, name_or_id: str) -> str | None:
    """The name of a zone that is named, or whose id is given."""
    known = zone_ids(tx)
    if name_or_id in known:
        return name_or_id
    return next((name for name, zone_id in known.items() if zone_id == name_or_id), None)
