"""What hangs on a table beside its items: Kinesis destinations, contributor insights, auto scaling."""

from __future__ import annotations

from typing import Any

from sundog.api import dynamodb as api
from sundog.core import Tx, op
from sundog.services.dynamodb.fault import bad_parameter, not_found
from sundog.services.dynamodb.state import Table
from sundog.services.dynamodb.table import settled_table, table_of

# -- Kinesis --------------------------------------------------------------------------------------------------------


@op
def enable_kinesis_streaming_destination(
    tx: Tx, req: api.KinesisStreamingDestinationInput
) -> api.KinesisStreamingDestinationOutput:
    """Send every change to a Kinesis stream, too."""
    table = settled_table(tx, req.table_name)
    active = [each for each in table.kinesis if each["DestinationStatus"] == "ACTIVE"]
    if any(each["StreamArn"] == req.stream_arn for each in active):
        raise bad_parameter(
            "Table is not in a valid state to enable Kinesis Streaming Destination: "
            "KinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
        )
    if active:
        raise api.LimitExceededException("Subscriber limit exceeded: a table can have one Kinesis destination")
    made: dict[str, Any] = {"StreamArn": req.stream_arn, "DestinationStatus": "ACTIVE"}
    configuration = req.enable_kinesis_streaming_configuration
    if configuration is not None:
        precision = configuration.approximate_creation_date_time_precision
        if precision is not None:
            made["ApproximateCreationDateTimePrecision"] = precision
    others = tuple(each for each in table.kinesis if each["StreamArn"] != req.stream_arn)
    tx.update(table, kinesis=(*others, made))
    return api.KinesisStreamingDestinationOutput(
        table_name=table.table_name,
        stream_arn=req.stream_arn,
        destination_status="ENABLING",
        enable_kinesis_streaming_configuration=configuration,
    )


def _destination(table: Table, arn: str, what: str) -> dict[str, Any]:
    for each in table.kinesis:
        if each["StreamArn"] == arn and each["DestinationStatus"] == "ACTIVE":
            return each
    raise bad_parameter(
        f"Table is not in a valid state to {what} Kinesis Streaming Destination: KinesisStreamingDestination must be "
        f"ACTIVE to perform {what.upper()} operation."
    )


@op
def disable_kinesis_streaming_destination(
    tx: Tx, req: api.KinesisStreamingDestinationInput
) -> api.KinesisStreamingDestinationOutput:
    """Send no more changes to a Kinesis stream."""
    table = settled_table(tx, req.table_name)
    known = _destination(table, req.stream_arn, "disable")
    gone = {**known, "DestinationStatus": "DISABLED"}
    tx.update(table, kinesis=tuple(gone if each is known else each for each in table.kinesis))
    return api.KinesisStreamingDestinationOutput(
        table_name=table.table_name, stream_arn=req.stream_arn, destination_status="DISABLING"
    )


@op
def update_kinesis_streaming_destination(
    tx: Tx, req: api.UpdateKinesisStreamingDestinationInput
) -> api.UpdateKinesisStreamingDestinationOutput:
    """Change how precisely the changes' times are told."""
    table = settled_table(tx, req.table_name)
    known = _destination(table, req.stream_arn, "update")
    configuration = req.update_kinesis_streaming_configuration
    precision = configuration.approximate_creation_date_time_precision if configuration is not None else None
    if precision is None:
        raise bad_parameter("Streaming destination cannot be updated without a configuration")
    if precision == known.get("ApproximateCreationDateTimePrecision", "MILLISECOND"):
        raise bad_parameter(
            f"Invalid Request: Precision is already set to the desired value of {precision} for tableId: "
            f"{table.table_id}, kdsArn: {req.stream_arn}"
        )
    new = {**known, "ApproximateCreationDateTimePrecision": precision}
    tx.update(table, kinesis=tuple(new if each is known else each for each in table.kinesis))
    return api.UpdateKinesisStreamingDestinationOutput(
        table_name=table.table_name,
        stream_arn=req.stream_arn,
        destination_status="UPDATING",
        update_kinesis_streaming_configuration=configuration,
    )


@op
def describe_kinesis_streaming_destination(
    tx: Tx, req: api.DescribeKinesisStreamingDestinationInput
) -> api.DescribeKinesisStreamingDestinationOutput:
    """The Kinesis streams that get, or got, the table's changes."""
    table = table_of(tx, req.table_name)
    return api.DescribeKinesisStreamingDestinationOutput(
        table_name=table.table_name, kinesis_data_stream_destinations=[dict(each) for each in table.kinesis]
    )


# -- contributor insights -------------------------------------------------------------------------------------------


def _insighted(tx: Tx, name: str, index: str | None) -> tuple[Table, str]:
    table = table_of(tx, name)
    if index is not None and table.index(index) is None:
        raise not_found(f"Requested resource not found: Table: {table.table_name}, Index: {index} not found")
    return table, index or ""


@op
def update_contributor_insights(tx: Tx, req: api.UpdateContributorInsightsInput) -> api.UpdateContributorInsightsOutput:
    """Watch, or don't, which keys are used most."""
    table, index = _insighted(tx, req.table_name, req.index_name)
    enabled = req.contributor_insights_action == "ENABLE"
    insights = dict(table.insights or {})
    mode = req.contributor_insights_mode or insights.get(index, {}).get("mode") or "ACCESSED_AND_THROTTLED_KEYS"
    insights[index] = {"status": "ENABLED" if enabled else "DISABLED", "changed": tx.now, "mode": mode}
    tx.update(table, insights=insights)
    return api.UpdateContributorInsightsOutput(
        table_name=table.table_name,
        index_name=req.index_name,
        contributor_insights_status="ENABLING" if enabled else "DISABLING",
        contributor_insights_mode=mode,
    )


@op
def describe_contributor_insights(
    tx: Tx, req: api.DescribeContributorInsightsInput
) -> api.DescribeContributorInsightsOutput:
    """Whether the most used keys are watched, and by which rules."""
    table, index = _insighted(tx, req.table_name, req.index_name)
    found = (table.insights or {}).get(index)
    if found is None:
        return api.DescribeContributorInsightsOutput(
            table_name=table.table_name, index_name=req.index_name, contributor_insights_status="DISABLED"
        )
    rules = None
    if found["status"] == "ENABLED":
        parts = table.parts if not index else table.index(index).parts  # type: ignore[union-attr]
        letters = ["PKC", "SKC"][: min(len(parts), 2)]
        stamp = int(found["changed"].timestamp() * 1000)
        middle = f"-{index}" if index else ""
        rules = [
            f"DynamoDBContributorInsights-{letter}-{table.table_name}{middle}-{stamp}"
            for kind in letters
            for letter in (kind, kind.replace("C", "T"))
        ]
    return api.DescribeContributorInsightsOutput(
        table_name=table.table_name,
        index_name=req.index_name,
        contributor_insights_rule_list=rules,
        contributor_insights_status=found["status"],
        contributor_insights_mode=found["mode"],
        last_update_date_time=found["changed"],
    )


@op(paged=False)
def list_contributor_insights(tx: Tx, req: api.ListContributorInsightsInput) -> api.ListContributorInsightsOutput:
    """The tables and indexes whose keys are, or were, watched."""
    tables = [table_of(tx, req.table_name)] if req.table_name is not None else list(tx.select(Table))
    listed: list[dict[str, Any]] = []
    for table in tables:
        for index, found in sorted((table.insights or {}).items()):
            summary = {
                "TableName": table.table_name,
                "ContributorInsightsStatus": found["status"],
                "ContributorInsightsMode": found["mode"],
            }
            if index:
                summary["IndexName"] = index
            listed.append(summary)
    begin = int(req.next_token) if req.next_token is not None and req.next_token.isdecimal() else 0
    end = begin + (req.max_results or 100)
    return api.ListContributorInsightsOutput(
        contributor_insights_summaries=listed[begin:end], next_token=str(end) if end < len(listed) else None
    )


# -- auto scaling ---------------------------------------------------------------------------------------------------


@op
def describe_table_replica_auto_scaling(
    tx: Tx, req: api.DescribeTableReplicaAutoScalingInput
) -> api.DescribeTableReplicaAutoScalingOutput:
    """How each replica's capacity follows its use."""
    table = table_of(tx, req.table_name)
    return api.DescribeTableReplicaAutoScalingOutput(table_auto_scaling_description=_scaling(tx, table))


def _scaling(tx: Tx, table: Table) -> dict[str, Any]:
    known = table.scaling or {}
    replicas: list[dict[str, Any]] = []
    for region in [replica["RegionName"] for replica in table.replicas] or [tx.region]:
        one = known.get(region, {})
        replicas.append(
            {
                "RegionName": region,
                "ReplicaStatus": "ACTIVE",
                "GlobalSecondaryIndexes": one.get("indexes") or None,
                "ReplicaProvisionedReadCapacityAutoScalingSettings": one.get("read"),
                "ReplicaProvisionedWriteCapacityAutoScalingSettings": known.get("write"),
            }
        )
    return {"TableName": table.table_name, "TableStatus": table.status, "Replicas": replicas}


@op
def update_table_replica_auto_scaling(
    tx: Tx, req: api.UpdateTableReplicaAutoScalingInput
) -> api.UpdateTableReplicaAutoScalingOutput:
    """Change how capacity follows use."""
    table = settled_table(tx, req.table_name)
    known: dict[str, Any] = dict(table.scaling or {})
    if req.provisioned_write_capacity_auto_scaling_update is not None:
        known["write"] = _settings(req.provisioned_write_capacity_auto_scaling_update)
    for update in req.replica_updates or ():
        one = dict(known.get(update.region_name, {}))
        if update.replica_provisioned_read_capacity_auto_scaling_update is not None:
            one["read"] = _settings(update.replica_provisioned_read_capacity_auto_scaling_update)
        known[update.region_name] = one
        for each in update.replica_global_secondary_index_updates or ():
            settings = each.provisioned_read_capacity_auto_scaling_update
            found: dict[str, Any] = {"IndexName": each.index_name, "IndexStatus": "ACTIVE"}
            if settings is not None:
                found["ProvisionedReadCapacityAutoScalingSettings"] = _settings(settings)
            others = [old for old in one.get("indexes", ()) if old["IndexName"] != each.index_name]
            one["indexes"] = [*others, found]
    for each in req.global_secondary_index_updates or ():
        settings = each.provisioned_write_capacity_auto_scaling_update
        if settings is not None:
            for region in [replica["RegionName"] for replica in table.replicas] or [tx.region]:
                one = dict(known.get(region, {}))
                old = next((old for old in one.get("indexes", ()) if old["IndexName"] == each.index_name), {})
                new = {
                    "IndexName": each.index_name,
                    "IndexStatus": "ACTIVE",
                    **old,
                    "ProvisionedWriteCapacityAutoScalingSettings": _settings(settings),
                }
                others = [other for other in one.get("indexes", ()) if other["IndexName"] != each.index_name]
                one["indexes"] = [*others, new]
                known[region] = one
    table = tx.update(table, scaling=known)
    return api.UpdateTableReplicaAutoScalingOutput(table_auto_scaling_description=_scaling(tx, table))


def _settings(update: Any) -> dict[str, Any]:
    given: dict[str, Any] = dict(update.plain_())
    policy = given.pop("ScalingPolicyUpdate", None)
    if policy is not None:
        given["ScalingPolicies"] = [policy]
    return given
