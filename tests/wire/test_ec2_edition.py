from __future__ import annotations

import pytest

from sundog.wire import ec2
from sundog.wire.model import as_of, get_service

VPC = {"VpcId": "vpc-1", "CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16"}]}


@pytest.mark.parametrize(("version", "shown"), [("2014-10-01", False), ("2016-11-15", True), (None, True)])
def test_an_answer_has_no_members_newer_than_the_version_asked_in(version, shown):
    operation = get_service("ec2").operation("DescribeVpcs")
    body = ec2.encode(operation, {"Vpcs": [VPC]}, "r", version).body
    assert b"<vpcId>vpc-1</vpcId>" in body
    assert (b"cidrBlockAssociationSet" in body) is shown


def test_an_older_version_than_any_known_is_answered_in_the_oldest():
    operation = get_service("ec2").operation("DescribeVpcs")
    assert as_of(operation, "2009-01-01").service.metadata["apiVersion"] == "2014-09-01"


def test_an_operation_newer_than_the_version_is_answered_as_it_is():
    operation = get_service("ec2").operation("DescribeSecurityGroupRules")
    assert as_of(operation, "2014-10-01") is operation


def test_a_newer_version_than_the_models_is_answered_in_the_models():
    operation = get_service("ec2").operation("DescribeVpcs")
    assert as_of(operation, "2099-01-01") is operation
