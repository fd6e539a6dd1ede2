"""Network insights: paths, and what their analyses found."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names


@record(
    missing=("InvalidNetworkInsightsPathId.NotFound", "The network insights path ID '{}' does not exist"),
    tagged_as="network-insights-path",
    order="added",
    filters=parse_names(
        ("destination", "filter-at-source.source-address=filter_at_source.SourceAddress", "protocol", "source")
    ),
)
class NetworkInsightsPath(Record):
    """A question: whether one thing can reach another."""

    network_insights_path_id: Key[str]
    network_insights_path_arn: str
    created_date: datetime.datetime
    source: str
    destination: str | None = None
    source_arn: str | None = None
    destination_arn: str | None = None
    source_ip: str | None = None
    destination_ip: str | None = None
    protocol: str
    destination_port: int | None = None
    filter_at_source: dict[str, Any] | None = None
    filter_at_destination: dict[str, Any] | None = None
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidNetworkInsightsAnalysisId.NotFound", "The network insights analysis ID '{}' does not exist"),
    tagged_as="network-insights-analysis",
    order="added",
    filters=parse_names(("path-found=network_path_found", "status")),
)
class NetworkInsightsAnalysis(Record):
    """An answer to a path's question."""

    network_insights_analysis_id: Key[str]
    network_insights_analysis_arn: str
    network_insights_path_id: Index[str]
    additional_accounts: tuple[str, ...] | None = None
    filter_in_arns: tuple[str, ...] | None = None
    filter_out_arns: tuple[str, ...] | None = None
    start_date: datetime.datetime
    status: str = "running"
    status_message: str | None = None
    network_path_found: bool | None = None
    forward_path_components: tuple[dict[str, Any], ...] | None = None
    return_path_components: tuple[dict[str, Any], ...] | None = None
    explanations: tuple[dict[str, Any], ...] | None = None
    tags: Tags = NO_TAGS
