"""Copies that replication makes, with the version ids of what they copy."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.core import Tx, parse_arn
from sundog.services.s3.notification import announce
from sundog.services.s3.place import current, version
from sundog.services.s3.state import Bucket, Object
from sundog.services.s3.upkeep import matches

Rule = dict[str, Any]


def _rules_for(bucket: Bucket, row: Object) -> list[Rule]:
    """The rules that take in a version: the one of the highest priority for each destination."""
    found: dict[str, Rule] = {}
    rules = bucket.configuration["replication"]["Rules"]
    for rule in sorted(rules, key=lambda rule: -rule.get("Priority", 0)):
        if rule["Status"] != "Enabled" or not matches(rule, row.name, row.size, row.tags):
            continue
        if row.marker and not _replicates_markers(rule):
            continue
        found.setdefault(rule["Destination"]["Bucket"], rule)
    return list(found.values())


def _replicates_markers(rule: Rule) -> bool:
    if "Filter" not in rule:
        return True
    return rule.get("DeleteMarkerReplication", {}).get("Status") == "Enabled"


def begin(tx: Tx, bucket: Bucket, row: Object) -> Object:
    """Mark a new version as waiting to be copied, and have it copied."""
    if bucket.versioning != "Enabled" or row.encryption.customer_md5 is not None or row.replication == "REPLICA":
        return row
    rules = _rules_for(bucket, row)
    if not rules:
        return row
    row = tx.update(row, replication="PENDING")
    for rule in rules:
        tx.after_commit(copy, bucket.name, row.key, row.version_id, msgspec.json.encode(rule["Destination"]))
    return row


def copy(tx: Tx, name: str, key: bytes, version_id: str, destination: bytes) -> None:
    """Copy one version to a destination."""
    given: dict[str, Any] = msgspec.json.decode(destination)
    bucket = tx.find(Bucket, name)
    row = version(tx, bucket, key, version_id) if bucket is not None else None
    if bucket is None or row is None:
        return
    arn = parse_arn(given["Bucket"])
    target = tx.find(Bucket, arn.resource) if arn is not None else None
    if target is None or target.versioning != "Enabled":
        tx.update(row, replication="FAILED")
        announce(tx, bucket, "Replication:OperationFailedReplication", row)
        return
    if version(tx, target, key, version_id) is None:
        before = current(tx, target, key)
        if before is not None and before.noncurrent is None:
            tx.update(before, noncurrent=tx.now)
        changed: dict[str, Any] = {
            "bucket": target.name,
            "order": -tx.store.next_serial(),
            "serial_": 0,
            "replication": "REPLICA",
            "storage_class": given.get("StorageClass", row.storage_class),
            "noncurrent": None,
        }
        if "AccessControlTranslation" in given:
            changed |= {"owner": target.account, "acl": None}
        made = tx.add(msgspec.structs.replace(row, **changed))
        announce(tx, target, "ObjectRemoved:DeleteMarkerCreated" if row.marker else "ObjectCreated:Copy", made)
    tx.update(row, replication="COMPLETED")
