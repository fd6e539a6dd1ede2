"""Storage classes."""

from __future__ import annotations

from sundog.services.s3 import errors

CLASSES = frozenset(
    {
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
        "SNOW",
        "EXPRESS_ONEZONE",
        "FSX_OPENZFS",
        "FSX_ONTAP",
    }
)
ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})


def checked(name: str | None, default: str = "STANDARD") -> str:
    """The class that a request names."""
    if name is None:
        return default
    if name not in CLASSES:
        raise errors.fault(
            "InvalidStorageClass", "The storage class you specified is not valid", 400, StorageClassRequested=name
        )
    return name
