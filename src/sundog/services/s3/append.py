"""What directory buckets can do beside: append to objects, rename them, and open sessions."""

from __future__ import annotations

import datetime
from urllib.parse import unquote

import msgspec

from sundog.api import s3 as api
from sundog.core import Tx, op
from sundog.core.blob import Blobs
from sundog.core.credential import AccessKey
from sundog.services.s3 import checksum, condition, encryption, errors
from sundog.services.s3.body import checksum_of, take
from sundog.services.s3.notification import announce
from sundog.services.s3.place import current, find_bucket, key_bytes
from sundog.services.s3.state import Bucket, Object, PartInfo
from sundog.services.s3.version import put_version, remove_version

SESSION = datetime.timedelta(minutes=5)
MAX_PARTS = 10000


def append(tx: Tx, bucket: Bucket, req: api.PutObjectRequest) -> api.PutObjectOutput:
    """Put bytes at the end of an object, which the offset must name."""
    if not bucket.directory:
        raise errors.not_implemented("x-amz-write-offset-bytes")
    raw = key_bytes(req.key)
    row = current(tx, bucket, raw)
    condition.check_write(req, req.key, row)
    offset = req.write_offset_bytes
    if row is None and offset == 0:
        from sundog.services.s3.put import stored

        return stored(tx, req, bucket)
    if row is None:
        raise errors.no_key(req.key)
    if offset != row.size:
        raise errors.fault(
            "InvalidWriteOffset",
            "The write offset value that you specified does not match the current object size.",
            400,
        )
    parts = row.parts or ((PartInfo(1, row.size),) if row.size else ())
    if len(parts) >= MAX_PARTS:
        raise errors.fault(
            "TooManyParts", "You have attempted to add more parts than the maximum of 10000 that are allowed.", 400
        )
    taken = take(tx, req, req.body)
    assert row.blob is not None
    blob = Blobs.join([row.blob, taken.blob])
    made = checksum.of_blob(blob, row.checksum.algorithm) if row.checksum is not None else None
    row = tx.update(
        row,
        blob=blob,
        size=blob.size,
        etag=tx.ids.hex(32),
        checksum=made,
        modified=tx.now.replace(microsecond=0),
        parts=(*parts, PartInfo(len(parts) + 1, taken.blob.size)),
    )
    announce(tx, bucket, "ObjectCreated:Put", row)
    shown = checksum_of(row)
    return api.PutObjectOutput(
        e_tag=f'"{row.etag}"',
        size=row.size,
        **row.encryption.attributes(),
        **(shown.attributes() if shown is not None else {}),
    )


@op
def rename_object(tx: Tx, req: api.RenameObjectRequest) -> None:
    """Give an object another key."""
    bucket = find_bucket(tx, req.bucket)
    if not bucket.directory:
        raise errors.not_implemented("x-amz-rename-source")
    source = unquote(req.rename_source).removeprefix("/").removeprefix(bucket.name + "/")
    row = current(tx, bucket, key_bytes(source))
    if row is None:
        raise errors.no_key(source)
    raw = key_bytes(req.key)
    there = current(tx, bucket, raw)
    _check_rename(req, row, there)
    remove_version(tx, bucket, row)
    put_version(tx, bucket, msgspec.structs.replace(row, key=raw, serial_=0))


def _check_rename(req: api.RenameObjectRequest, row: Object, there: Object | None) -> None:
    name = "x-amz-rename-source-if-"
    if req.source_if_match is not None and req.source_if_match.strip('"') != row.etag:
        raise errors.precondition(name + "match")
    if req.source_if_none_match is not None and req.source_if_none_match.strip('"') in (row.etag, "*"):
        raise errors.precondition(name + "none-match")
    if req.source_if_unmodified_since is not None and row.modified > req.source_if_unmodified_since:
        raise errors.precondition(name + "unmodified-since")
    if req.source_if_modified_since is not None and row.modified <= req.source_if_modified_since:
        raise errors.precondition(name + "modified-since")
    match, none = req.destination_if_match, req.destination_if_none_match
    if match is not None and (there is None or match.strip('"') not in (there.etag, "*")):
        raise errors.precondition("If-Match")
    if none is not None and there is not None and none.strip('"') in (there.etag, "*"):
        raise errors.precondition("If-None-Match")
    since, before = req.destination_if_modified_since, req.destination_if_unmodified_since
    if there is not None and since is not None and there.modified <= since:
        raise errors.precondition("If-Modified-Since")
    if there is not None and before is not None and there.modified > before:
        raise errors.precondition("If-Unmodified-Since")


@op
def create_session(tx: Tx, req: api.CreateSessionRequest) -> api.CreateSessionOutput:
    """Credentials for a directory bucket, good for five minutes."""
    bucket = find_bucket(tx, req.bucket)
    if not bucket.directory:
        raise errors.not_allowed("GET", "BUCKET")
    mode = req.session_mode or "ReadWrite"
    if mode not in ("ReadWrite", "ReadOnly"):
        raise errors.argument("x-amz-create-session-mode", mode, "Invalid session mode")
    sealed = encryption.for_new_object(tx, bucket, req)
    caller = tx.caller
    known = caller.key
    expires = tx.now + SESSION
    key = tx.add(
        AccessKey(
            access_key=tx.ids.access_key(tx.account, "ASIA"),
            secret=tx.ids.secret(),
            account=caller.account,
            arn=caller.arn,
            user_id=caller.user_id,
            kind=known.kind if known is not None else "root",
            created=tx.now,
            token=tx.ids.secret(200),
            expires=expires,
            user_name=known.user_name if known is not None else None,
            role_arn=known.role_arn if known is not None else None,
            session_name=known.session_name if known is not None else None,
            policies=known.policies if known is not None else (),
            policy_arns=known.policy_arns if known is not None else (),
            context={"s3express:SessionMode": mode},
        )
    )
    return api.CreateSessionOutput(
        credentials=api.SessionCredentials(
            access_key_id=key.access_key, secret_access_key=key.secret, session_token=key.token, expiration=expires
        ),
        **sealed.attributes(),
    )
