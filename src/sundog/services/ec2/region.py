"""Regions and availability zones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.filter import checked, computed_match, unknown_filter
from sundog.services.ec2.zone import regions, zones

_REGION_FILTERS = {"endpoint": "Endpoint", "opt-in-status": "OptInStatus", "region-name": "RegionName"}
_ZONE_FILTERS = {
    "group-long-name": "GroupLongName",
    "group-name": "GroupName",
    "message": "Messages",
    "network-border-group": "NetworkBorderGroup",
    "opt-in-status": "OptInStatus",
    "parent-zone-id": "ParentZoneId",
    "parent-zone-name": "ParentZoneName",
    "parentZoneId": "ParentZoneId",
    "parentZoneName": "ParentZoneName",
    "region-name": "RegionName",
    "state": "State",
    "zone-id": "ZoneId",
    "zone-name": "ZoneName",
    "zone-type": "ZoneType",
}


@op
def describe_regions(tx: Tx, req: api.DescribeRegionsRequest) -> api.DescribeRegionsResult:
    """List the partition's regions; all of them, or those that need no opting in."""
    found = regions(tx)
    if req.region_names:
        known = {region["RegionName"] for region in found}
        wrong = [name for name in req.region_names if name not in known]
        if wrong:
            raise AwsError("InvalidParameterValue", f"Invalid region names: [{','.join(wrong)}]")
        found = [region for region in found if region["RegionName"] in req.region_names]
    elif not req.all_regions:
        found = [region for region in found if region["OptInStatus"] != "not-opted-in"]
    return api.DescribeRegionsResult(regions=_kept(found, req.filters, _REGION_FILTERS))


@op
def describe_availability_zones(
    tx: Tx, req: api.DescribeAvailabilityZonesRequest
) -> api.DescribeAvailabilityZonesResult:
    """List the region's zones. ``all_availability_zones`` adds those not opted into, of which none are known."""
    found = zones(tx)
    for wanted, member in ((req.zone_names, "ZoneName"), (req.zone_ids, "ZoneId")):
        if wanted:
            known = {zone[member] for zone in found}
            wrong = [name for name in wanted if name not in known]
            if wrong:
                kind = "availability zone" if member == "ZoneName" else "availability zone-id"
                raise AwsError("InvalidParameterValue", f"Invalid {kind}: [{', '.join(wrong)}]")
    found = [
        zone
        for zone in found
        if (not req.zone_names or zone["ZoneName"] in req.zone_names)
        and (not req.zone_ids or zone["ZoneId"] in req.zone_ids)
    ]
    if req.all_availability_zones is False:
        found = [zone for zone in found if zone["OptInStatus"] != "not-opted-in"]
    return api.DescribeAvailabilityZonesResult(availability_zones=_kept(found, req.filters, _ZONE_FILTERS))


def _kept(rows: list[dict[str, Any]], filters: Iterable[Any] | None, names: dict[str, str]) -> list[dict[str, Any]]:
    """The rows that pass a request's filters."""
    for name, values in checked(filters or ()):
        if name not in names:
            raise unknown_filter(name)
        match = computed_match(_reader(names[name]), values)
        rows = [row for row in rows if match(row)]
    return rows


def _reader(member: str) -> Callable[[dict[str, Any]], Iterable[Any]]:
    def read(row: dict[str, Any]) -> Iterable[Any]:
        value = row.get(member)
        if value is None:
            return ()
        return [item["Message"] for item in value] if isinstance(value, list) else (value,)

    return read
