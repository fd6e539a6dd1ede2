"""The public images in EC2's data: Amazon Linux as moto's data list it, and the other publishers' current ones.

The others' ids are not published as data, so they are derived from region and name when they are asked for; their
names, owners, devices and sizes are as the publishers make them.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

Listed = tuple[str, str, "str | None"]
"""Name, owner, and id if it is known."""

OWNERS: dict[str, dict[str, str]] = {
    # publisher: owner by partition; a publisher whose account in a partition isn't known is left out there
    "amazon-linux": {"aws": "137112412989", "aws-cn": "141808717104", "aws-us-gov": "045324592363"},
    "windows": {"aws": "801119661308", "aws-cn": "016951021795", "aws-us-gov": "077303321853"},
    "canonical": {"aws": "099720109477", "aws-cn": "837727238323", "aws-us-gov": "513442679011"},
    "redhat": {"aws": "309956199498", "aws-cn": "841258680906", "aws-us-gov": "219670896067"},
    "debian": {"aws": "136693071363"},
    "suse": {"aws": "013907871322"},
    "marketplace": {"aws": "679593333241"},
}

WINDOWS = {"Platform": "windows", "PlatformDetails": "Windows", "UsageOperation": "RunInstances:0002"}
REDHAT = {"PlatformDetails": "Red Hat Enterprise Linux", "UsageOperation": "RunInstances:0010"}
SUSE = {"PlatformDetails": "SUSE Linux", "UsageOperation": "RunInstances:000g"}

UBUNTU_SERIAL = "20250610"
DEBIAN_SERIAL = "20250316-2053"
WINDOWS_DATE = "2025.06.11"


def disk(size: int, volume_type: str = "gp2", device: str = "/dev/sda1") -> dict[str, Any]:
    ebs: dict[str, Any] = {
        "DeleteOnTermination": True,
        "VolumeSize": size,
        "VolumeType": volume_type,
        "Encrypted": False,
    }
    if volume_type == "gp3":
        ebs.update(Iops=3000, Throughput=125)
    return {"DeviceName": device, "Ebs": ebs}


def ephemeral(*devices: str) -> list[dict[str, Any]]:
    return [{"DeviceName": device, "VirtualName": f"ephemeral{number}"} for number, device in enumerate(devices)]


def describe(
    name: str, description: str, date: str, architecture: str, root: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """An image's members but its ids, owner, name and location. ``date`` is YYYYMMDD."""
    others: list[dict[str, Any]] = more.pop("others", [])
    seconds = int(sha256(name.encode()).hexdigest()[:8], 16) % 86400
    return {
        "Architecture": architecture,
        "CreationDate": f"{date[:4]}-{date[4:6]}-{date[6:8]}"
        f"T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000Z",
        "ImageType": "machine",
        "Public": True,
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "State": "available",
        "BlockDeviceMappings": [root, *others],
        "Description": description,
        "EnaSupport": True,
        "Hypervisor": "xen",
        "ImageOwnerAlias": "amazon",
        "RootDeviceName": root["DeviceName"],
        "RootDeviceType": "ebs",
        "SriovNetSupport": "simple",
        "VirtualizationType": "hvm",
        **more,
    }


def uefi(architecture: str) -> str:
    """The boot mode of images that boot by UEFI: on arm64 there is nothing else."""
    return "uefi" if architecture == "arm64" else "uefi-preferred"


def amazon_linux(name: str, description: str, architecture: str) -> dict[str, Any] | None:
    """One of Amazon Linux's images; None for those left out (previews, paravirtual, and the first one's minimal)."""
    date = re.search(r"\.(20\d{6})\.", name)
    generation = name.partition("-")[0]
    if date is None or "-pv-" in name or (generation == "amzn" and "minimal" in name):
        return None
    size = 2 if "minimal" in name else 8
    if generation == "al2023":
        more: dict[str, Any] = {"BootMode": uefi(architecture), "ImdsSupport": "v2.0"}
        return describe(name, description, date[1], architecture, disk(size, "gp3", "/dev/xvda"), **more)
    if generation in ("amzn2", "amzn"):
        kind = "gp2" if name.endswith("gp2") else "standard"
        more = {"BootMode": "uefi"} if architecture == "arm64" else {}
        return describe(name, description, date[1], architecture, disk(size, kind, "/dev/xvda"), **more)
    return None


def others() -> dict[str, tuple[str, dict[str, Any]]]:
    """The other publishers' images: publisher and image by name."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}

    def add(publisher: str, name: str, *about: Any, **more: Any) -> None:
        found[name] = (publisher, describe(name, *about, **more))

    for arch, word in (("x86_64", "amd64"), ("arm64", "arm64")):
        for release, number, folder, kind in (
            ("jammy", "22.04", "hvm-ssd", "gp2"),
            ("noble", "24.04", "hvm-ssd-gp3", "gp3"),
        ):
            add(
                "canonical",
                f"ubuntu/images/{folder}/ubuntu-{release}-{number}-{word}-server-{UBUNTU_SERIAL}",
                f"Canonical, Ubuntu, {number}, {word} {release} image",
                UBUNTU_SERIAL,
                arch,
                disk(8, kind),
                others=ephemeral("/dev/sdb", "/dev/sdc"),
                BootMode=uefi(arch),
                **({"ImdsSupport": "v2.0"} if release == "noble" else {}),
            )
        add(
            "debian",
            f"debian-12-{word}-{DEBIAN_SERIAL}",
            f"Debian 12 ({DEBIAN_SERIAL})",
            DEBIAN_SERIAL,
            arch,
            disk(8, "gp3", "/dev/xvda"),
            BootMode=uefi(arch),
        )
        add(
            "redhat",
            f"RHEL-9.4.0_HVM-20240605-{arch}-82-Hourly2-GP3",
            "Provided by Red Hat, Inc.",
            "20240605",
            arch,
            disk(10, "gp3"),
            BootMode=uefi(arch),
            **REDHAT,
        )
        add(
            "suse",
            f"suse-sles-15-sp6-v20250409-hvm-ssd-{arch}",
            "SUSE Linux Enterprise Server 15 SP6 (HVM, 64-bit, SSD-Backed)",
            "20250409",
            arch,
            disk(10, "gp3"),
            BootMode=uefi(arch),
            **SUSE,
        )
    for year, edition in (("2019", "Full"), ("2022", "Full"), ("2022", "Core"), ("2025", "Full")):
        add(
            "windows",
            f"Windows_Server-{year}-English-{edition}-Base-{WINDOWS_DATE}",
            f"Microsoft Windows Server {year} {edition} Locale English AMI provided by Amazon",
            WINDOWS_DATE.replace(".", ""),
            "x86_64",
            disk(30, "gp3" if year == "2025" else "gp2"),
            others=ephemeral(*[f"xvdc{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]),
            **({"BootMode": "uefi", "TpmSupport": "v2.0", "ImdsSupport": "v2.0"} if year == "2025" else {}),
            **WINDOWS,
        )
    add(
        "marketplace",
        "Rocky-9-EC2-Base-9.4-20240523.0.x86_64",
        "Rocky-9-EC2-Base-9.4-20240523.0.x86_64",
        "20240523",
        "x86_64",
        disk(10, "gp2"),
        BootMode="uefi-preferred",
        ImageOwnerAlias="aws-marketplace",
        ProductCodes=[{"ProductCodeId": "c0tjzp9xnxvr0ah4f0yletr6b", "ProductCodeType": "marketplace"}],
    )
    return found


def build_images(latest: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """``images`` by name, and which of them stand in each region, or by partition where a region isn't listed."""
    images: dict[str, dict[str, Any]] = {}
    regions: dict[str, list[Listed]] = {}
    for region, there in sorted(latest.items()):
        listed = regions[region] = list[Listed]()
        for source in there:
            image = amazon_linux(source["name"], source["description"], source["architecture"])
            if image is not None:
                images[source["name"]] = image
                listed.append((source["name"], source["owner_id"], source["ami_id"]))
    elsewhere = [name for name, _, _ in regions["us-east-1"]]
    partitions: dict[str, list[Listed]] = {
        partition: [(name, owner, None) for name in elsewhere] for partition, owner in OWNERS["amazon-linux"].items()
    }
    for name, (publisher, image) in others().items():
        images[name] = image
        for partition, owner in OWNERS[publisher].items():
            partitions[partition].append((name, owner, None))
            if partition == "aws":
                for listed in regions.values():
                    listed.append((name, owner, None))
    return {
        "images": dict(sorted(images.items())),
        "regions": {region: sorted(listed, key=by_name) for region, listed in regions.items()},
        "partitions": {partition: sorted(listed, key=by_name) for partition, listed in partitions.items()},
    }


def by_name(listed: Listed) -> str:
    return listed[0]
