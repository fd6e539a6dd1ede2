"""Imports from S3: a new table with the items of the files under a prefix."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import Any

from sundog.api import dynamodb as api
from sundog.core import AwsError, Tx, op
from sundog.services.dynamodb import change
from sundog.services.dynamodb.description import table_arn
from sundog.services.dynamodb.export import page_of_jobs
from sundog.services.dynamodb.interchange import from_csv, from_json
from sundog.services.dynamodb.state import Job, Table
from sundog.services.dynamodb.table import create_table
from sundog.services.dynamodb.value import Item, accept


@op
def import_table(tx: Tx, req: api.ImportTableInput) -> api.ImportTableOutput:
    """Make a table of files in a bucket. The answer says IN_PROGRESS; it is done then."""
    given = req.table_creation_parameters
    create_table(
        tx,
        api.CreateTableInput(
            table_name=given.table_name,
            attribute_definitions=given.attribute_definitions,
            key_schema=given.key_schema,
            billing_mode=given.billing_mode,
            provisioned_throughput=given.provisioned_throughput,
            on_demand_throughput=given.on_demand_throughput,
            sse_specification=given.sse_specification,
            global_secondary_indexes=given.global_secondary_indexes,
        ),
    )
    table = tx.get(Table, given.table_name)
    arn = f"{table_arn(tx, table)}/import/{int(tx.now.timestamp() * 1000):014d}-{tx.ids.hex(8)}"
    description: dict[str, Any] = {
        "ImportArn": arn,
        "ImportStatus": "IN_PROGRESS",
        "TableArn": table_arn(tx, table),
        "TableId": table.table_id,
        "ClientToken": req.client_token or tx.ids.uuid(),
        "S3BucketSource": req.s3_bucket_source.plain_(),
        "CloudWatchLogGroupArn": tx.arn("log-group:/aws-dynamodb/imports:*", service="logs"),
        "InputFormat": req.input_format,
        "InputFormatOptions": None if req.input_format_options is None else req.input_format_options.plain_(),
        "InputCompressionType": req.input_compression_type or "NONE",
        "TableCreationParameters": given.plain_(),
        "StartTime": tx.now,
    }
    done = _read(tx, table, dict(description))
    tx.add(Job(arn=arn, what="import", table_arn=description["TableArn"], started=tx.now, description=done))
    return api.ImportTableOutput(import_table_description=description)


def _read(tx: Tx, table: Table, description: dict[str, Any]) -> dict[str, Any]:
    """Put the files' items into the table; the description of what came of it."""
    description["EndTime"] = tx.now
    counts = {"ErrorCount": 0, "ProcessedSizeBytes": 0, "ProcessedItemCount": 0, "ImportedItemCount": 0}
    try:
        for data in _files(tx, description["S3BucketSource"]):
            counts["ProcessedSizeBytes"] += len(data)
            for item in _items(table, description, _unpacked(data, description["InputCompressionType"])):
                counts["ProcessedItemCount"] += 1
                if item is not None and _put(tx, table, item):
                    counts["ImportedItemCount"] += 1
                else:
                    counts["ErrorCount"] += 1
    except AwsError as error:
        code = {"NoSuchBucket": "S3NoSuchBucket", "AccessDenied": "S3AccessDenied"}.get(error.code, error.code)
        return {
            **description,
            **counts,
            "ImportStatus": "FAILED",
            "FailureCode": code,
            "FailureMessage": error.message,
        }
    return {**description, **counts, "ImportStatus": "COMPLETED"}


def _files(tx: Tx, source: dict[str, Any]) -> Iterator[bytes]:
    bucket = source["S3Bucket"]
    token = None
    while True:
        listed = tx.call(
            "s3", "ListObjectsV2", bucket=bucket, prefix=source.get("S3KeyPrefix") or "", continuation_token=token
        )
        for each in listed.contents or ():
            if each.key.endswith("/"):
                continue
            body = tx.call("s3", "GetObject", bucket=bucket, key=each.key).body
            yield body if isinstance(body, bytes) else body.read()
        token = listed.next_continuation_token
        if not token:
            return


def _unpacked(data: bytes, compression: str) -> bytes:
    if compression == "NONE":
        return data
    if compression == "GZIP":
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise AwsError("ItemValidationError", "A file is not compressed as GZIP") from None
    raise AwsError("NotImplemented", "Sundog does not import files compressed as ZSTD.")


def _items(table: Table, description: dict[str, Any], data: bytes) -> Iterator[Item | None]:
    kind = description["InputFormat"]
    if kind == "DYNAMODB_JSON":
        return from_json(data)
    if kind == "CSV":
        options: dict[str, Any] = (description.get("InputFormatOptions") or {}).get("Csv") or {}
        types = {part.name: part.type for part in table.attributes}
        return from_csv(data, options.get("Delimiter") or ",", options.get("HeaderList"), types)
    raise AwsError("NotImplemented", "Sundog does not import files of Amazon Ion.")


def _put(tx: Tx, table: Table, item: Item) -> bool:
    try:
        accepted, size = accept(item)
        change.put(tx, table, accepted, size, None, False, False)
    except AwsError:
        return False
    return True


@op
def describe_import(tx: Tx, req: api.DescribeImportInput) -> api.DescribeImportOutput:
    """An import."""
    job = tx.find(Job, req.import_arn)
    if job is None or job.what != "import":
        raise api.ImportNotFoundException(f"Import not found: {req.import_arn}")
    return api.DescribeImportOutput(import_table_description=job.description)


@op(paged=False)
def list_imports(tx: Tx, req: api.ListImportsInput) -> api.ListImportsOutput:
    """Imports into a table, or all."""
    listed, following = page_of_jobs(tx, "import", req.table_arn, req.page_size, req.next_token)
    summaries = [
        {
            "ImportArn": job.arn,
            "ImportStatus": job.description["ImportStatus"],
            "TableArn": job.table_arn,
            "S3BucketSource": job.description["S3BucketSource"],
            "CloudWatchLogGroupArn": job.description["CloudWatchLogGroupArn"],
            "InputFormat": job.description["InputFormat"],
            "StartTime": job.started,
            "EndTime": job.description["EndTime"],
        }
        for job in listed
    ]
    return api.ListImportsOutput(import_summary_list=summaries, next_token=following)
