from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"


def test_an_accounts_blocks_count_for_all_its_buckets(aws):
    s3 = boto3.client("s3", region_name="us-east-1")
    control = boto3.client("s3control", region_name="us-east-1")
    with pytest.raises(ClientError) as caught:
        control.get_public_access_block(AccountId=ACCOUNT)
    assert caught.value.response["Error"]["Code"] == "NoSuchPublicAccessBlockConfiguration"
    control.put_public_access_block(
        AccountId=ACCOUNT, PublicAccessBlockConfiguration={"BlockPublicAcls": True, "IgnorePublicAcls": False}
    )
    assert control.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
    s3.create_bucket(Bucket="open", ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket="open")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket="open", Key="k", Body=b"", ACL="public-read")
    control.delete_public_access_block(AccountId=ACCOUNT)
    s3.put_object(Bucket="open", Key="k", Body=b"", ACL="public-read")
