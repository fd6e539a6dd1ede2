"""Make ``src/sundog/services/ec2/data``: what is so at EC2 whoever asks.

    python tools/ec2_facts.py            # write the files whose content has changed
    python tools/ec2_facts.py --check    # say whether they are up to date
    python tools/ec2_facts.py --wheels D # keep the downloaded wheels in D, and use those that are there

Sources, pinned: the data files (not the code) in moto's wheel, and botocore's ``endpoints.json``. What each file holds
and where its parts come from stands in ``DATA-SOURCES.md``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
from ec2_images import build_images

from sundog.services.ec2 import facts

SOURCES = {"moto": "5.2.5", "botocore": "1.43.117"}

OPT_IN = {
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-south-2"),
    *("ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7"),
    *("ca-west-1", "mx-central-1", "eu-central-2", "eu-south-1", "eu-south-2"),
    *("il-central-1", "me-central-1", "me-south-1"),
}
"""Regions that an account must enable first: those of the ``aws`` partition opened after 20 March 2019."""

ZONES = {
    # An account's own mapping of names to ids. A recorded answer of AWS has us-east-1a as use1-az6; moto's data come
    # from another account. What is offered in which zone id holds for all accounts.
    "us-east-1": {"a": "use1-az6", "b": "use1-az1", "c": "use1-az2", "d": "use1-az4", "e": "use1-az3", "f": "use1-az5"},
    "cn-north-1": {"a": "cnn1-az1", "b": "cnn1-az2", "d": "cnn1-az4"},
}
"""Zone ids by zone letter, where they are neither in the offerings nor by the rule."""


class Wheel:
    """The files in one downloaded wheel."""

    def __init__(self, package: str, version: str, folder: str) -> None:
        start = f"{package}-{version}-"
        if not any(name.startswith(start) for name in os.listdir(folder)):
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            subprocess.run([*pip, "--dest", folder, f"{package}=={version}"], check=True)
        name = next(name for name in os.listdir(folder) if name.startswith(start))
        self.archive = zipfile.ZipFile(os.path.join(folder, name))

    def json(self, path: str) -> Any:
        data = self.archive.read(path)
        return json.loads(gzip.decompress(data) if path.endswith(".gz") else data)

    def by_region(self, folder: str) -> Iterator[tuple[str, Any]]:
        """The JSON files of a folder that has one for each region."""
        for path in sorted(self.archive.namelist()):
            found = re.fullmatch(re.escape(folder) + r"/([a-z0-9-]+)\.json\.gz", path)
            if found:
                yield found[1], self.json(path)


def build_instance_types(moto: Wheel) -> tuple[list[bytes], dict[str, bytes]]:
    """The distinct members (name and value, encoded), and for each type the numbers of its members.

    Pieces are numbered by first use in order of the types' names, so alike ones lie together: it compresses better.
    """
    encoder = msgspec.msgpack.Encoder(order="sorted")
    numbers: dict[bytes, int] = {}
    records: dict[str, bytes] = {}
    source: dict[str, dict[str, Any]] = moto.json("moto/ec2/resources/instance_types.json.gz")
    for name, members in sorted(source.items()):
        if members["InstanceType"] != name:
            raise SystemExit(f"{name} calls itself {members['InstanceType']}")
        pieces = [
            encoder.encode(member) + encoder.encode(value)
            for member, value in sorted(members.items())
            if member != "InstanceType"
        ]
        records[name] = struct.pack(f"<{len(pieces)}H", *[numbers.setdefault(piece, len(numbers)) for piece in pieces])
    return list(numbers), records


def offered_by_location(moto: Wheel, location_type: str) -> dict[str, dict[str, frozenset[str]]]:
    """For each region its locations, for each location the types offered."""
    regions: dict[str, dict[str, frozenset[str]]] = {}
    for region, offerings in moto.by_region(f"moto/ec2/resources/instance_type_offerings/{location_type}"):
        found: defaultdict[str, set[str]] = defaultdict(set)
        for offering in offerings:
            found[offering["Location"]].add(offering["InstanceType"])
        regions[region] = {location: frozenset(names) for location, names in sorted(found.items())}
    return regions


def build_offerings(moto: Wheel, names: list[str]) -> dict[str, bytes]:
    """For each zone id one bit a type, and under ``*`` what a zone without data is taken to offer.

    That is an inference: the types that at least half of the regions with data offer.
    """

    def bits(offered: frozenset[str]) -> bytes:
        number = sum(1 << index for index, name in enumerate(names) if name in offered)
        return number.to_bytes((len(names) + 7) // 8, "little")

    unknown = set[str]()
    data: dict[str, bytes] = {}
    spread: Counter[str] = Counter()
    by_region = offered_by_location(moto, "region")
    by_zone = offered_by_location(moto, "availability-zone-id")
    for region, zones in by_zone.items():
        everywhere = frozenset[str]().union(*zones.values())
        if everywhere != by_region[region][region]:
            raise SystemExit(f"{region} does not offer what its zones do: the format must store both")
        unknown |= everywhere - set(names)
        spread.update(everywhere)
        data.update((zone_id, bits(offered)) for zone_id, offered in zones.items())
    if unknown:
        raise SystemExit(f"offered but not described: {sorted(unknown)}")
    data["*"] = bits(frozenset(name for name, count in spread.items() if 2 * count >= len(by_zone)))
    return dict(sorted(data.items()))


def zone_ids(region: str, by_name: dict[str, frozenset[str]], by_id: dict[str, frozenset[str]]) -> dict[str, str]:
    """Zone ids by zone letter: the zone and the id that offer the same types are one.

    Where two ids offer the same, the lower goes to the earlier letter.
    """
    left = dict(by_id)
    found: dict[str, str] = {}
    for name, offered in by_name.items():
        zone_id = next(zone_id for zone_id, there in left.items() if there == offered)
        if not zone_id.startswith(facts.zone_code(region) + "-az"):
            raise SystemExit(f"the rule for zone ids does not give {zone_id} for {region}")
        del left[zone_id]
        found[name.removeprefix(region)] = zone_id
    return found


def build_places(moto: Wheel, botocore: Wheel) -> dict[str, dict[str, tuple[str, str, bool, dict[str, str]]]]:
    """For each partition its regions: long name, EC2's endpoint, whether it is opted into, zone ids by letter."""
    by_name = offered_by_location(moto, "availability-zone")
    by_id = offered_by_location(moto, "availability-zone-id")
    data: dict[str, dict[str, tuple[str, str, bool, dict[str, str]]]] = {}
    for partition in botocore.json("botocore/data/endpoints.json")["partitions"]:
        endpoints = partition["services"]["ec2"]["endpoints"]
        places = data[partition["partition"]] = {}
        for region, about in sorted(partition["regions"].items()):
            if region not in endpoints:
                continue
            endpoint = endpoints[region].get("hostname") or f"ec2.{region}.{partition['dnsSuffix']}"
            zones = ZONES.get(region)
            if zones is None and region in by_name:
                zones = zone_ids(region, by_name[region], by_id[region])
            places[region] = (
                about["description"],
                endpoint,
                region in OPT_IN,
                zones or facts.usual_zone_ids(region),
            )
    return data


def build(wheels: str) -> dict[str, Any]:
    """The content of each file, by name."""
    moto, botocore = (Wheel(package, version, wheels) for package, version in SOURCES.items())
    pieces, records = build_instance_types(moto)
    return {
        "instance_types": (pieces, records),
        "offerings": build_offerings(moto, list(records)),
        "places": build_places(moto, botocore),
        "images": build_images(dict(moto.by_region("moto/ec2/resources/latest_amis"))),
    }


def main() -> int:
    options = argparse.ArgumentParser(description="Make EC2's data files.")
    options.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    options.add_argument("--wheels", metavar="FOLDER", help="where to keep the downloaded wheels")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        files = build(chosen.wheels or temporary)
    stale = 0
    os.makedirs(facts.DATA, exist_ok=True)
    for name, content in files.items():
        path = os.path.join(facts.DATA, name + ".msgpack.z")
        plain = msgspec.msgpack.encode(content)
        # Contents are compared, not files: zlib's builds compress the same bytes differently.
        if os.path.exists(path):
            with open(path, "rb") as file:
                if zlib.decompress(file.read()) == plain:
                    continue
        stale += 1
        if not chosen.check:
            with open(path, "wb") as file:
                file.write(zlib.compress(plain, 9))
        print(f"{'stale' if chosen.check else 'wrote'} {os.path.relpath(path)}: {len(plain):,} bytes of content")
    return 1 if chosen.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
