"""What is so at AWS whoever asks: instance types, regions, zones, offerings and public images.

Compiled by ``tools/ec2_facts.py`` and read from ``data/`` on first use. Every answer is in botocore's form and made
afresh, so callers may change what they get.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from hashlib import sha256
from struct import pack, unpack
from typing import Any, Literal

import msgspec

LocationType = Literal["region", "availability-zone", "availability-zone-id"]
"""Where an instance type may be offered; outposts have no facts."""

DATA = os.path.join(os.path.dirname(__file__), "data")

_DIRECTIONS = (("north", "n"), ("south", "s"), ("central", "c"), ("east", "e"), ("west", "w"))
_ISLANDS = {"gov": "g", "iso": "i", "isob": "ib", "isoe": "ie", "isof": "if"}
_NO_DATA_ZONES = "abc"


@cache
def _load(name: str) -> Any:
    with open(os.path.join(DATA, name + ".msgpack.z"), "rb") as file:
        return msgspec.msgpack.decode(zlib.decompress(file.read()))


# Instance types


def instance_type_names() -> tuple[str, ...]:
    """Every instance type's name, sorted."""
    return _names()


def instance_type(name: str) -> dict[str, Any] | None:
    """One type as ``DescribeInstanceTypes`` shows it, or None if AWS has none of that name."""
    pieces, records = _load("instance_types")
    record = records.get(name)
    return None if record is None else _join(name, record, pieces)


def instance_types() -> Iterator[dict[str, Any]]:
    """Every type, sorted by name."""
    pieces, records = _load("instance_types")
    for name, record in records.items():
        yield _join(name, record, pieces)


def _join(name: str, record: bytes, pieces: list[bytes]) -> dict[str, Any]:
    """A record is the numbers of its pieces; a piece is one member's name and value, as MessagePack.

    Types share most of their members' values, so there are few pieces and joining them is all the decoding there is.
    """
    numbers: tuple[int, ...] = unpack(f"<{len(record) // 2}H", record)
    encode = msgspec.msgpack.encode
    start = b"\xde" + pack(">H", len(numbers) + 1) + encode("InstanceType") + encode(name)
    return msgspec.msgpack.decode(start + b"".join([pieces[number] for number in numbers]))


@lru_cache(maxsize=1)
def _names() -> tuple[str, ...]:
    return tuple(_load("instance_types")[1])


# Regions and zones


def partition(region: str) -> str:
    """The partition a region belongs to; ``aws`` for one that nobody knows."""
    return _partitions().get(region, "aws")


def regions(partition: str = "aws") -> list[dict[str, Any]]:
    """A partition's regions as ``DescribeRegions`` shows them to a new account, sorted by name."""
    return [
        {
            "RegionName": name,
            "Endpoint": endpoint,
            "OptInStatus": "not-opted-in" if opt_in else "opt-in-not-required",
        }
        for name, (_, endpoint, opt_in, _) in _load("places").get(partition, {}).items()
    ]


def region_name(region: str) -> str:
    """What people call it: ``US East (N. Virginia)``."""
    place = _place(region)
    return place[0] if place else region


def zones(region: str) -> list[dict[str, Any]]:
    """A region's availability zones as ``DescribeAvailabilityZones`` shows them, sorted by name.

    A region that isn't known (newer than the data, or another cloud's) gets three, named by AWS's rule.
    """
    return _zones(region, region_name(region), {region + letter: known for letter, known in _zone_ids(region).items()})


def zones_named(region: str, names: Iterable[str]) -> list[dict[str, Any]]:
    """Another cloud's zones, in the same form."""
    code = zone_code(region)
    return _zones(region, region, {name: f"{code}-az{number}" for number, name in enumerate(names, 1)})


def _zones(region: str, long_name: str, ids: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "GroupLongName": f"{long_name} 1",
            "GroupName": f"{region}-zg-1",
            "Messages": [],
            "NetworkBorderGroup": region,
            "OptInStatus": "opt-in-not-required",
            "RegionName": region,
            "State": "available",
            "ZoneId": zone_id,
            "ZoneName": name,
            "ZoneType": "availability-zone",
        }
        for name, zone_id in ids.items()
    ]


def zone_code(region: str) -> str:
    """What zone ids of a region start with: ``use1`` for ``us-east-1``."""
    *area, direction, number = region.split("-") if region.count("-") > 1 else ("", region, "")
    for word, letter in _DIRECTIONS:
        direction = direction.replace(word, letter)
    return "".join(_ISLANDS.get(word, word) for word in area) + direction + number


def usual_zone_ids(region: str, letters: str = _NO_DATA_ZONES) -> dict[str, str]:
    """Zone ids by the zones' letters, where no data says otherwise."""
    code = zone_code(region)
    return {letter: f"{code}-az{number}" for number, letter in enumerate(letters, 1)}


def _zone_ids(region: str) -> dict[str, str]:
    place = _place(region)
    return place[3] if place else usual_zone_ids(region)


def _place(region: str) -> tuple[str, str, bool, dict[str, str]] | None:
    """Long name, endpoint, whether it must be opted into, and zone ids by letter."""
    return _load("places").get(partition(region), {}).get(region)


@lru_cache(maxsize=1)
def _partitions() -> dict[str, str]:
    return {region: name for name, places in _load("places").items() for region in places}


# Where instance types are offered


def offerings(region: str, location_type: LocationType = "region") -> Iterator[dict[str, Any]]:
    """What ``DescribeInstanceTypeOfferings`` answers in a region, by location and then by type."""
    if location_type == "region":
        places = [(region, offered(region))]
    else:
        key = "ZoneName" if location_type == "availability-zone" else "ZoneId"
        places = sorted((zone[key], _offered_in(zone["ZoneId"])) for zone in zones(region))
    for location, names in places:
        for name in sorted(names):
            yield {"InstanceType": name, "LocationType": location_type, "Location": location}


def offered(region: str, zone: str | None = None) -> frozenset[str]:
    """The names of the types offered in a region or in one of its zones (by name or id); none in a zone it lacks."""
    ids = [z["ZoneId"] for z in zones(region) if zone is None or zone in (z["ZoneName"], z["ZoneId"])]
    return frozenset[str]().union(*map(_offered_in, ids))


def _offered_in(zone_id: str) -> frozenset[str]:
    return _offering(zone_id if zone_id in _load("offerings") else "*")


@cache
def _offering(key: str) -> frozenset[str]:
    """One bit a type, in the order of the types' names; ``*`` is what a zone without data is taken to offer."""
    bits = int.from_bytes(_load("offerings")[key], "little")
    return frozenset(name for number, name in enumerate(_names()) if bits >> number & 1)


# Public images


def images(region: str) -> Iterator[dict[str, Any]]:
    """The latest public images in a region as ``DescribeImages`` shows them, sorted by name."""
    for data in _images(region).values():
        yield msgspec.msgpack.decode(data)


def image(region: str, image_id: str) -> dict[str, Any] | None:
    """One public image of a region, or None."""
    data = _images(region).get(image_id)
    return None if data is None else msgspec.msgpack.decode(data)


@lru_cache(maxsize=128)
def _images(region: str) -> dict[str, bytes]:
    """A region's images, encoded, by id. Where an id isn't known it is derived from region and name."""
    data = _load("images")
    listed: list[tuple[str, str, str | None]] = data["regions"].get(region) or data["partitions"].get(
        partition(region), data["partitions"]["aws"]
    )
    found: dict[str, bytes] = {}
    for name, owner, known_id in listed:
        image_id = known_id or "ami-0" + _hex(region, name)
        image: dict[str, Any] = {"ImageId": image_id, "OwnerId": owner, "Name": name, **data["images"][name]}
        image["BlockDeviceMappings"] = [
            {**mapping, "Ebs": {**mapping["Ebs"], "SnapshotId": "snap-0" + _hex(image_id, mapping["DeviceName"])}}
            if "Ebs" in mapping
            else mapping
            for mapping in image["BlockDeviceMappings"]
        ]
        image["ImageLocation"] = f"{image.get('ImageOwnerAlias', owner)}/{name}"
        found[image_id] = msgspec.msgpack.encode(image)
    return found


def _hex(*words: str) -> str:
    return sha256("/".join(words).encode()).hexdigest()[:16]
