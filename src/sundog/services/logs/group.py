"""Groups and streams."""

from __future__ import annotations

from typing import Any

from sundog.api import logs as api
from sundog.core import Tx, op
from sundog.core.tag import to_dict
from sundog.services.logs.state import (
    LogEvent,
    LogGroup,
    LogStream,
    MetricFilter,
    SubscriptionFilter,
    below,
    group_of,
    milliseconds,
    name_in,
    stream_of,
)

PERIODS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
PAGE = 50


@op
def create_log_group(tx: Tx, req: api.CreateLogGroupRequest) -> None:
    name = req.log_group_name
    if tx.find(LogGroup, name) is not None:
        raise api.ResourceAlreadyExistsException("The specified log group already exists")
    tx.add(
        LogGroup(
            name=name,
            log_group_arn=tx.arn(f"log-group:{name}"),
            creation_time=milliseconds(tx),
            kms_key_id=req.kms_key_id,
            log_group_class=req.log_group_class or "STANDARD",
            deletion_protection_enabled=bool(req.deletion_protection_enabled),
            tags=to_dict(req.tags),
        )
    )


@op
def delete_log_group(tx: Tx, req: api.DeleteLogGroupRequest) -> None:
    group = group_of(tx, req.log_group_name)
    if group.deletion_protection_enabled:
        raise api.ValidationException("Cannot delete log group. Deletion protection is enabled for this log group.")
    for kind in (LogEvent, LogStream, MetricFilter, SubscriptionFilter):
        for row in list(tx.range(kind, *below(group.name))):
            tx.delete(row)
    tx.delete(group)


def _shown(tx: Tx, group: LogGroup) -> api.LogGroup:
    return api.LogGroup(
        log_group_name=group.name,
        creation_time=group.creation_time,
        retention_in_days=group.retention_in_days,
        metric_filter_count=tx.count(MetricFilter, *below(group.name)),
        arn=group.log_group_arn + ":*",
        stored_bytes=0,
        kms_key_id=group.kms_key_id,
        log_group_class=group.log_group_class,
        log_group_arn=group.log_group_arn,
        deletion_protection_enabled=group.deletion_protection_enabled,
    )


@op(page_size=PAGE)
def describe_log_groups(tx: Tx, req: api.DescribeLogGroupsRequest) -> api.DescribeLogGroupsResponse:
    prefix, pattern = req.log_group_name_prefix, req.log_group_name_pattern
    if prefix is not None and pattern is not None:
        raise api.InvalidParameterException(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    rows = tx.select(LogGroup)
    if prefix is not None:
        rows = rows.where(lambda row: row.name.startswith(prefix))
    if pattern is not None:
        rows = rows.where(lambda row: pattern.lower() in row.name.lower())
    if req.log_group_class is not None:
        wanted = req.log_group_class
        rows = rows.where(lambda row: row.log_group_class == wanted)
    if req.log_group_identifiers:
        names = {name_in(one) for one in req.log_group_identifiers}
        rows = rows.where(lambda row: row.name in names)
    return api.DescribeLogGroupsResponse(log_groups=rows.map(lambda row: _shown(tx, row)))


@op(page_size=PAGE)
def list_log_groups(tx: Tx, req: api.ListLogGroupsRequest) -> api.ListLogGroupsResponse:
    import re

    rows = tx.select(LogGroup)
    if req.log_group_name_pattern is not None:
        pattern = re.compile(req.log_group_name_pattern)
        rows = rows.where(lambda row: pattern.search(row.name))
    if req.log_group_class is not None:
        wanted = req.log_group_class
        rows = rows.where(lambda row: row.log_group_class == wanted)
    return api.ListLogGroupsResponse(
        log_groups=rows.map(
            lambda row: api.LogGroupSummary(
                log_group_name=row.name, log_group_arn=row.log_group_arn, log_group_class=row.log_group_class
            )
        )
    )


@op
def put_retention_policy(tx: Tx, req: api.PutRetentionPolicyRequest) -> None:
    group, days = group_of(tx, req.log_group_name), req.retention_in_days
    if days not in PERIODS:
        allowed = ", ".join(str(one) for one in PERIODS)
        raise api.InvalidParameterException(
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must "
            f"satisfy enum value set: [{allowed}]"
        )
    tx.update(group, retention_in_days=days)


@op
def delete_retention_policy(tx: Tx, req: api.DeleteRetentionPolicyRequest) -> None:
    tx.update(group_of(tx, req.log_group_name), retention_in_days=None)


@op
def associate_kms_key(tx: Tx, req: api.AssociateKmsKeyRequest) -> None:
    tx.update(group_of(tx, req.log_group_name, req.resource_identifier), kms_key_id=req.kms_key_id)


@op
def disassociate_kms_key(tx: Tx, req: api.DisassociateKmsKeyRequest) -> None:
    tx.update(group_of(tx, req.log_group_name, req.resource_identifier), kms_key_id=None)


@op
def put_log_group_deletion_protection(tx: Tx, req: api.PutLogGroupDeletionProtectionRequest) -> None:
    group = group_of(tx, None, req.log_group_identifier)
    tx.update(group, deletion_protection_enabled=req.deletion_protection_enabled)


@op
def create_log_stream(tx: Tx, req: api.CreateLogStreamRequest) -> None:
    group = group_of(tx, req.log_group_name)
    if tx.find(LogStream, group.name, req.log_stream_name) is not None:
        raise api.ResourceAlreadyExistsException("The specified log stream already exists")
    tx.add(LogStream(group=group.name, name=req.log_stream_name, creation_time=milliseconds(tx)))


@op
def delete_log_stream(tx: Tx, req: api.DeleteLogStreamRequest) -> None:
    stream = stream_of(tx, group_of(tx, req.log_group_name), req.log_stream_name)
    for row in list(tx.range(LogEvent, *below(stream.group, stream.name))):
        tx.delete(row)
    tx.delete(stream)


@op(page_size=PAGE)
def describe_log_streams(tx: Tx, req: api.DescribeLogStreamsRequest) -> api.DescribeLogStreamsResponse:
    group = group_of(tx, req.log_group_name, req.log_group_identifier)
    prefix, by_time = req.log_stream_name_prefix, req.order_by == "LastEventTime"
    if by_time and prefix:
        raise api.InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
    rows = [row for row in tx.range(LogStream, *below(group.name)) if not prefix or row.name.startswith(prefix)]
    if by_time:
        rows.sort(key=lambda row: (row.last_event or 0, row.name))
    if req.descending:
        rows.reverse()
    return api.DescribeLogStreamsResponse(
        log_streams=[
            api.LogStream(
                log_stream_name=row.name,
                creation_time=row.creation_time,
                first_event_timestamp=row.first_event,
                last_event_timestamp=row.last_event,
                last_ingestion_time=row.last_ingestion,
                upload_sequence_token=f"{row.sequence:056d}" if row.sequence else None,
                arn=f"{group.log_group_arn}:log-stream:{row.name}",
                stored_bytes=0,
            )
            for row in rows
        ]
    )


def _tag(tx: Tx, group: LogGroup, new: Any, gone: Any = ()) -> None:
    lost = set(gone)
    tags = {key: value for key, value in {**group.tags, **to_dict(new)}.items() if key not in lost}
    if len(tags) > 50:
        raise api.TooManyTagsException("The maximum number of tags for a resource has been reached.")
    tx.update(group, tags=tags)


@op
def tag_log_group(tx: Tx, req: api.TagLogGroupRequest) -> None:
    _tag(tx, group_of(tx, req.log_group_name), req.tags)


@op
def untag_log_group(tx: Tx, req: api.UntagLogGroupRequest) -> None:
    _tag(tx, group_of(tx, req.log_group_name), {}, req.tags)


@op
def list_tags_log_group(tx: Tx, req: api.ListTagsLogGroupRequest) -> api.ListTagsLogGroupResponse:
    return api.ListTagsLogGroupResponse(tags=group_of(tx, req.log_group_name).tags)


@op
def tag_resource(tx: Tx, req: api.TagResourceRequest) -> None:
    if ":log-group:" not in req.resource_arn:
        return tx.modelled("TagResource", req)
    return _tag(tx, group_of(tx, None, req.resource_arn), req.tags)


@op
def untag_resource(tx: Tx, req: api.UntagResourceRequest) -> None:
    if ":log-group:" not in req.resource_arn:
        return tx.modelled("UntagResource", req)
    return _tag(tx, group_of(tx, None, req.resource_arn), {}, req.tag_keys)


@op
def list_tags_for_resource(tx: Tx, req: api.ListTagsForResourceRequest) -> api.ListTagsForResourceResponse:
    if ":log-group:" not in req.resource_arn:
        return tx.modelled("ListTagsForResource", req)
    return api.ListTagsForResourceResponse(tags=group_of(tx, None, req.resource_arn).tags)
