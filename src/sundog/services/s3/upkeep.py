"""Lifecycle rules as the clock carries them out: every midnight (UTC), as S3 rounds it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from sundog.core import Tx
from sundog.services.s3.condition import http_date
from sundog.services.s3.delete import mark
from sundog.services.s3.listing import END
from sundog.services.s3.multipart import discard
from sundog.services.s3.notification import announce
from sundog.services.s3.object_lock import is_retained
from sundog.services.s3.state import Bucket, Object, Upload
from sundog.services.s3.version import remove_version

DAY = datetime.timedelta(days=1)
SMALL = 128 * 1024
_COLDER = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
)
Rule = dict[str, Any]


def midnight_after(when: datetime.datetime) -> datetime.datetime:
    """The first midnight that is not before the time."""
    start = when.replace(hour=0, minute=0, second=0, microsecond=0)
    return start if start == when else start + DAY


def due(since: datetime.datetime, days: int) -> datetime.datetime:
    return midnight_after(since + days * DAY)


def _rules(bucket: Bucket) -> list[Rule]:
    return [rule for rule in bucket.configuration["lifecycle"]["Rules"] if rule["Status"] == "Enabled"]


def matches(rule: Rule, key: str, size: int | None = None, tags: dict[str, str] | None = None) -> bool:
    """Whether a rule's filter takes in an object (or, without size and tags, an upload)."""
    given = rule.get("Filter")
    if given is None:
        return key.startswith(rule.get("Prefix", ""))
    both = given.get("And", given)
    wanted = both.get("Tags") or ([both["Tag"]] if "Tag" in both else [])
    if not key.startswith(both.get("Prefix", "")):
        return False
    if wanted and (tags is None or any(tags.get(tag["Key"]) != tag["Value"] for tag in wanted)):
        return False
    if size is None:
        return True
    return size > both.get("ObjectSizeGreaterThan", -1) and size < both.get("ObjectSizeLessThan", size + 1)


def _expires(rule: Rule, row: Object) -> datetime.datetime | None:
    expiration = rule.get("Expiration") or {}
    if "Days" in expiration:
        return due(row.modified, expiration["Days"])
    return expiration.get("Date")


def expiration_header(bucket: Bucket, row: Object) -> str | None:
    """The earliest date by any rule, and whose it is."""
    found: tuple[datetime.datetime, str] | None = None
    for rule in _rules(bucket):
        when = _expires(rule, row)
        if when is not None and matches(rule, row.name, row.size, row.tags) and (found is None or when < found[0]):
            found = when, rule["ID"]
    return None if found is None else f'expiry-date="{http_date(found[0])}", rule-id="{found[1]}"'


def abort_rule(bucket: Bucket, key: str, initiated: datetime.datetime) -> tuple[datetime.datetime | None, str | None]:
    """The earliest date on which a rule aborts an upload, and whose it is."""
    found: tuple[datetime.datetime, str] | None = None
    for rule in _rules(bucket):
        abort = rule.get("AbortIncompleteMultipartUpload")
        if abort is not None and matches(rule, key):
            when = due(initiated, abort["DaysAfterInitiation"])
            if found is None or when < found[0]:
                found = when, rule["ID"]
    return found or (None, None)


def schedule(tx: Tx, bucket: Bucket) -> None:
    """Have the rules carried out at the next midnight."""
    generation = bucket.configuration["lifecycle"]["generation"]
    tx.at(midnight_after(tx.now + datetime.timedelta(microseconds=1)), carry_out, bucket.name, generation)


def carry_out(tx: Tx, name: str, generation: int) -> None:
    """Carry out the bucket's rules, and come back tomorrow while they are still the same."""
    bucket = tx.find(Bucket, name)
    if bucket is None or bucket.configuration.get("lifecycle", {}).get("generation") != generation:
        return
    rules = _rules(bucket)
    for versions in _by_key(tx, bucket):
        _keep_up(tx, bucket, rules, versions)
    for upload in list(tx.range(Upload, (name, b""), (name, END))):
        when, _ = abort_rule(bucket, upload.name, upload.initiated)
        if when is not None and when <= tx.now:
            discard(tx, upload)
    schedule(tx, bucket)


def _by_key(tx: Tx, bucket: Bucket) -> Iterator[list[Object]]:
    """The versions of each key, the newest first."""
    group: list[Object] = []
    for row in list(tx.range(Object, (bucket.name, b""), (bucket.name, END))):
        if group and group[0].key != row.key:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _keep_up(tx: Tx, bucket: Bucket, rules: list[Rule], versions: list[Object]) -> None:
    newest = versions[0]
    matching = [rule for rule in rules if matches(rule, newest.name, newest.size, newest.tags)]
    for index, row in enumerate(versions[1:]):
        _noncurrent(tx, bucket, rules, row, index)
    if newest.marker:
        _lonely_marker(tx, bucket, matching, newest)
        return
    for rule in matching:
        when = _expires(rule, newest)
        if when is not None and when <= tx.now:
            _expire(tx, bucket, newest)
            return
    _transition(tx, bucket, matching, newest, "Transitions", newest.modified)


def _expire(tx: Tx, bucket: Bucket, row: Object) -> None:
    if bucket.versioning is None:
        remove_version(tx, bucket, row)
        announce(tx, bucket, "LifecycleExpiration:Delete", row)
    else:
        mark(tx, bucket, row.key, "LifecycleExpiration:DeleteMarkerCreated")


def _lonely_marker(tx: Tx, bucket: Bucket, rules: list[Rule], row: Object) -> None:
    """A delete marker with no versions below it is removed where a rule says so."""
    others = tx.range(Object, (bucket.name, row.key), (bucket.name, row.key, 1))
    if sum(1 for _ in others) > 1:
        return
    for rule in rules:
        expiration = rule.get("Expiration") or {}
        when = _expires(rule, row)
        if expiration.get("ExpiredObjectDeleteMarker") or (when is not None and when <= tx.now):
            remove_version(tx, bucket, row)
            announce(tx, bucket, "LifecycleExpiration:Delete", row)
            return


def _noncurrent(tx: Tx, bucket: Bucket, rules: list[Rule], row: Object, newer: int) -> None:
    """One version that isn't the newest; ``newer`` other noncurrent ones are newer than it."""
    since = row.noncurrent or row.modified
    for rule in rules:
        given = rule.get("NoncurrentVersionExpiration")
        if given is None or not matches(rule, row.name, row.size, row.tags):
            continue
        if newer < given.get("NewerNoncurrentVersions", 0) or due(since, given["NoncurrentDays"]) > tx.now:
            continue
        if row.lock is not None and (row.lock.hold == "ON" or is_retained(tx, row)):
            continue
        remove_version(tx, bucket, row)
        announce(tx, bucket, "LifecycleExpiration:Delete", row)
        return
    if not row.marker:
        matching = [rule for rule in rules if matches(rule, row.name, row.size, row.tags)]
        _transition(tx, bucket, matching, row, "NoncurrentVersionTransitions", since, newer)


def _transition(
    tx: Tx, bucket: Bucket, rules: list[Rule], row: Object, which: str, since: datetime.datetime, newer: int = 0
) -> None:
    """Move a version to the coldest class that is due."""
    target = row.storage_class
    for rule in rules:
        for given in rule.get(which, ()):
            days = given.get("Days", given.get("NoncurrentDays"))
            when = given.get("Date") if days is None else due(since, days)
            if when is None or when > tx.now or newer < given.get("NewerNoncurrentVersions", 0):
                continue
            name = given["StorageClass"]
            if _COLDER.index(name) > _COLDER.index(target) and _big_enough(bucket, rule, row, name):
                target = name
    if target != row.storage_class:
        row = tx.update(row, storage_class=target, transitioned=tx.now)
        announce(tx, bucket, "LifecycleTransition", row)


def _big_enough(bucket: Bucket, rule: Rule, row: Object, target: str) -> bool:
    """Small objects stay where they are, unless a rule speaks of sizes itself."""
    given = rule.get("Filter") or {}
    both = given.get("And", given)
    if "ObjectSizeGreaterThan" in both or "ObjectSizeLessThan" in both:
        return True
    if bucket.configuration["lifecycle"]["minimum"] == "varies_by_storage_class":
        return row.size >= SMALL or target in ("GLACIER", "DEEP_ARCHIVE")
    return row.size >= SMALL
