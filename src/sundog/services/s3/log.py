"""Server access logs: a line for each request to a bucket, delivered into another bucket every hour."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.core import Key, Record, Tx, record
from sundog.core.access import canonical_id
from sundog.services.s3.state import Bucket, Object
from sundog.services.s3.version import put_version

WAIT = datetime.timedelta(hours=1)


@record(scope="partition")
class LogLine(Record):
    """One line that waits for its delivery."""

    bucket: Key[str]
    number: Key[int]
    when: datetime.datetime
    text: str


def note(tx: Tx, bucket: Bucket) -> None:
    """Have the call that is going on logged, if its bucket's requests are."""
    if tx.entry.kind == "call" and tx.entry.service == "s3":
        tx.after_commit(write, bucket.name, tx.now.timestamp(), _request(tx))


def _request(tx: Tx) -> list[Any]:
    call = tx.entry
    http = call.http
    headers = http.headers if http is not None else {}
    key = call.params.get("Key")
    return [
        call.request_id,
        canonical_id(call.account) if call.access_key is not None else "-",
        f"REST.{http.method if http is not None else 'GET'}.{'OBJECT' if key else 'BUCKET'}",
        key or "-",
        f"{http.method} {http.path}{'?' + http.query if http.query else ''} HTTP/1.1" if http is not None else "-",
        headers.get("referer", "-"),
        headers.get("user-agent", "-"),
        headers.get("x-forwarded-for", "127.0.0.1"),
        http.host if http is not None else "-",
        call.params.get("VersionId", "-"),
        call.status or 200,
    ]


def write(tx: Tx, name: str, moment: float, facts: list[Any]) -> None:
    """Keep a line, and have it delivered with those that come within the hour."""
    bucket = tx.find(Bucket, name)
    if bucket is None or "logging" not in bucket.configuration:
        return
    request_id, requester, operation, key, line, referrer, agent, address, host, version, status = facts
    when = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
    stamp = when.strftime("[%d/%b/%Y:%H:%M:%S +0000]")
    text = (
        f"{canonical_id(bucket.account)} {name} {stamp} {address} {requester} {request_id} {operation} {key} "
        f'"{line}" {status} - - - 1 1 "{referrer}" "{agent}" {version} - SigV4 - AuthHeader {host} TLSv1.2 - -'
    )
    first = next(tx.range(LogLine, (name,), (name + "\0",)), None) is None
    tx.add(LogLine(bucket=name, number=tx.store.next_serial(), when=when, text=text))
    if first:
        tx.at(tx.now + WAIT, deliver_lines, name)


def deliver_lines(tx: Tx, name: str) -> None:
    """Put the lines that wait into the target bucket, as one object."""
    bucket = tx.find(Bucket, name)
    lines = list(tx.range(LogLine, (name,), (name + "\0",)))
    for line in lines:
        tx.delete(line)
    given = bucket.configuration.get("logging") if bucket is not None else None
    target = tx.find(Bucket, given["TargetBucket"]) if given is not None else None
    if bucket is None or given is None or target is None or not lines:
        return
    body = "".join(f"{line.text}\n" for line in lines).encode()
    blob = tx.cloud.blobs.put(body)
    unique = tx.ids.hex(16).upper()
    form = given.get("TargetObjectKeyFormat", {})
    name_of = f"{tx.now:%Y-%m-%d-%H-%M-%S}-{unique}"
    if "PartitionedPrefix" in form:
        name_of = f"{bucket.account}/{bucket.region}/{name}/{tx.now:%Y/%m/%d}/{name_of}"
    put_version(
        tx,
        target,
        Object(
            bucket=target.name,
            key=(given["TargetPrefix"] + name_of).encode(),
            order=0,
            blob=blob,
            size=blob.size,
            etag=blob.whole_md5,
            modified=tx.now.replace(microsecond=0),
            owner=target.account,
        ),
    )
