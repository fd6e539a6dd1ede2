from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError


def document(action="s3:GetObject", resource="*", effect="Allow", **more):
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal=None, action="sts:AssumeRole"):
    statement = {"Effect": "Allow", "Action": action, "Principal": principal or {"Service": "ec2.amazonaws.com"}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refusal(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


class Helpers:
    document = staticmethod(document)
    trust = staticmethod(trust)
    refusal = staticmethod(refusal)


@pytest.fixture
def help():
    return Helpers


@pytest.fixture
def iam(aws):
    return boto3.client("iam", "us-east-1", aws_access_key_id="111111111111", aws_secret_access_key="secret")
