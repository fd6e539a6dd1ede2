"""Instance types and where they are offered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.filter import checked, field_match, unknown_filter
from sundog.services.ec2 import facts
from sundog.wire.model import python_name

_PATHS = {
    "ebs-info.ebs-optimized-info.baseline-throughput-in-mbps": "EbsInfo.EbsOptimizedInfo.BaselineThroughputInMBps",
    "ebs-info.ebs-optimized-info.maximum-throughput-in-mbps": "EbsInfo.EbsOptimizedInfo.MaximumThroughputInMBps",
    "instance-storage-info.disk.count": "InstanceStorageInfo.Disks.Count",
    "instance-storage-info.disk.size-in-gb": "InstanceStorageInfo.Disks.SizeInGB",
    "instance-storage-info.disk.type": "InstanceStorageInfo.Disks.Type",
    "instance-storage-info.total-size-in-gb": "InstanceStorageInfo.TotalSizeInGB",
    "memory-info.size-in-mib": "MemoryInfo.SizeInMiB",
    "processor-info.supported-architecture": "ProcessorInfo.SupportedArchitectures",
    "supported-boot-mode": "SupportedBootModes",
    "supported-root-device-type": "SupportedRootDeviceTypes",
    "supported-usage-class": "SupportedUsageClasses",
    "supported-virtualization-type": "SupportedVirtualizationTypes",
    "vcpu-info.default-cores": "VCpuInfo.DefaultCores",
    "vcpu-info.default-threads-per-core": "VCpuInfo.DefaultThreadsPerCore",
    "vcpu-info.default-vcpus": "VCpuInfo.DefaultVCpus",
    "vcpu-info.valid-cores": "VCpuInfo.ValidCores",
    "vcpu-info.valid-threads-per-core": "VCpuInfo.ValidThreadsPerCore",
}


def _path(name: str) -> str | None:
    """The member that a filter compares."""
    if name in _PATHS:
        return _PATHS[name]
    path: list[str] = []
    shape: Any = api.InstanceTypeInfo.shape_
    for part in name.split("."):
        member = next(
            (each for each in getattr(shape, "members", ()) if python_name(each) == part.replace("-", "_")), None
        )
        if member is None:
            return None
        path.append(member)
        shape = shape.members[member]
        shape = getattr(shape, "member", shape)
    return ".".join(path)


@op(page_size=100)
def describe_instance_types(tx: Tx, req: api.DescribeInstanceTypesRequest) -> api.DescribeInstanceTypesResult:
    """What the region's instance types are like."""
    wanted = req.instance_types
    if wanted and req.max_results is not None:
        raise AwsError(
            "InvalidParameterCombination", "The parameter InstanceTypes cannot be used with the parameter MaxResults"
        )
    offered = facts.offered(tx.region)
    if wanted:
        unknown = [name for name in wanted if facts.instance_type(name) is None]
        if unknown:
            raise AwsError(
                "InvalidInstanceType", f"The following supplied instance types do not exist: [{', '.join(unknown)}]"
            )
        names = sorted(dict.fromkeys(wanted))
    else:
        names = [name for name in facts.instance_type_names() if name in offered or req.include_unsupported_in_region]
    matches: list[Any] = []
    for name, values in checked(req.filters or ()):
        path = _path(name)
        if path is None:
            raise unknown_filter(name)
        if name == "instance-type":
            match = field_match("name", values)
            names = [each for each in names if match({"name": each})]
        else:
            matches.append(field_match(path, values))
    if not matches:
        return api.DescribeInstanceTypesResult(instance_types=rows_of(names).map(lambda name: _shown(name, offered)))
    shown = (_shown(name, offered) for name in names)
    return api.DescribeInstanceTypesResult(
        instance_types=[item for item in shown if all(match(item) for match in matches)]
    )


def _shown(name: str, offered: frozenset[str]) -> dict[str, Any]:
    found = facts.instance_type(name)
    assert found is not None
    found["SupportedInRegion"] = name in offered
    return found


@op(page_size=1000)
def describe_instance_type_offerings(
    tx: Tx, req: api.DescribeInstanceTypeOfferingsRequest
) -> api.DescribeInstanceTypeOfferingsResult:
    """Which instance types there are in the region, its zones, or an outpost."""
    place: Any = req.location_type or "region"
    found: Iterator[dict[str, Any]] = iter(()) if place == "outpost" else facts.offerings(tx.region, place)
    for name, values in checked(req.filters or ()):
        if name not in ("instance-type", "location"):
            raise unknown_filter(name)
        match = field_match("InstanceType" if name == "instance-type" else "Location", values)
        found = filter(match, found)
    return api.DescribeInstanceTypeOfferingsResult(instance_type_offerings=list(found))
