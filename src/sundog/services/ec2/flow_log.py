"""Flow logs."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.flow_log import FlowLog
from sundog.services.ec2.state.gateway import NatGateway
from sundog.services.ec2.state.interface import NetworkInterface
from sundog.services.ec2.state.network import Subnet, Vpc
from sundog.services.ec2.state.transit_gateway import TransitGateway, TransitGatewayAttachment

FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}"
)
_KINDS: dict[str, Any] = {
    "VPC": Vpc,
    "Subnet": Subnet,
    "NetworkInterface": NetworkInterface,
    "TransitGateway": TransitGateway,
    "TransitGatewayAttachment": TransitGatewayAttachment,
    "RegionalNatGateway": NatGateway,
}
_TRANSIT = ("TransitGateway", "TransitGatewayAttachment")


def _destination(tx: Tx, req: api.CreateFlowLogsRequest) -> dict[str, Any]:
    """Where the log goes, and as whom."""
    kind = req.log_destination_type or "cloud-watch-logs"
    role, group, destination = req.deliver_logs_permission_arn, req.log_group_name, req.log_destination
    if group is not None and destination is not None:
        raise AwsError("InvalidParameter", "Please only provide LogGroupName or only provide LogDestination.")
    if kind == "cloud-watch-logs":
        if group is None and destination is None:
            raise AwsError("InvalidParameter", "LogDestination can't be empty if LogGroupName is not provided.")
        if role is None:
            raise AwsError(
                "InvalidParameter",
                "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
            )
        if destination is None:
            destination = tx.arn(f"log-group:{group}", service="logs")
        elif ":log-group:" not in destination:
            raise AwsError("InvalidParameter", f"LogDestination {destination} is not a log group ARN.")
        else:
            group = destination.split(":log-group:")[1].split(":")[0]
    else:
        if destination is None:
            raise AwsError("InvalidParameter", f"LogDestination can't be empty if LogDestinationType is {kind}.")
        if group is not None or (role is not None and kind == "s3"):
            raise AwsError("InvalidParameter", f"LogGroupName or DeliverLogsPermissionArn is not valid for {kind}.")
        service = {"s3": "s3", "kinesis-data-firehose": "firehose"}[kind]
        if not destination.startswith(f"arn:{tx.partition}:{service}:"):
            raise AwsError("InvalidParameter", f"LogDestination: {destination} is not a valid ARN for {kind}.")
        if kind == "s3" and not _bucket_exists(tx, destination):
            bucket = destination.split(":::")[-1].split("/")[0]
            raise _Unsuccessful("400", f"LogDestination: {bucket} does not exist.")
    return {
        "log_destination_type": kind,
        "log_destination": destination,
        "log_group_name": group,
        "deliver_logs_permission_arn": role,
        "deliver_cross_account_role": req.deliver_cross_account_role,
    }


class _Unsuccessful(Exception):
    """What is told of each resource, not of the request."""


def _bucket_exists(tx: Tx, destination: str) -> bool:
    bucket = destination.split(":::")[-1].split("/")[0]
    try:
        tx.call("s3", "HeadBucket", bucket=bucket)
    except AwsError as error:
        return error.status in (403, 501)
    return True


@op
def create_flow_logs(tx: Tx, req: api.CreateFlowLogsRequest) -> api.CreateFlowLogsResult:
    """Log what passes resources. Those that have such a log already, or whose log can't be written, are told."""
    interval = req.max_aggregation_interval or (60 if req.resource_type in _TRANSIT else 600)
    if interval not in (60, 600) or (req.resource_type in _TRANSIT and interval != 60):
        raise AwsError("InvalidParameter", "Invalid Flow Log Max Aggregation Interval")
    if req.resource_type in _TRANSIT:
        if req.traffic_type is not None:
            raise AwsError("InvalidParameter", "TrafficType is not supported for transit gateway resource types.")
    elif req.traffic_type is None:
        raise AwsError("MissingParameter", "The request must include the TrafficType parameter.")
    resources = [_resource(tx, req.resource_type, resource_id) for resource_id in req.resource_ids]
    token = req.client_token or b64encode(bytes.fromhex(tx.ids.hex(64))).decode()
    made: list[str] = []
    failed: list[dict[str, Any]] = []
    try:
        where = _destination(tx, req)
    except _Unsuccessful as problem:
        code, text = problem.args
        failed = [{"ResourceId": item, "Error": {"Code": code, "Message": text}} for item in resources]
        return api.CreateFlowLogsResult(flow_log_ids=[], unsuccessful=failed, client_token=token)
    options = {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}
    for resource_id in resources:
        if _present(tx, resource_id, req.traffic_type, where):
            text = "There is an existing Flow Log with the same configuration and log destination."
            failed.append({"ResourceId": resource_id, "Error": {"Code": "FlowLogAlreadyExists", "Message": text}})
            continue
        row = FlowLog(
            flow_log_id=tx.new_id("fl"),
            resource_id=resource_id,
            creation_time=moment(tx),
            log_format=req.log_format or FORMAT,
            traffic_type=req.traffic_type,
            max_aggregation_interval=interval,
            destination_options=options | (plain(req.destination_options) or {})
            if where["log_destination_type"] == "s3"
            else None,
            tag_field_specifications=tuple(plain(req.tag_field_specifications))
            if req.tag_field_specifications
            else None,
            **where,
        )
        made.append(tx.add(row, tags=req.tag_specifications).flow_log_id)
    return api.CreateFlowLogsResult(flow_log_ids=made, unsuccessful=failed, client_token=token)


def _resource(tx: Tx, kind: str, resource_id: str) -> str:
    tx.get(_KINDS[kind], resource_id)
    return resource_id


def _present(tx: Tx, resource_id: str, traffic: str | None, where: dict[str, Any]) -> bool:
    return any(
        row.traffic_type == traffic and row.log_destination == where["log_destination"]
        for row in tx.select(FlowLog, resource_id=resource_id)
    )


@op
def describe_flow_logs(tx: Tx, req: api.DescribeFlowLogsRequest) -> api.DescribeFlowLogsResult:
    """List flow logs."""
    return api.DescribeFlowLogsResult(flow_logs=tx.search(FlowLog, ids=req.flow_log_ids, filters=req.filter))


@op
def delete_flow_logs(tx: Tx, req: api.DeleteFlowLogsRequest) -> api.DeleteFlowLogsResult:
    """Log no longer."""
    missing = [flow_log_id for flow_log_id in req.flow_log_ids if tx.find(FlowLog, flow_log_id) is None]
    if missing:
        text = ", ".join(missing)
        raise AwsError(
            "InvalidFlowLogId.NotFound",
            f"These flow log ids in the input list are not found: [TotalCount: {len(missing)}] {text}",
        )
    for flow_log_id in dict.fromkeys(req.flow_log_ids):
        tx.delete(tx.get(FlowLog, flow_log_id))
    return api.DeleteFlowLogsResult(unsuccessful=[])
