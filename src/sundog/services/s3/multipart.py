"""Uploads in parts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.core.access import canonical_id
from sundog.core.blob import Blobs
from sundog.services.s3 import acl, checksum, condition, encryption, errors, object_lock, storage, tagging
from sundog.services.s3.body import UNASKED, default_checksum, take
from sundog.services.s3.checksum import ATTRIBUTES, COMPOSITE, CRCS, FULL_OBJECT, Checksum
from sundog.services.s3.crc import has_machine_code
from sundog.services.s3.lifecycle import abort_of, expiration_of
from sundog.services.s3.listing import END, check_encoding, encoded, limited, raw_of, text_of
from sundog.services.s3.notification import announce
from sundog.services.s3.place import bucket_of, current
from sundog.services.s3.put import check_key, etag_of, location, upkeep_of
from sundog.services.s3.replication import replicate
from sundog.services.s3.state import Bucket, Object, Part, PartInfo, Upload
from sundog.services.s3.version import put_version, shown_new

MIN_PART = 5 * 1024 * 1024
MAX_PARTS = 10000


def upload_of(tx: Tx, bucket: Bucket, req: Any) -> Upload:
    """The upload that a request names, which must be one of its key."""
    for upload in tx.select(Upload, upload_id=req.upload_id):
        if upload.bucket == bucket.name and upload.name == req.key:
            return upload
    raise errors.no_upload(req.upload_id)


def parts_of(tx: Tx, upload: Upload) -> Iterator[Part]:
    return tx.range(Part, (upload.upload_id,), (upload.upload_id, MAX_PARTS + 1))


def discard(tx: Tx, upload: Upload) -> None:
    """Remove an upload and its parts."""
    for part in list(parts_of(tx, upload)):
        tx.delete(part)
    tx.delete(upload)


def abort_all(tx: Tx, bucket: Bucket) -> None:
    """Remove all of a bucket's uploads."""
    for upload in list(tx.range(Upload, (bucket.name, b""), (bucket.name, END))):
        discard(tx, upload)


def _checksum_plan(req: api.CreateMultipartUploadRequest) -> tuple[str | None, str | None]:
    """Algorithm and kind of the checksum that the object will have."""
    algorithm, kind = req.checksum_algorithm, req.checksum_type
    if algorithm is None:
        if kind is not None:
            raise errors.invalid(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )
        return None, None
    algorithm = algorithm.upper()
    if algorithm not in ATTRIBUTES:
        raise errors.invalid(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
        )
    if kind is None:
        return algorithm, FULL_OBJECT if algorithm == "CRC64NVME" else COMPOSITE
    if kind not in (FULL_OBJECT, COMPOSITE):
        raise errors.invalid("Value for x-amz-checksum-type header is invalid.")
    if (kind == COMPOSITE and algorithm == "CRC64NVME") or (kind == FULL_OBJECT and algorithm not in CRCS):
        raise errors.invalid(
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    return algorithm, kind


@op
def create_multipart_upload(tx: Tx, req: api.CreateMultipartUploadRequest) -> api.CreateMultipartUploadOutput:
    """Begin an upload in parts."""
    bucket = bucket_of(tx, req)
    raw = check_key(req.key)
    algorithm, kind = _checksum_plan(req)
    owner, grants = acl.for_new_object(tx, bucket, req)
    upload = tx.add(
        Upload(
            bucket=bucket.name,
            key=raw,
            begun=tx.store.next_serial(),
            upload_id=tx.ids.choose(_ALPHABET, 128),
            initiated=tx.now,
            owner=owner,
            initiator=tx.caller.arn,
            upkeep=upkeep_of(tx, req),
            storage_class=storage.checked(req.storage_class, "EXPRESS_ONEZONE" if bucket.directory else "STANDARD"),
            algorithm=algorithm,
            kind=kind,
            encryption=encryption.for_new_object(tx, bucket, req),
            tags=tagging.header_tags(req.tagging),
            acl=grants,
            lock=object_lock.for_new_object(tx, bucket, req),
        )
    )
    abort_date, abort_rule = abort_of(bucket, upload.name, upload.initiated)
    return api.CreateMultipartUploadOutput(
        bucket=req.bucket,
        key=req.key,
        upload_id=upload.upload_id,
        checksum_algorithm=algorithm,
        checksum_type=kind,
        abort_date=abort_date,
        abort_rule_id=abort_rule,
        ssekms_encryption_context=upload.encryption.context,
        **upload.encryption.attributes(),
    )


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"


def check_number(number: int) -> None:
    if not 1 <= number <= MAX_PARTS:
        message = "Part number must be an integer between 1 and 10000, inclusive"
        raise errors.argument("partNumber", number, message)


def check_customer_key(upload: Upload, req: Any) -> None:
    """A part comes with the key that the upload began with."""
    given = req.sse_customer_algorithm is not None
    if given != (upload.encryption.customer_md5 is not None):
        raise errors.invalid(
            "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
            "encryption parameters."
        )
    if given and encryption.customer_key(req) != upload.encryption.customer_md5:
        raise errors.invalid("The provided encryption parameters did not match the ones used originally.")


def keep_part(tx: Tx, upload: Upload, number: int, blob: Any, made: Checksum | None) -> Part:
    """Keep a part, instead of the one with its number if there is one."""
    old = tx.find(Part, upload.upload_id, number)
    if old is not None:
        tx.delete(old)
    return tx.add(
        Part(
            upload_id=upload.upload_id,
            number=number,
            blob=blob,
            size=blob.size,
            etag=etag_of(tx, blob.whole_md5, upload.encryption),
            modified=tx.now.replace(microsecond=0),
            checksum=made,
        )
    )


@op
def upload_part(tx: Tx, req: api.UploadPartRequest) -> api.UploadPartOutput:
    """Keep one part."""
    bucket = bucket_of(tx, req)
    number = req.part_number
    check_number(number)
    upload = upload_of(tx, bucket, req)
    check_customer_key(upload, req)
    claimed = checksum.sent(req)
    if claimed is not None and upload.algorithm is not None and claimed[0] != upload.algorithm:
        raise errors.invalid(
            f"Checksum Type mismatch occurred, expected checksum Type: {upload.algorithm.lower()}, "
            "actual checksum Type: "
            f"{claimed[0].lower()}"
        )
    taken = take(tx, req, req.body, part=True)
    made = taken.checksum
    if made is None and upload.algorithm is not None and upload.encryption.customer_md5 is None:
        made = checksum.of_blob(taken.blob, upload.algorithm)
    part = keep_part(tx, upload, number, taken.blob, made)
    return api.UploadPartOutput(
        e_tag=f'"{part.etag}"',
        **upload.encryption.attributes(),
        **(made.attributes(typed=False) if made is not None else {}),
    )


def _wrong_part(req: Any, number: Any, etag: str | None) -> AwsError:
    message = (
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
        "entity tag may not match the part's entity tag."
    )
    return errors.fault(
        "InvalidPart", message, 400, UploadId=req.upload_id, PartNumber=number, ETag=(etag or "").strip('"')
    )


def _chosen(tx: Tx, upload: Upload, req: api.CompleteMultipartUploadRequest) -> list[Part]:
    """The parts that the request lists, each as it was uploaded and in order."""
    listed = req.multipart_upload.parts if req.multipart_upload is not None else None
    if not listed:
        raise errors.invalid("You must specify at least one part")
    chosen: list[Part] = []
    last = 0
    for item in listed:
        number, etag = item.part_number, item.e_tag
        if number is None or etag is None:
            raise errors.malformed()
        if number <= last:
            raise errors.fault(
                "InvalidPartOrder",
                "The list of parts was not in ascending order. Parts must be ordered by part number.",
                400,
                UploadId=req.upload_id,
            )
        last = number
        part = tx.find(Part, upload.upload_id, number)
        if part is None or etag.strip('"') != part.etag:
            raise _wrong_part(req, number, etag)
        _check_part_checksum(upload, req, item, part)
        chosen.append(part)
    for part in chosen[:-1]:
        if part.size < MIN_PART:
            raise errors.fault(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                400,
                ETag=part.etag,
                MinSizeAllowed=MIN_PART,
                PartNumber=part.number,
                ProposedSize=part.size,
            )
    return chosen


def _check_part_checksum(upload: Upload, req: Any, item: Any, part: Part) -> None:
    found = checksum.sent(item)
    if upload.algorithm is None:
        if found is not None and (part.checksum is None or found != (part.checksum.algorithm, part.checksum.value)):
            raise _wrong_part(req, part.number, part.etag)
        if found is not None and found[0] != "CRC64NVME":
            raise _wrong_part(req, part.number, part.etag)
        return
    if found is None:
        if upload.kind == COMPOSITE:
            raise errors.invalid(
                f"The upload was created using a {upload.algorithm.lower()} checksum. The complete "
                "request must include "
                f"the checksum for each part. It was missing for part {part.number} in the request."
            )
        return
    if part.checksum is None or found != (part.checksum.algorithm, part.checksum.value):
        raise _wrong_part(req, part.number, part.etag)


def _check_conditions(req: Any, upload: Upload, last: Object | None, key: str) -> None:
    condition.check_form(req)
    if req.if_none_match is not None:
        if last is not None and not last.marker:
            raise errors.precondition("If-None-Match")
        if upload.disturbed:
            raise condition.conflict("If-None-Match", key)
    if req.if_match is not None:
        condition.check_write(req, key, last)
        if upload.disturbed:
            raise condition.conflict("If-Match", key)


def _whole_checksum(upload: Upload, req: Any, chosen: list[Part], blob: Any) -> Checksum | None:
    """The checksum of the object, made from those of its parts where that can be."""
    if upload.algorithm is None:
        if req.checksum_type is not None:
            raise errors.invalid(
                "The upload was created using the null checksum mode. The complete request must use "
                "the same checksum mode."
            )
        if upload.encryption.customer_md5 is not None:
            return None
        return default_checksum(blob) if blob.size <= UNASKED or has_machine_code() else None
    if req.checksum_type is not None and req.checksum_type != upload.kind:
        raise errors.invalid(
            f"The upload was created using the {upload.kind} checksum mode. The complete request must use the same "
            "checksum mode."
        )
    claimed = checksum.sent(req)
    values = [part.checksum for part in chosen]
    if any(value is None for value in values):
        return None
    if upload.kind == COMPOSITE:
        value = checksum.composite(upload.algorithm, (item.value for item in values if item is not None))
        if claimed is not None and claimed[1].rpartition("-")[0] not in (value, "") and claimed[1] != value:
            raise checksum.mismatch(claimed[0])
        return Checksum(upload.algorithm, f"{value}-{len(chosen)}", COMPOSITE)
    value = checksum.whole(
        upload.algorithm, ((item.value, part.size) for item, part in zip(values, chosen, strict=True) if item)
    )
    if claimed is not None and claimed[1] != value:
        raise checksum.mismatch(claimed[0])
    return Checksum(upload.algorithm, value)


@op
def complete_multipart_upload(tx: Tx, req: api.CompleteMultipartUploadRequest) -> api.CompleteMultipartUploadOutput:
    """Make an object of the parts, which are copied nowhere."""
    bucket = bucket_of(tx, req)
    upload = next((row for row in tx.select(Upload, upload_id=req.upload_id) if row.bucket == bucket.name), None)
    if upload is None or upload.name != req.key:
        raise errors.no_upload(req.upload_id)
    chosen = _chosen(tx, upload, req)
    size = sum(part.size for part in chosen)
    if req.mpu_object_size is not None and req.mpu_object_size != size:
        raise errors.invalid(
            f"The provided 'x-amz-mp-object-size' header value {req.mpu_object_size} does not "
            f"match what was computed: {size}"
        )
    last = current(tx, bucket, upload.key)
    _check_conditions(req, upload, last, req.key)
    blob = Blobs.join([part.blob for part in chosen])
    digest = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in chosen), usedforsecurity=False).hexdigest()
    made = _whole_checksum(upload, req, chosen, blob)
    shows = upload.algorithm is not None
    row = put_version(
        tx,
        bucket,
        Object(
            bucket=bucket.name,
            key=upload.key,
            order=0,
            blob=blob,
            size=size,
            etag=f"{digest}-{len(chosen)}",
            modified=tx.now.replace(microsecond=0),
            owner=upload.owner,
            upkeep=upload.upkeep,
            storage_class=upload.storage_class,
            checksum=made,
            parts=tuple(
                PartInfo(index, part.size, part.checksum if shows else None) for index, part in enumerate(chosen, 1)
            ),
            encryption=upload.encryption,
            tags=upload.tags,
            acl=upload.acl,
            lock=upload.lock,
        ),
    )
    discard(tx, upload)
    row = replicate(tx, bucket, row)
    announce(tx, bucket, "ObjectCreated:CompleteMultipartUpload", row)
    sealed = upload.encryption.attributes() if upload.encryption.customer_md5 is None else {}
    return api.CompleteMultipartUploadOutput(
        location=location(tx, bucket, req.key),
        bucket=req.bucket,
        key=req.key,
        e_tag=f'"{row.etag}"',
        version_id=shown_new(bucket, row),
        expiration=expiration_of(bucket, row),
        **sealed,
        **(made.attributes() if made is not None else {}),
    )


@op
def abort_multipart_upload(tx: Tx, req: api.AbortMultipartUploadRequest) -> None:
    """Forget an upload and its parts."""
    bucket = bucket_of(tx, req)
    upload = upload_of(tx, bucket, req)
    initiated = req.if_match_initiated_time
    if initiated is not None and initiated.replace(microsecond=0) != upload.initiated.replace(microsecond=0):
        raise errors.precondition("x-amz-if-match-initiated-time")
    discard(tx, upload)


def initiator(upload: Upload) -> api.Initiator:
    name = upload.initiator.rpartition("/")[2].rpartition(":")[2]
    if upload.initiator.endswith(":root"):
        return api.Initiator(id=canonical_id(upload.initiator.split(":")[4]), display_name=name)
    return api.Initiator(id=upload.initiator, display_name=name)


@op(paged=False)
def list_parts(tx: Tx, req: api.ListPartsRequest) -> api.ListPartsOutput:
    """The parts of an upload by number."""
    bucket = bucket_of(tx, req)
    upload = upload_of(tx, bucket, req)
    limit = limited(req.max_parts, "max-parts")
    try:
        marker = int(req.part_number_marker or 0)
    except ValueError:
        message = "Provided part-number-marker not an integer or within integer range"
        raise errors.argument("part-number-marker", req.part_number_marker, message) from None
    behind = [part for part in parts_of(tx, upload) if part.number > marker]
    page = behind[:limit]
    shows = upload.algorithm is not None
    abort_date, abort_rule = abort_of(bucket, upload.name, upload.initiated)
    return api.ListPartsOutput(
        bucket=req.bucket,
        key=req.key,
        upload_id=upload.upload_id,
        part_number_marker=marker,
        next_part_number_marker=page[-1].number if page else 0,
        max_parts=limit,
        is_truncated=len(behind) > len(page),
        parts=[_part_view(part, shows) for part in page] or None,
        initiator=initiator(upload),
        owner=api.Owner(id=canonical_id(upload.owner)),
        storage_class=upload.storage_class,
        checksum_algorithm=upload.algorithm,
        checksum_type=upload.kind,
        abort_date=abort_date,
        abort_rule_id=abort_rule,
    )


def _part_view(part: Part, shows: bool) -> api.Part:
    found = part.checksum.attributes(typed=False) if shows and part.checksum is not None else {}
    return api.Part(
        part_number=part.number, last_modified=part.modified, e_tag=f'"{part.etag}"', size=part.size, **found
    )


@op(paged=False)
def list_multipart_uploads(tx: Tx, req: api.ListMultipartUploadsRequest) -> api.ListMultipartUploadsOutput:
    """The uploads that are going on, by key and by when they began."""
    bucket = bucket_of(tx, req)
    check_encoding(tx, req.encoding_type)
    how = req.encoding_type
    limit = limited(req.max_uploads, "max-uploads") or 1
    prefix, delimiter, after = raw_of(req.prefix), raw_of(req.delimiter), raw_of(req.key_marker)
    given = req.upload_id_marker
    marker = given if after else None  # alone it means nothing
    begun = None
    if marker:
        known = next(iter(tx.select(Upload, upload_id=marker)), None)
        if known is None or known.bucket != bucket.name or known.key != after:
            raise errors.argument("upload-id-marker", marker, "Invalid uploadId marker")
        begun = known.begun
    page: list[Upload] = []
    prefixes: list[str] = []
    last: tuple[str, str] | None = None
    more = False
    for row in tx.range(Upload, (bucket.name, max(prefix, after)), (bucket.name, prefix + END)):
        if row.key == after and (begun is None or row.begun <= begun) and after:
            continue
        found = row.key.find(delimiter, len(prefix)) if delimiter else -1
        shared = row.key[: found + len(delimiter)] if found >= 0 else None
        if shared is not None and (shared <= after or (prefixes and prefixes[-1] == text_of(shared))):
            continue
        if len(page) + len(prefixes) == limit:
            more = True
            break
        if shared is not None:
            prefixes.append(text_of(shared))
            last = text_of(shared), ""
        else:
            page.append(row)
            last = row.name, row.upload_id
    return api.ListMultipartUploadsOutput(
        bucket=req.bucket,
        key_marker=encoded(req.key_marker or "", how),
        upload_id_marker=marker or "",
        next_key_marker=encoded(last[0] if last else "", how),
        next_upload_id_marker=last[1] if last else "",
        prefix=encoded(req.prefix or None, how),
        delimiter=encoded(req.delimiter or None, how),
        encoding_type=how,
        max_uploads=limit,
        is_truncated=more,
        uploads=[_upload_view(row, how) for row in page] or None,
        common_prefixes=[api.CommonPrefix(prefix=encoded(text, how)) for text in prefixes] or None,
    )


def _upload_view(row: Upload, how: str | None) -> api.MultipartUpload:
    return api.MultipartUpload(
        upload_id=row.upload_id,
        key=encoded(row.name, how),
        initiated=row.initiated,
        storage_class=row.storage_class,
        owner=api.Owner(id=canonical_id(row.owner)),
        initiator=initiator(row),
        checksum_algorithm=row.algorithm,
        checksum_type=row.kind,
    )
