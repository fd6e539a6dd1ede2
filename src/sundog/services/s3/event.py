"""Events as they are told: records for queues, topics and functions, and EventBridge's own form."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import msgspec

from sundog.core import AwsError, Event, Tx, deliver
from sundog.core.access import canonical_id
from sundog.services.s3.notification import KINDS
from sundog.services.s3.state import Bucket, Object

_DETAILS = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "ObjectRestore:Post": "Object Restore Initiated",
    "ObjectRestore:Completed": "Object Restore Completed",
    "ObjectRestore:Delete": "Object Restore Expired",
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
    "ObjectAcl:Put": "Object ACL Updated",
    "LifecycleTransition": "Object Storage Class Changed",
    "LifecycleExpiration": "Object Deleted",
}
_REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}
_LATER = ("ObjectTagging", "ObjectAcl", "Lifecycle", "IntelligentTiering")


def send(tx: Tx, bucket: Bucket, event: str, row: Object, more: dict[str, Any]) -> None:
    """Have an event delivered, once this transaction stands, to whoever wants it."""
    configuration = bucket.configuration["notification"]
    record: dict[str, Any] | None = None
    for member, arn_member, _, _ in KINDS:
        for item in configuration.get(member, ()):
            if not _wants(item, event, row.name):
                continue
            if record is None:
                record = _record(tx, bucket, event, row, more)
            record["s3"]["configurationId"] = item["Id"]
            body = msgspec.json.encode({"Records": [record]}).decode()
            tx.after_commit(tell, item[arn_member], bucket.name, body, _trace(tx))
    if "EventBridgeConfiguration" in configuration:
        tx.after_commit(publish, bucket.name, msgspec.json.encode(_detail(tx, bucket, event, row, more)), _kind(event))


def _trace(tx: Tx) -> str | None:
    request = tx.entry.http
    return request.headers.get("x-amzn-trace-id") if request is not None else None


def _wants(item: dict[str, Any], event: str, key: str) -> bool:
    full = f"s3:{event}"
    if not any(wanted == full or (wanted.endswith("*") and full.startswith(wanted[:-1])) for wanted in item["Events"]):
        return False
    for rule in item.get("Filter", {}).get("Key", {}).get("FilterRules", ()):
        if rule["Name"].lower() == "prefix":
            if not key.startswith(rule["Value"]):
                return False
        elif not key.endswith(rule["Value"]):
            return False
    return True


def _moment(tx: Tx) -> str:
    return tx.now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{tx.now.microsecond // 1000:03d}Z"


def _requester(tx: Tx) -> str:
    return (
        "AWS:" + tx.caller.user_id
        if tx.entry.kind == "call"
        else "AmazonCustomer:" + canonical_id(tx.account)[:14].upper()
    )


def _source_address(tx: Tx) -> str:
    request = tx.entry.http
    return (request.headers.get("x-forwarded-for") if request is not None else None) or "127.0.0.1"


def _sequencer(tx: Tx) -> str:
    return f"{tx.store.next_serial():018X}"


def _record(tx: Tx, bucket: Bucket, event: str, row: Object, more: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"key": quote_plus(row.name, safe="/*", errors="surrogateescape")}
    later = event.startswith(_LATER)
    if event.startswith(("ObjectCreated", "ObjectRestore")):
        told["size"] = row.size
    if not event.endswith(":Delete") or later:
        told["eTag"] = row.etag
    if bucket.versioning == "Enabled" and row.order:
        told["versionId"] = row.version_id
    if not event.startswith(("ObjectTagging", "ObjectAcl")):
        told["sequencer"] = _sequencer(tx)
    owner = canonical_id(bucket.account)
    record: dict[str, Any] = {
        "eventVersion": "2.3" if later else "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": _moment(tx),
        "eventName": event,
        "userIdentity": {"principalId": _requester(tx)},
        "requestParameters": {"sourceIPAddress": _source_address(tx)},
        "responseElements": {
            "x-amz-request-id": tx.entry.request_id,
            "x-amz-id-2": canonical_id(tx.entry.request_id),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "",
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": owner[:14].upper()},
                "arn": tx.arn(bucket.name, service="s3", region="", account=""),
            },
            "object": told,
        },
    }
    if "restored" in more:
        restored = more["restored"]
        record["glacierEventData"] = {
            "restoreEventData": {
                "lifecycleRestorationExpiryTime": restored.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "lifecycleRestoreStorageClass": row.storage_class,
            }
        }
    return record


def _kind(event: str) -> str:
    for begin, name in _DETAILS.items():
        if event.startswith(begin):
            return name
    return event


def _detail(tx: Tx, bucket: Bucket, event: str, row: Object, more: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"key": row.name}
    if event.startswith(("ObjectCreated", "ObjectRestore")):
        told["size"] = row.size
    if not event.startswith(("ObjectRemoved", "LifecycleExpiration")):
        told["etag"] = row.etag
    if bucket.versioning == "Enabled" and row.order:
        told["version-id"] = row.version_id
    found: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": told,
        "request-id": tx.entry.request_id,
        "requester": tx.account if tx.entry.kind == "call" else "s3.amazonaws.com",
        "source-ip-address": _source_address(tx),
    }
    if not event.startswith(("ObjectTagging", "ObjectAcl")):
        told["sequencer"] = _sequencer(tx)
    if event in _REASONS:
        found["reason"] = _REASONS[event]
    elif event.startswith("ObjectRemoved"):
        found["reason"] = "DeleteObject"
    elif event.startswith("LifecycleExpiration"):
        found["reason"] = "Lifecycle Expiration"
    if event.startswith(("ObjectRemoved", "LifecycleExpiration")):
        made = event.endswith("DeleteMarkerCreated")
        found["deletion-type"] = "Delete Marker Created" if made else "Permanently Deleted"
    if event == "LifecycleTransition":
        found["destination-storage-class"] = row.storage_class
    if "restored" in more:
        found["restore-expiry-time"] = more["restored"].strftime("%Y-%m-%dT%H:%M:%SZ")
        found["source-storage-class"] = row.storage_class
    return found


def tell(tx: Tx, arn: str, bucket: str, body: str, trace: str | None) -> None:
    """Deliver a record."""
    source = f"arn:{tx.partition}:s3:::{bucket}"
    event = Event(body, "s3.amazonaws.com", source, subject="Amazon S3 Notification", trace_header=trace)
    deliver(tx, arn, event)


def publish(tx: Tx, bucket: str, detail: bytes, kind: str) -> None:
    """Put an event on the default bus of EventBridge in the bucket's region."""
    row = tx.find(Bucket, bucket)
    if row is None:
        return
    there = tx.in_(account=row.account, region=row.region)
    body = {
        "version": "0",
        "id": tx.ids.uuid(),
        "detail-type": kind,
        "source": "aws.s3",
        "account": row.account,
        "time": tx.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": row.region,
        "resources": [tx.arn(bucket, service="s3", region="", account="")],
        "detail": msgspec.json.decode(detail),
    }
    arn = there.arn("event-bus/default", service="events")
    try:
        deliver(there, arn, Event(msgspec.json.encode(body).decode(), "aws.s3"))
    except AwsError as error:
        if not error.message.startswith("Nothing can be delivered"):
            raise
