"""DescribeInstances and DescribeInstanceStatus."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.filter import narrow, parse_names
from sundog.services.ec2.identifier import check_ids
from sundog.services.ec2.instance.view import view
from sundog.services.ec2.state.compute import PENDING, RUNNING, Instance


@op
def describe_instances(tx: Tx, req: api.DescribeInstancesRequest) -> api.DescribeInstancesResult:
    """List instances by their reservations."""
    if req.instance_ids and req.max_results is not None:
        raise AwsError(
            "InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults"
        )
    check_ids(req.instance_ids or (), "i", "InvalidInstanceID.Malformed")
    reservations: dict[str, list[Instance]] = {}
    for row in tx.search(Instance, ids=req.instance_ids, filters=req.filters):
        reservations.setdefault(row.reservation_id, []).append(row)

    def shown(rows: list[Instance]) -> Any:
        return api.Reservation(
            reservation_id=rows[0].reservation_id,
            owner_id=rows[0].owner_id,
            groups=[],
            instances=[view(tx, row) for row in rows],
        )

    return api.DescribeInstancesResult(reservations=rows_of(list(reservations.values())).map(shown))


_STATUS_FILTERS = parse_names(
    (
        "availability-zone",
        "availability-zone-id",
        "event.code=events.code",
        "event.description=events.description",
        "event.instance-event-id=events.instance_event_id",
        "event.not-after=events.not_after",
        "event.not-before=events.not_before",
        "event.not-before-deadline=events.not_before_deadline",
        "instance-state-code=instance_state.code",
        "instance-state-name=instance_state.name",
        "instance-status.reachability=instance_status.details.status",
        "instance-status.status=instance_status.status",
        "operator.managed",
        "operator.principal",
        "system-status.reachability=system_status.details.status",
        "system-status.status=system_status.status",
        "attached-ebs-status.status=attached_ebs_status.status",
        "application-status.status=application_status.status",
    )
)


@op
def describe_instance_status(tx: Tx, req: api.DescribeInstanceStatusRequest) -> api.DescribeInstanceStatusResult:
    """Tell how instances are; only those that run, unless all are asked for."""
    if req.instance_ids and req.max_results is not None:
        raise AwsError(
            "InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults"
        )
    check_ids(req.instance_ids or (), "i", "InvalidInstanceID.Malformed")
    rows = tx.search(Instance, ids=req.instance_ids)
    if not req.include_all_instances:
        rows = rows.where(lambda row: row.state == RUNNING)
    found = narrow(map(_status, rows), req.filters, _STATUS_FILTERS)
    return api.DescribeInstanceStatusResult(instance_statuses=found)


def _status(row: Instance) -> Any:
    if row.state == RUNNING:
        status, reachability = "ok", "passed"
    elif row.state == PENDING:
        status, reachability = "initializing", "initializing"
    else:
        status, reachability = "not-applicable", None
    details = [api.InstanceStatusDetails(name="reachability", status=reachability)] if reachability else None
    summary = api.InstanceStatusSummary(status=status, details=details)
    return api.InstanceStatus(
        availability_zone=row.placement.availability_zone,
        availability_zone_id=row.placement.availability_zone_id,
        instance_id=row.instance_id,
        instance_state=row.state,
        instance_status=summary,
        system_status=summary,
        attached_ebs_status=api.EbsStatusSummary(
            status=status,
            details=[api.EbsStatusDetails(name="reachability", status=reachability)] if reachability else None,
        ),
        operator=api.OperatorResponse(managed=False),
    )
