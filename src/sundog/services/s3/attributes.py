"""What is known of an object, member by member."""

from __future__ import annotations

from sundog.api import s3 as api
from sundog.core import Tx, op
from sundog.services.s3 import encryption, errors
from sundog.services.s3.body import checksum_of
from sundog.services.s3.checksum import COMPOSITE
from sundog.services.s3.place import bucket_of, object_of
from sundog.services.s3.state import Object
from sundog.services.s3.version import shown

_NAMES = frozenset({"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"})


@op(paged=False)
def get_object_attributes(tx: Tx, req: api.GetObjectAttributesRequest) -> api.GetObjectAttributesOutput:
    """The attributes that the request names."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id)
    encryption.check_access(row, req)
    wanted = {name.strip() for item in req.object_attributes for name in item.split(",")}
    if not wanted <= _NAMES:
        raise errors.argument(
            "x-amz-object-attributes", ",".join(req.object_attributes), "Invalid attribute name specified."
        )
    made = checksum_of(row) if "Checksum" in wanted and row.encryption.customer_md5 is None else row.checksum
    found = api.GetObjectAttributesOutput(last_modified=row.modified, version_id=shown(bucket, row))
    if "ETag" in wanted:
        found.e_tag = row.etag
    if "StorageClass" in wanted:
        found.storage_class = row.storage_class
    if "ObjectSize" in wanted:
        found.object_size = row.size
    if "Checksum" in wanted and made is not None:
        members = made.attributes()
        if made.kind == COMPOSITE:
            members = {name: value.partition("-")[0] for name, value in members.items()}
        found.checksum = api.Checksum(**members)
    if "ObjectParts" in wanted and row.parts:
        found.object_parts = _parts(req, row)
    return found


def _parts(req: api.GetObjectAttributesRequest, row: Object) -> api.GetObjectAttributesParts:
    if row.checksum is None or row.checksum.kind != COMPOSITE:
        return api.GetObjectAttributesParts(total_parts_count=len(row.parts))
    limit = min(req.max_parts if req.max_parts is not None else 1000, 1000)
    marker = int(req.part_number_marker or 0)
    behind = [part for part in row.parts if part.number > marker]
    page = behind[:limit]
    shown_parts = [
        api.ObjectPart(
            part_number=part.number,
            size=part.size,
            **(part.checksum.attributes(typed=False) if part.checksum is not None else {}),
        )
        for part in page
    ]
    return api.GetObjectAttributesParts(
        total_parts_count=len(row.parts),
        part_number_marker=marker,
        next_part_number_marker=page[-1].number if page else 0,
        max_parts=limit,
        is_truncated=len(behind) > len(page),
        parts=shown_parts or None,
    )
