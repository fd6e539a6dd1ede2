"""Metrics: writing data, and their statistics."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from sundog.api import cloudwatch as api
from sundog.core import AwsError, Tx, op
from sundog.services.cloudwatch.state import Datum, Dimensions

MOST_DATAPOINTS = 1440


def dimensions_of(given: Iterable[Any] | None) -> Dimensions:
    return tuple(sorted((one.name, one.value) for one in given or ()))


def _exclusive(one: str, other: str) -> AwsError:
    return AwsError(
        "InvalidParameterCombination",
        f"The parameters {one} and {other} are mutually exclusive and you have specified both.",
    )


@op
def put_metric_data(tx: Tx, req: api.PutMetricDataInput) -> None:
    if req.entity_metric_data:
        raise AwsError("InvalidParameterValue", "EntityMetricData is not supported.")
    _ = req.strict_entity_validation
    for number, datum in enumerate(req.metric_data or (), 1):
        where = f"MetricData.member.{number}"
        if datum.value is not None and datum.values:
            raise _exclusive(f"{where}.Value", f"{where}.Values")
        if datum.value is not None and datum.statistic_values is not None:
            raise _exclusive(f"{where}.Value", f"{where}.StatisticValues")
        if datum.values and datum.counts is not None and len(datum.values) != len(datum.counts):
            raise AwsError(
                "InvalidParameterValue",
                f"The parameters {where}.Values and {where}.Counts must be of the same size.",
            )
        if datum.value is None and not datum.values and datum.statistic_values is None:
            raise AwsError(
                "MissingParameter",
                f"At least one of the parameters {where}.Value, {where}.Values or {where}.StatisticValues must be "
                "specified.",
            )
        _ = datum.storage_resolution
        _add(tx, req.namespace, datum)


def _add(tx: Tx, namespace: str, datum: Any) -> None:
    figures = datum.statistic_values
    values: tuple[tuple[float, float], ...] = ()
    if figures is not None:
        count, total, least, most = figures.sample_count, figures.sum, figures.minimum, figures.maximum
    else:
        given = [datum.value] if datum.value is not None else list(datum.values)
        values = tuple(zip(given, datum.counts or [1.0] * len(given), strict=True))
        count, total = sum(times for _, times in values), sum(value * times for value, times in values)
        least, most = min(given), max(given)
    tx.add(
        Datum(
            namespace=namespace,
            metric=datum.metric_name,
            dimensions=dimensions_of(datum.dimensions),
            time=(datum.timestamp or tx.now).timestamp(),
            number=tx.ids.hex(16),
            unit=datum.unit or "None",
            values=values,
            count=count,
            total=total,
            least=least,
            most=most,
        )
    )


@op(page_size=500)
def list_metrics(tx: Tx, req: api.ListMetricsInput) -> api.ListMetricsOutput:
    wanted = [(one.name, one.value) for one in req.dimensions or ()]
    since = tx.now.timestamp() - 3 * 3600 if req.recently_active else 0
    found: dict[tuple[str, str, Dimensions], None] = {}
    for row in tx.select(Datum):
        if req.namespace not in (None, row.namespace) or req.metric_name not in (None, row.metric) or row.time < since:
            continue
        have = dict(row.dimensions)
        if all(name in have and value in (None, have[name]) for name, value in wanted):
            found[row.namespace, row.metric, row.dimensions] = None
    return api.ListMetricsOutput(
        metrics=[
            api.Metric(
                namespace=namespace,
                metric_name=metric,
                dimensions=[api.Dimension(name=name, value=value) for name, value in dimensions],
            )
            for namespace, metric, dimensions in found
        ]
    )


def _periods(
    tx: Tx, metric: tuple[str, str, Dimensions], start: float, stop: float, period: int, unit: str | None
) -> dict[float, list[Datum]]:
    """The metric's data from start (included) to stop (not included), by the period in which they lie."""
    found: dict[float, list[Datum]] = {}
    begin = start - start % period
    for row in tx.range(Datum, (*metric, begin), (*metric, stop)):
        if unit in (None, row.unit):
            found.setdefault(row.time - row.time % period, []).append(row)
    return found


def _figure(rows: list[Datum], statistic: str) -> float:
    if statistic == "Sum":
        return sum(row.total for row in rows)
    if statistic == "SampleCount":
        return sum(row.count for row in rows)
    if statistic == "Minimum":
        return min(row.least for row in rows)
    if statistic == "Maximum":
        return max(row.most for row in rows)
    if statistic == "Average":
        count = sum(row.count for row in rows)
        return sum(row.total for row in rows) / count if count else 0.0
    return _percentile(rows, statistic)


def _percentile(rows: list[Datum], statistic: str) -> float:
    try:
        share = float(statistic.removeprefix("p")) / 100 if statistic.startswith("p") else -1.0
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise AwsError("InvalidParameterValue", f"The value {statistic} for parameter Stat is not supported.")
    values = sorted(value for row in rows for value, times in row.values for _ in range(int(times)))
    if not values:
        return 0.0
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def _time(moment: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)


@op
def get_metric_statistics(tx: Tx, req: api.GetMetricStatisticsInput) -> api.GetMetricStatisticsOutput:
    start, stop, period = req.start_time.timestamp(), req.end_time.timestamp(), req.period
    if start >= stop:
        raise AwsError("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.")
    asked = int((stop - start) / period)
    if asked > MOST_DATAPOINTS:
        raise AwsError(
            "InvalidParameterCombination",
            f"You have requested up to {asked} datapoints, which exceeds the limit of {MOST_DATAPOINTS}. You may reduce "
            "the datapoints requested by increasing Period, or decreasing the time range.",
        )
    if not req.statistics and not req.extended_statistics:
        raise AwsError("MissingParameter", "Must specify either Statistics or ExtendedStatistics.")
    metric = (req.namespace, req.metric_name, dimensions_of(req.dimensions))
    points: list[Any] = []
    for begin, rows in sorted(_periods(tx, metric, start, stop, period, req.unit).items()):
        point: dict[str, Any] = {"Timestamp": _time(begin), "Unit": req.unit or rows[0].unit}
        point |= {name: _figure(rows, name) for name in req.statistics or ()}
        if req.extended_statistics:
            point["ExtendedStatistics"] = {name: _figure(rows, name) for name in req.extended_statistics}
        points.append(point)
    return api.GetMetricStatisticsOutput(label=req.metric_name, datapoints=points)


@op(paged=False)
def get_metric_data(tx: Tx, req: api.GetMetricDataInput) -> api.GetMetricDataOutput:
    start, stop = req.start_time.timestamp(), req.end_time.timestamp()
    if start >= stop:
        raise AwsError("ValidationError", "The parameter EndTime must be greater than StartTime.")
    upwards, most = req.scan_by == "TimestampAscending", req.max_datapoints
    _ = req.label_options
    results: list[Any] = []
    for query in req.metric_data_queries:
        wanted = query.metric_stat
        if wanted is None:
            raise AwsError("NotImplemented", "Sundog does not support expressions in GetMetricData yet.", 501)
        if query.return_data is False:
            continue
        metric = wanted.metric
        key = (metric.namespace, metric.metric_name, dimensions_of(metric.dimensions))
        found = sorted(_periods(tx, key, start, stop, wanted.period, wanted.unit).items(), reverse=not upwards)
        found = found[:most] if most else found
        results.append(
            api.MetricDataResult(
                id=query.id,
                label=query.label or metric.metric_name,
                timestamps=[_time(begin) for begin, _ in found],
                values=[_figure(rows, wanted.stat) for _, rows in found],
                status_code="Complete",
            )
        )
    return api.GetMetricDataOutput(metric_data_results=results, messages=[])
