"""What the kinds of EBS volumes can be: their limits, and what they are like when nobody says."""

from __future__ import annotations

import msgspec

from sundog.core import AwsError


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One volume type's limits. ``ratio`` is the most IOPS a GiB."""

    sizes: tuple[int, int]
    iops: tuple[int, int] | None = None
    ratio: int = 0
    free_iops: int | None = None
    throughput: tuple[int, int] | None = None
    bootable: bool = True
    multi_attach: bool = False


KINDS = {
    "standard": Kind(sizes=(1, 1024)),
    "gp2": Kind(sizes=(1, 16384)),
    "gp3": Kind(sizes=(1, 65536), iops=(3000, 80000), ratio=500, free_iops=3000, throughput=(125, 2000)),
    "io1": Kind(sizes=(4, 16384), iops=(100, 64000), ratio=50, multi_attach=True),
    "io2": Kind(sizes=(4, 65536), iops=(100, 256000), ratio=1000, multi_attach=True),
    "st1": Kind(sizes=(125, 16384), bootable=False),
    "sc1": Kind(sizes=(125, 16384), bootable=False),
}
MIB_PER_IOPS = 0.25


class Spec(msgspec.Struct, frozen=True):
    """A volume type with everything that follows from it."""

    volume_type: str
    size: int
    iops: int | None
    throughput: int | None


def spec(
    volume_type: str, size: int, iops: int | None = None, throughput: int | None = None, default: bool = False
) -> Spec:
    """A checked volume type, size and performance. ``default``: what the type can't have is left out, not refused."""
    kind = KINDS.get(volume_type)
    if kind is None:
        raise AwsError("UnknownVolumeType", f"Unsupported volume type '{volume_type}' for volume creation.")
    smallest, largest = kind.sizes
    if size < smallest:
        raise _wrong(f"Volume of {size}GiB is too small for volume type {volume_type}; minimum is {smallest}GiB.")
    if size > largest:
        raise _wrong(f"Volume of {size}GiB is too large for volume type {volume_type}; maximum is {largest}GiB.")
    return Spec(
        volume_type,
        size,
        _iops(volume_type, kind, size, iops, default),
        _throughput(volume_type, kind, iops, throughput, default),
    )


def _iops(volume_type: str, kind: Kind, size: int, iops: int | None, default: bool) -> int | None:
    if kind.iops is None:
        if iops is not None and not default:
            raise AwsError(
                "InvalidParameterCombination", f"The parameter iops is not supported for {volume_type} volumes."
            )
        return min(max(100, 3 * size), 16000) if volume_type == "gp2" else None
    if iops is None:
        if kind.free_iops is None:
            if default:
                return min(max(kind.iops[0], size * kind.ratio), 3000)
            raise AwsError(
                "InvalidParameterCombination", f"The parameter iops must be specified for {volume_type} volumes."
            )
        return kind.free_iops
    lowest, highest = kind.iops
    if iops < lowest:
        raise _wrong(f"Volume iops of {iops} is too low; minimum is {lowest}.")
    if iops > highest:
        raise _wrong(f"Volume iops of {iops} is too high; maximum is {highest}.")
    if iops > size * kind.ratio and iops != kind.free_iops:
        raise _wrong(f"Iops to volume size ratio of {iops / size:.6f} is too high; maximum is {kind.ratio}.")
    return iops


def _throughput(volume_type: str, kind: Kind, iops: int | None, throughput: int | None, default: bool) -> int | None:
    if kind.throughput is None:
        if throughput is not None and not default:
            raise AwsError(
                "InvalidParameterCombination", f"The parameter throughput is not supported for {volume_type} volumes."
            )
        return None
    if throughput is None:
        return kind.throughput[0]
    lowest, highest = kind.throughput
    if throughput < lowest:
        raise _wrong(f"Volume throughput of {throughput} is too low; minimum is {lowest}.")
    if throughput > highest:
        raise _wrong(f"Volume throughput of {throughput} is too high; maximum is {highest}.")
    performance = iops or kind.free_iops or 0
    if throughput > performance * MIB_PER_IOPS:
        ratio = throughput / performance
        raise _wrong(
            f"Throughput (MiBps) to iops ratio of {ratio:.6f} is too high; "
            f"maximum is {MIB_PER_IOPS:.6f} MiBps per iops."
        )
    return throughput


def _wrong(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)
