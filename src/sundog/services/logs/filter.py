"""Metric filters and subscription filters."""

from __future__ import annotations

from sundog.api import logs as api
from sundog.core import Tx, op
from sundog.core.structure import plain
from sundog.services.logs.pattern import compiled
from sundog.services.logs.state import MetricFilter, SubscriptionFilter, below, group_of, milliseconds

PAGE = 50
MOST_SUBSCRIPTIONS = 2


@op
def put_metric_filter(tx: Tx, req: api.PutMetricFilterRequest) -> None:
    group = group_of(tx, req.log_group_name)
    compiled(req.filter_pattern)
    existing = tx.find(MetricFilter, group.name, req.filter_name)
    if existing is not None:
        tx.delete(existing)
    tx.add(
        MetricFilter(
            log_group_name=group.name,
            filter_name=req.filter_name,
            filter_pattern=req.filter_pattern,
            metric_transformations=plain(req.metric_transformations),
            creation_time=existing.creation_time if existing is not None else milliseconds(tx),
            apply_on_transformed_logs=bool(req.apply_on_transformed_logs),
        )
    )


@op(page_size=PAGE)
def describe_metric_filters(tx: Tx, req: api.DescribeMetricFiltersRequest) -> api.DescribeMetricFiltersResponse:
    rows = tx.select(MetricFilter)
    if req.log_group_name is not None:
        name = group_of(tx, req.log_group_name).name
        rows = rows.where(lambda row: row.log_group_name == name)
    if req.filter_name_prefix is not None:
        prefix = req.filter_name_prefix
        rows = rows.where(lambda row: row.filter_name.startswith(prefix))
    if (req.metric_name is None) != (req.metric_namespace is None):
        raise api.InvalidParameterException("Both metricName and metricNamespace must be given, or neither.")
    if req.metric_name is not None:
        wanted = (req.metric_name, req.metric_namespace)
        rows = rows.where(
            lambda row: any((one["metricName"], one["metricNamespace"]) == wanted for one in row.metric_transformations)
        )
    return api.DescribeMetricFiltersResponse(metric_filters=rows)


@op
def delete_metric_filter(tx: Tx, req: api.DeleteMetricFilterRequest) -> None:
    group = group_of(tx, req.log_group_name)
    found = tx.find(MetricFilter, group.name, req.filter_name)
    if found is None:
        raise api.ResourceNotFoundException("The specified metric filter does not exist.")
    tx.delete(found)


@op
def test_metric_filter(tx: Tx, req: api.TestMetricFilterRequest) -> api.TestMetricFilterResponse:
    match = compiled(req.filter_pattern)
    return api.TestMetricFilterResponse(
        matches=[
            api.MetricFilterMatchRecord(event_number=number, event_message=message, extracted_values={})
            for number, message in enumerate(req.log_event_messages, 1)
            if match(message)
        ]
    )


@op
def put_subscription_filter(tx: Tx, req: api.PutSubscriptionFilterRequest) -> None:
    group = group_of(tx, req.log_group_name)
    compiled(req.filter_pattern)
    existing = tx.find(SubscriptionFilter, group.name, req.filter_name)
    if existing is not None:
        tx.delete(existing)
    elif tx.count(SubscriptionFilter, *below(group.name)) >= MOST_SUBSCRIPTIONS:
        raise api.LimitExceededException("Resource limit exceeded.")
    tx.add(
        SubscriptionFilter(
            log_group_name=group.name,
            filter_name=req.filter_name,
            filter_pattern=req.filter_pattern,
            destination_arn=req.destination_arn,
            role_arn=req.role_arn,
            distribution=req.distribution or "ByLogStream",
            creation_time=existing.creation_time if existing is not None else milliseconds(tx),
            apply_on_transformed_logs=bool(req.apply_on_transformed_logs),
        )
    )


@op(page_size=PAGE)
def describe_subscription_filters(
    tx: Tx, req: api.DescribeSubscriptionFiltersRequest
) -> api.DescribeSubscriptionFiltersResponse:
    group, prefix = group_of(tx, req.log_group_name), req.filter_name_prefix or ""
    return api.DescribeSubscriptionFiltersResponse(
        subscription_filters=[
            row for row in tx.range(SubscriptionFilter, *below(group.name)) if row.filter_name.startswith(prefix)
        ]
    )


@op
def delete_subscription_filter(tx: Tx, req: api.DeleteSubscriptionFilterRequest) -> None:
    group = group_of(tx, req.log_group_name)
    found = tx.find(SubscriptionFilter, group.name, req.filter_name)
    if found is None:
        raise api.ResourceNotFoundException("The specified subscription filter does not exist.")
    tx.delete(found)
