"""Annotations: small documents kept beside an object's version."""

from __future__ import annotations

from typing import Any

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.services.s3 import errors
from sundog.services.s3.body import default_checksum, take
from sundog.services.s3.listing import limited
from sundog.services.s3.place import bucket_of, object_of
from sundog.services.s3.state import Annotation, Bucket, Object
from sundog.services.s3.version import shown


def _place(tx: Tx, req: Any, method: str) -> tuple[Bucket, Object]:
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id, method)
    wanted = req.object_if_match if "object_if_match" in req.wire_ else None
    if wanted is not None and wanted.strip('"') not in (row.etag, "*"):
        raise errors.precondition("If-Match")
    return bucket, row


def _find(tx: Tx, row: Object, name: str) -> Annotation:
    found = tx.find(Annotation, row.bucket, row.key, row.order, name)
    if found is None:
        raise AwsError("NoSuchAnnotation", "The specified annotation does not exist.", 404)
    return found


@op
def put_object_annotation(tx: Tx, req: api.PutObjectAnnotationRequest) -> api.PutObjectAnnotationOutput:
    """Keep an annotation under its name."""
    bucket, row = _place(tx, req, "PUT")
    taken = take(tx, req, req.annotation_payload)
    old = tx.find(Annotation, row.bucket, row.key, row.order, req.annotation_name)
    if old is not None:
        tx.delete(old)
    made = tx.add(
        Annotation(
            bucket=row.bucket,
            key=row.key,
            order=row.order,
            name=req.annotation_name,
            blob=taken.blob,
            modified=tx.now.replace(microsecond=0),
            checksum=taken.checksum,
        )
    )
    return api.PutObjectAnnotationOutput(
        key=req.key,
        annotation_name=made.name,
        object_version_id=shown(bucket, row),
        e_tag=f'"{made.blob.whole_md5}"',
        server_side_encryption=row.encryption.algorithm,
        **(made.checksum or default_checksum(made.blob)).attributes(),
    )


@op
def get_object_annotation(tx: Tx, req: api.GetObjectAnnotationRequest) -> api.GetObjectAnnotationOutput:
    """An annotation's bytes."""
    bucket, row = _place(tx, req, "GET")
    found = _find(tx, row, req.annotation_name)
    checked = (req.checksum_mode or "").upper() == "ENABLED"
    return api.GetObjectAnnotationOutput(
        annotation_payload=found.blob.content(),
        content_length=found.blob.size,
        object_version_id=shown(bucket, row),
        last_modified=found.modified,
        e_tag=f'"{found.blob.whole_md5}"',
        server_side_encryption=row.encryption.algorithm,
        **((found.checksum or default_checksum(found.blob)).attributes() if checked else {}),
    )


@op
def delete_object_annotation(tx: Tx, req: api.DeleteObjectAnnotationRequest) -> api.DeleteObjectAnnotationOutput:
    """Remove an annotation."""
    bucket, row = _place(tx, req, "DELETE")
    tx.delete(_find(tx, row, req.annotation_name))
    return api.DeleteObjectAnnotationOutput(object_version_id=shown(bucket, row))


@op(paged=False)
def list_object_annotations(tx: Tx, req: api.ListObjectAnnotationsRequest) -> api.ListObjectAnnotationsOutput:
    """A version's annotations by name."""
    bucket, row = _place(tx, req, "GET")
    limit = limited(req.max_annotation_results, "max-annotation-results")
    prefix, after = req.annotation_prefix or "", req.continuation_token or ""
    place = (row.bucket, row.key, row.order)
    found = [
        item
        for item in tx.range(Annotation, (*place, max(prefix, after)), (*place, prefix + "\U0010ffff"))
        if item.name.startswith(prefix) and item.name > after
    ]
    page = found[:limit]
    shown_items = [
        {
            "AnnotationName": item.name,
            "LastModified": item.modified,
            "ETag": f'"{item.blob.whole_md5}"',
            "Size": item.blob.size,
            "ChecksumAlgorithm": [(item.checksum or default_checksum(item.blob)).algorithm],
        }
        for item in page
    ]
    return api.ListObjectAnnotationsOutput(
        bucket=req.bucket,
        key=req.key,
        object_version_id=shown(bucket, row),
        annotation_prefix=req.annotation_prefix,
        max_annotation_results=limit,
        annotation_count=len(page),
        annotations=shown_items or None,
        continuation_token=req.continuation_token,
        next_continuation_token=page[-1].name if len(found) > len(page) else None,
    )
