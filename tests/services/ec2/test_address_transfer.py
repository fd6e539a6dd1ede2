from __future__ import annotations

import boto3

OTHER = "210987654321"


def test_an_address_goes_to_another_account(aws, ec2, fails):
    theirs = boto3.client("ec2", "us-east-1", aws_access_key_id=OTHER, aws_secret_access_key="s")
    made = ec2.allocate_address()
    offer = ec2.enable_address_transfer(AllocationId=made["AllocationId"], TransferAccountId=OTHER)["AddressTransfer"]
    assert (offer["AddressTransferStatus"], offer["TransferAccountId"]) == ("pending", OTHER)
    assert fails(ec2.accept_address_transfer, Address=made["PublicIp"])[0] == "InvalidTransfer.AddressNotFound"
    answer = theirs.accept_address_transfer(Address=made["PublicIp"])["AddressTransfer"]
    assert answer["AddressTransferStatus"] == "accepted"
    assert [each["PublicIp"] for each in theirs.describe_addresses()["Addresses"]] == [made["PublicIp"]]
    assert ec2.describe_addresses()["Addresses"] == []


def test_an_offer_is_taken_back(ec2, fails):
    made = ec2.allocate_address()["AllocationId"]
    ec2.enable_address_transfer(AllocationId=made, TransferAccountId=OTHER)
    ec2.disable_address_transfer(AllocationId=made)
    assert ec2.describe_address_transfers()["AddressTransfers"] == []
    assert fails(ec2.disable_address_transfer, AllocationId=made)[0] == "InvalidTransfer.AddressNotFound"
