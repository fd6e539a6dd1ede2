from __future__ import annotations

import boto3

ROLE = "arn:aws:iam::123456789012:role/flow"


def test_a_vpc_is_logged(ec2, vpc):
    call = {
        "ResourceIds": [vpc],
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogGroupName": "flows",
        "DeliverLogsPermissionArn": ROLE,
        "TagSpecifications": [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "a", "Value": "b"}]}],
    }
    (made,) = ec2.create_flow_logs(**call)["FlowLogIds"]
    (found,) = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc]}])["FlowLogs"]
    assert (found["FlowLogId"], found["FlowLogStatus"], found["MaxAggregationInterval"]) == (made, "ACTIVE", 600)
    assert found["LogDestination"] == "arn:aws:logs:us-east-1:123456789012:log-group:flows"
    assert found["LogFormat"].startswith("${version} ${account-id}")
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]
    (failed,) = ec2.create_flow_logs(**call)["Unsuccessful"]
    assert failed["Error"]["Code"] == "FlowLogAlreadyExists"
    assert ec2.delete_flow_logs(FlowLogIds=[made])["Unsuccessful"] == []
    assert ec2.describe_flow_logs()["FlowLogs"] == []


def test_logs_go_to_buckets_that_exist(ec2, subnet):
    call = {
        "ResourceIds": [subnet],
        "ResourceType": "Subnet",
        "TrafficType": "REJECT",
        "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::flows/here",
    }
    (failed,) = ec2.create_flow_logs(**call)["Unsuccessful"]
    assert failed["Error"] == {"Code": "400", "Message": "LogDestination: flows does not exist."}
    boto3.client("s3", "us-east-1").create_bucket(Bucket="flows")
    assert len(ec2.create_flow_logs(**call)["FlowLogIds"]) == 1
    (found,) = ec2.describe_flow_logs(Filters=[{"Name": "log-destination-type", "Values": ["s3"]}])["FlowLogs"]
    assert found["LogDestination"] == "arn:aws:s3:::flows/here"


def test_what_is_wrong_is_refused(ec2, vpc, fails):
    call = {"ResourceIds": [vpc], "ResourceType": "VPC", "TrafficType": "ALL"}
    assert fails(ec2.create_flow_logs, **call) == (
        "InvalidParameter",
        "LogDestination can't be empty if LogGroupName is not provided.",
    )
    assert fails(ec2.create_flow_logs, LogGroupName="a", **call)[0] == "InvalidParameter"
    missing = "fl-0123456789abcdef0"
    assert fails(ec2.delete_flow_logs, FlowLogIds=[missing])[0] == "InvalidFlowLogId.NotFound"
    call["ResourceIds"] = ["vpc-0123456789abcdef0"]
    code, _ = fails(ec2.create_flow_logs, LogGroupName="a", DeliverLogsPermissionArn=ROLE, **call)
    assert code == "InvalidVpcID.NotFound"
