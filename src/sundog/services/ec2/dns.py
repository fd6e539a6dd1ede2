"""The DNS names that EC2 gives to addresses."""

from __future__ import annotations

from sundog.core import Tx

_PUBLIC_SUFFIX = {"us-east-1": "compute-1"}
_PRIVATE_SUFFIX = {"us-east-1": "ec2.internal"}


def private_domain(region: str) -> str:
    """The domain that a region's private names lie in."""
    return _PRIVATE_SUFFIX.get(region) or f"{region}.compute.internal"


def private_name(tx: Tx, address: str) -> str:
    """``ip-10-0-0-1.ec2.internal`` and its like."""
    return f"ip-{address.replace('.', '-')}.{private_domain(tx.region)}"


def public_name(tx: Tx, address: str) -> str:
    """``ec2-203-0-113-25.compute-1.amazonaws.com`` and its like."""
    zone = _PUBLIC_SUFFIX.get(tx.region) or f"{tx.region}.compute"
    return f"ec2-{address.replace('.', '-')}.{zone}.{tx.dns_suffix}"


def resource_name(tx: Tx, instance_id: str) -> str:
    """The private name of an instance whose subnet names by resource: ``i-0123....ec2.internal``."""
    return f"{instance_id}.{private_domain(tx.region)}"
