"""Exports of tables to S3: files as DynamoDB writes them."""

from __future__ import annotations

import base64
import datetime
import gzip
import hashlib
from typing import Any

import msgspec

from sundog.api import dynamodb as api
from sundog.core import AwsError, Tx, op, parse_arn
from sundog.services.dynamodb import rows
from sundog.services.dynamodb.backup import items_at
from sundog.services.dynamodb.description import table_arn
from sundog.services.dynamodb.fault import bad_parameter
from sundog.services.dynamodb.interchange import ion_line, json_line
from sundog.services.dynamodb.state import Former, Job, Table


@op
def export_table_to_point_in_time(tx: Tx, req: api.ExportTableToPointInTimeInput) -> api.ExportTableToPointInTimeOutput:
    """Write all items of a table, or what changed within a time, to a bucket. Done when the answer says IN_PROGRESS."""
    parsed = parse_arn(req.table_arn)
    table = tx.find(Table, parsed.resource.split("/")[1]) if parsed is not None and "/" in parsed.resource else None
    if table is None:
        raise api.TableNotFoundException(f"Table not found: {req.table_arn}")
    if table.recovery is None:
        raise api.PointInTimeRecoveryUnavailableException(
            f"Point in time recovery is not enabled for table '{table.table_name}'"
        )
    moment = req.export_time or tx.now
    if not table.recovery["since"] <= moment <= tx.now:
        raise api.InvalidExportTimeException("The export time is not within the point in time recovery window")
    incremental = req.incremental_export_specification if req.export_type == "INCREMENTAL_EXPORT" else None
    if req.export_type == "INCREMENTAL_EXPORT" and incremental is None:
        raise bad_parameter("IncrementalExportSpecification must be specified for an INCREMENTAL_EXPORT")
    export_id = f"{int(tx.now.timestamp() * 1000):014d}-{tx.ids.hex(8)}"
    description: dict[str, Any] = {
        "ExportArn": f"{table_arn(tx, table)}/export/{export_id}",
        "ExportStatus": "IN_PROGRESS",
        "StartTime": tx.now,
        "TableArn": table_arn(tx, table),
        "TableId": table.table_id,
        "ExportTime": moment,
        "ClientToken": req.client_token or tx.ids.uuid(),
        "S3Bucket": req.s3_bucket,
        "S3BucketOwner": req.s3_bucket_owner,
        "S3Prefix": req.s3_prefix,
        "S3SseAlgorithm": req.s3_sse_algorithm or "AES256",
        "S3SseKmsKeyId": req.s3_sse_kms_key_id,
        "ExportFormat": req.export_format or "DYNAMODB_JSON",
        "ExportType": req.export_type or "FULL_EXPORT",
    }
    if incremental is not None:
        description["IncrementalExportSpecification"] = {
            "ExportFromTime": incremental.export_from_time or table.recovery["since"],
            "ExportToTime": incremental.export_to_time or tx.now,
            "ExportViewType": incremental.export_view_type or "NEW_AND_OLD_IMAGES",
        }
    done = _write(tx, table, dict(description), export_id)
    tx.add(
        Job(
            arn=description["ExportArn"],
            what="export",
            table_arn=description["TableArn"],
            started=tx.now,
            description=done,
        )
    )
    return api.ExportTableToPointInTimeOutput(export_description=description)


def _write(tx: Tx, table: Table, description: dict[str, Any], export_id: str) -> dict[str, Any]:
    """Write the files; the description of what came of it."""
    prefix = f"{description['S3Prefix']}/" if description.get("S3Prefix") else ""
    folder = f"{prefix}AWSDynamoDB/{export_id}"
    as_ion = description["ExportFormat"] == "ION"
    if "IncrementalExportSpecification" in description:
        lines = _changes(tx, table, description["IncrementalExportSpecification"])
        data_folder = f"{prefix}AWSDynamoDB/data"
    else:
        found = items_at(tx, table, description["ExportTime"])
        items = [rows.unpack(data) for _, data in found.values()]
        lines = [ion_line(item) if as_ion else json_line({"Item": item}) for item in items]
        data_folder = f"{folder}/data"
    raw = b"".join(lines)
    body = gzip.compress(raw, mtime=0)
    name = f"{data_folder}/{tx.ids.alnum(26, upper=False)}.{'ion' if as_ion else 'json'}.gz"
    entry = msgspec.json.encode(
        {
            "itemCount": len(lines),
            "md5Checksum": base64.b64encode(hashlib.md5(body).digest()).decode(),
            "etag": hashlib.md5(body).hexdigest() + "-1",
            "dataFileS3Key": name,
        }
    )
    stamp = f"{tx.now:%Y-%m-%dT%H:%M:%S}.{tx.now.microsecond // 1000:03d}Z"
    summary = msgspec.json.encode(
        {
            "version": "2020-06-30" if "IncrementalExportSpecification" not in description else "2023-08-01",
            "exportArn": description["ExportArn"],
            "startTime": stamp,
            "endTime": stamp,
            "tableArn": description["TableArn"],
            "tableId": description["TableId"],
            "exportTime": f"{description['ExportTime']:%Y-%m-%dT%H:%M:%S}.000Z",
            "s3Bucket": description["S3Bucket"],
            "s3Prefix": description.get("S3Prefix"),
            "s3SseAlgorithm": description["S3SseAlgorithm"],
            "s3SseKmsKeyId": description.get("S3SseKmsKeyId"),
            "manifestFilesS3Key": f"{folder}/manifest-files.json",
            "billedSizeBytes": len(raw),
            "itemCount": len(lines),
            "outputFormat": description["ExportFormat"],
            "exportType": description["ExportType"],
        }
    )
    files = [(f"{folder}/_started", b""), (name, body)]
    for manifest, content in (("manifest-files", entry + b"\n"), ("manifest-summary", summary)):
        files.append((f"{folder}/{manifest}.json", content))
        files.append((f"{folder}/{manifest}.md5", base64.b64encode(hashlib.md5(content).digest())))
    description["EndTime"] = tx.now
    try:
        for key, content in files:
            tx.call("s3", "PutObject", bucket=description["S3Bucket"], key=key, body=content)
    except AwsError as error:
        code = {"NoSuchBucket": "S3NoSuchBucket", "AccessDenied": "S3AccessDenied"}.get(error.code, error.code)
        return {**description, "ExportStatus": "FAILED", "FailureCode": code, "FailureMessage": error.message}
    return {
        **description,
        "ExportStatus": "COMPLETED",
        "ExportManifest": f"{folder}/manifest-summary.json",
        "BilledSizeBytes": len(raw),
        "ItemCount": len(lines),
    }


def _changes(tx: Tx, table: Table, window: dict[str, Any]) -> list[bytes]:
    """A line for each item that was written within a time: its images before and after."""
    begin: datetime.datetime = window["ExportFromTime"]
    end: datetime.datetime = window["ExportToTime"]
    after = items_at(tx, table, end)
    first: dict[tuple[Any, ...], bytes | None] = {}
    latest: dict[tuple[Any, ...], float] = {}
    for former in tx.store.part(Former, tx.account, tx.region).starting_with(table.table_id):
        if begin.timestamp() < former.time <= end.timestamp():
            key = tuple(former.row)
            first.setdefault(key, former.data)
            latest[key] = former.time
    lines: list[bytes] = []
    both = window["ExportViewType"] == "NEW_AND_OLD_IMAGES"
    for key, data in first.items():
        old = None if data is None else rows.unpack(data)
        new = rows.unpack(after[key][1]) if key in after else None
        if new is None and old is None:
            continue
        line: dict[str, Any] = {
            "Metadata": {"WriteTimestampMicros": {"N": str(int(latest[key] * 1_000_000))}},
            "Keys": rows.key_attributes(table, new or old),
        }
        if both and old is not None:
            line["OldImage"] = old
        if new is not None:
            line["NewImage"] = new
        lines.append(json_line(line))
    return lines


@op
def describe_export(tx: Tx, req: api.DescribeExportInput) -> api.DescribeExportOutput:
    """An export."""
    job = tx.find(Job, req.export_arn)
    if job is None or job.what != "export":
        raise api.ExportNotFoundException(f"Export not found: {req.export_arn}")
    return api.DescribeExportOutput(export_description=job.description)


@op(paged=False)
def list_exports(tx: Tx, req: api.ListExportsInput) -> api.ListExportsOutput:
    """Exports of a table, or all."""
    listed, following = page_of_jobs(tx, "export", req.table_arn, req.max_results, req.next_token)
    summaries = [
        {
            "ExportArn": job.arn,
            "ExportStatus": job.description["ExportStatus"],
            "ExportType": job.description["ExportType"],
        }
        for job in listed
    ]
    return api.ListExportsOutput(export_summaries=summaries, next_token=following)


def page_of_jobs(
    tx: Tx, what: str, table_arn: str | None, size: int | None, token: str | None
) -> tuple[list[Job], str | None]:
    """Newest first; a token is the ARN of the last one that was listed."""
    jobs = [job for job in tx.select(Job, what=what) if table_arn in (None, job.table_arn)]
    jobs.sort(key=lambda job: job.serial_, reverse=True)
    begin = 0
    if token is not None:
        begin = next((number for number, job in enumerate(jobs, 1) if job.arn == token), len(jobs))
    page = jobs[begin : begin + (size or 25)]
    return page, page[-1].arn if begin + len(page) < len(jobs) else None
