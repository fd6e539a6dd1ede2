"""Flow logs."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names


@record(
    missing=("InvalidFlowLogId.NotFound", "The specified flow log '{}' does not exist"),
    tagged_as="vpc-flow-log",
    order="added",
    filters=parse_names(
        (
            "deliver-log-status=deliver_logs_status",
            "log-destination-type",
            "flow-log-id",
            "log-group-name",
            "resource-id",
            "traffic-type",
        )
    ),
)
class FlowLog(Record):
    """What passes a VPC, subnet, interface or transit gateway is told to a log."""

    flow_log_id: Key[str]
    resource_id: Index[str]
    flow_log_status: str = "ACTIVE"
    creation_time: datetime.datetime
    deliver_logs_status: str = "SUCCESS"
    deliver_logs_error_message: str | None = None
    deliver_logs_permission_arn: str | None = None
    deliver_cross_account_role: str | None = None
    log_group_name: str | None = None
    log_destination: str | None = None
    log_destination_type: str
    log_format: str
    traffic_type: str | None = None
    max_aggregation_interval: int = 600
    destination_options: dict[str, Any] | None = None
    tag_field_specifications: tuple[dict[str, Any], ...] | None = None
    tags: Tags = NO_TAGS
