from __future__ import annotations

import pytest


@pytest.fixture
def made(ec2):
    return ec2.create_managed_prefix_list(
        PrefixListName="offices",
        AddressFamily="IPv4",
        MaxEntries=3,
        Entries=[{"Cidr": "10.1.0.0/16", "Description": "one"}],
        TagSpecifications=[{"ResourceType": "prefix-list", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["PrefixList"]


def entries(ec2, prefix_list, **more):
    found = ec2.get_managed_prefix_list_entries(PrefixListId=prefix_list, **more)["Entries"]
    return [item["Cidr"] for item in found]


def test_a_list_is_made_and_found(ec2, made):
    assert (made["State"], made["Version"], made["Tags"]) == ("create-in-progress", 1, [{"Key": "a", "Value": "b"}])
    wanted = made["PrefixListId"]
    assert made["PrefixListArn"] == f"arn:aws:ec2:us-east-1:123456789012:prefix-list/{wanted}"
    (found,) = ec2.describe_managed_prefix_lists(Filters=[{"Name": "owner-id", "Values": ["123456789012"]}])[
        "PrefixLists"
    ]
    assert (found["PrefixListId"], found["State"], found["MaxEntries"]) == (wanted, "create-complete", 3)
    assert entries(ec2, wanted) == ["10.1.0.0/16"]


def test_new_entries_make_a_version_and_old_ones_can_be_restored(ec2, made, fails):
    wanted = made["PrefixListId"]
    call = {"PrefixListId": wanted, "AddEntries": [{"Cidr": "10.2.0.0/16"}]}
    assert fails(ec2.modify_managed_prefix_list, CurrentVersion=4, **call) == (
        "PrefixListVersionMismatch",
        "The prefix list has the incorrect version number",
    )
    changed = ec2.modify_managed_prefix_list(
        CurrentVersion=1, RemoveEntries=[{"Cidr": "10.1.0.0/16"}], PrefixListName="new", **call
    )["PrefixList"]
    assert (changed["State"], changed["Version"], changed["PrefixListName"]) == ("modify-in-progress", 2, "new")
    assert entries(ec2, wanted) == ["10.2.0.0/16"]
    assert entries(ec2, wanted, TargetVersion=1) == ["10.1.0.0/16"]
    ec2.restore_managed_prefix_list_version(PrefixListId=wanted, PreviousVersion=1, CurrentVersion=2)
    (found,) = ec2.describe_managed_prefix_lists(PrefixListIds=[wanted])["PrefixLists"]
    assert (found["Version"], found["State"]) == (3, "restore-complete")
    assert entries(ec2, wanted) == ["10.1.0.0/16"]


def test_a_full_list_takes_no_more(ec2, made, fails):
    more = [{"Cidr": f"10.{n}.0.0/16"} for n in (5, 6, 7)]
    code, _ = fails(
        ec2.modify_managed_prefix_list, PrefixListId=made["PrefixListId"], CurrentVersion=1, AddEntries=more
    )
    assert code == "PrefixListMaxEntriesExceeded"


def test_a_list_in_use_stays(ec2, vpc, made, fails):
    wanted = made["PrefixListId"]
    group = ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
    permission = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "PrefixListIds": [{"PrefixListId": wanted}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    associations = ec2.get_managed_prefix_list_associations(PrefixListId=wanted)["PrefixListAssociations"]
    assert associations == [{"ResourceId": group, "ResourceOwner": "123456789012"}]
    assert fails(ec2.delete_managed_prefix_list, PrefixListId=wanted)[0] == "DependencyViolation"
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission])
    gone = ec2.delete_managed_prefix_list(PrefixListId=wanted)["PrefixList"]
    assert gone["State"] == "delete-in-progress"
    assert fails(ec2.describe_managed_prefix_lists, PrefixListIds=[wanted]) == (
        "InvalidPrefixListID.NotFound",
        f"The prefix list ID '{wanted}' does not exist",
    )


def test_aws_keeps_lists_of_its_own(ec2, fails):
    found = {item["PrefixListName"]: item for item in ec2.describe_managed_prefix_lists()["PrefixLists"]}
    assert found["com.amazonaws.us-east-1.dynamodb"]["PrefixListId"] == "pl-02cd2c6b"
    assert found["com.amazonaws.us-east-1.dynamodb"]["OwnerId"] == "AWS"
    shown = ec2.describe_prefix_lists()["PrefixLists"]
    assert {item["PrefixListId"] for item in shown} == {"pl-02cd2c6b", "pl-63a5400a"}
    assert shown[0]["Cidrs"]
    assert fails(ec2.delete_managed_prefix_list, PrefixListId="pl-63a5400a")[0] == "UnauthorizedOperation"
