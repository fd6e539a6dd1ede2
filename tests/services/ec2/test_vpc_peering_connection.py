from __future__ import annotations

import boto3
import pytest


@pytest.fixture
def other(ec2):
    return ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]


def offer(ec2, vpc, peer, **more):
    made = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer, **more)["VpcPeeringConnection"]
    return made["VpcPeeringConnectionId"]


def one(ec2, connection):
    (found,) = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[connection])["VpcPeeringConnections"]
    return found


def test_an_offer_waits_for_acceptance(ec2, vpc, other):
    made = ec2.create_vpc_peering_connection(
        VpcId=vpc,
        PeerVpcId=other,
        TagSpecifications=[{"ResourceType": "vpc-peering-connection", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["VpcPeeringConnection"]
    assert made["Status"] == {"Code": "initiating-request", "Message": "Initiating Request to 123456789012"}
    assert made["Tags"] == [{"Key": "a", "Value": "b"}]
    found = one(ec2, made["VpcPeeringConnectionId"])
    assert found["Status"] == {"Code": "pending-acceptance", "Message": "Pending Acceptance by 123456789012"}
    assert found["AccepterVpcInfo"] == {"OwnerId": "123456789012", "Region": "us-east-1", "VpcId": other}
    assert found["RequesterVpcInfo"]["CidrBlockSet"] == [{"CidrBlock": "10.0.0.0/16"}]


def test_an_accepted_offer_is_active_and_can_be_routed_to(ec2, vpc, other):
    connection = offer(ec2, vpc, other)
    answer = ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)["VpcPeeringConnection"]
    assert answer["Status"] == {"Code": "provisioning", "Message": "Provisioning"}
    found = one(ec2, connection)
    assert found["Status"] == {"Code": "active", "Message": "Active"}
    assert found["AccepterVpcInfo"]["CidrBlock"] == "10.9.0.0/16"
    assert "ExpirationTime" not in found
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16", VpcPeeringConnectionId=connection)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=connection)
    (shown,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    assert [route["State"] for route in shown["Routes"]] == ["active", "blackhole"]
    assert one(ec2, connection)["Status"] == {"Code": "deleted", "Message": "Deleted by 123456789012"}


def test_peers_may_be_in_another_region(ec2, vpc, fails):
    west = boto3.client("ec2", "us-west-2")
    peer = west.create_vpc(CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"]
    connection = offer(ec2, vpc, peer, PeerRegion="us-west-2")
    code, _ = fails(ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=connection)
    assert code == "OperationNotPermitted"
    west.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    assert one(ec2, connection)["Status"]["Code"] == one(west, connection)["Status"]["Code"] == "active"
    assert one(ec2, connection)["AccepterVpcInfo"]["Region"] == "us-west-2"
    west.delete_vpc_peering_connection(VpcPeeringConnectionId=connection)
    assert one(ec2, connection)["Status"]["Code"] == "deleted"


def test_peers_may_be_another_accounts(ec2, vpc, fails):
    theirs = boto3.client("ec2", "us-east-1", aws_access_key_id="222222222222", aws_secret_access_key="x")
    peer = theirs.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    connection = offer(ec2, vpc, peer, PeerOwnerId="222222222222")
    theirs.create_tags(Resources=[connection], Tags=[{"Key": "theirs", "Value": "1"}])
    code, message = fails(ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=connection)
    assert (code, message) == (
        "OperationNotPermitted",
        f"User (123456789012) cannot accept peering {connection}",
    )
    theirs.reject_vpc_peering_connection(VpcPeeringConnectionId=connection)
    assert one(ec2, connection)["Status"] == {"Code": "rejected", "Message": "Rejected by 222222222222"}
    assert (one(ec2, connection)["Tags"], len(one(theirs, connection)["Tags"])) == ([], 1)


def test_what_overlaps_or_is_not_there_fails(ec2, vpc, fails):
    same = ec2.create_vpc(CidrBlock="10.0.0.0/20")["Vpc"]["VpcId"]
    connection = offer(ec2, vpc, same)
    found = one(ec2, connection)["Status"]
    assert found["Code"] == "failed"
    assert "overlapping CIDR range" in found["Message"]
    far = offer(ec2, vpc, "vpc-0123456789abcdef0", PeerRegion="eu-west-1")
    assert one(ec2, far)["Status"]["Code"] == "failed"
    assert fails(ec2.create_vpc_peering_connection, VpcId=vpc, PeerVpcId="vpc-0123456789abcdef0")[0] == (
        "InvalidVpcID.NotFound"
    )


def test_an_offer_lapses_after_a_week(aws, ec2, vpc, other):
    connection = offer(ec2, vpc, other)
    aws.clock.advance(days=7, seconds=1)
    assert one(ec2, connection)["Status"]["Code"] == "expired"
    aws.clock.advance(hours=2)
    assert ec2.describe_vpc_peering_connections()["VpcPeeringConnections"] == []


def test_connections_are_filtered(ec2, vpc, other, fails):
    connection = offer(ec2, vpc, other)
    for name, value in (
        ("requester-vpc-info.vpc-id", vpc),
        ("accepter-vpc-info.vpc-id", other),
        ("status-code", "pending-acceptance"),
        ("requester-vpc-info.cidr-block", "10.0.*"),
    ):
        (found,) = ec2.describe_vpc_peering_connections(Filters=[{"Name": name, "Values": [value]}])[
            "VpcPeeringConnections"
        ]
        assert found["VpcPeeringConnectionId"] == connection
    missing = "pcx-0123456789abcdef0"
    assert fails(ec2.describe_vpc_peering_connections, VpcPeeringConnectionIds=[missing]) == (
        "InvalidVpcPeeringConnectionID.NotFound",
        f"The vpcPeeringConnection ID '{missing}' does not exist",
    )


def test_each_side_sets_its_own_options(ec2, vpc, other, fails):
    connection = offer(ec2, vpc, other)
    options = {"AllowDnsResolutionFromRemoteVpc": True}
    call = {"VpcPeeringConnectionId": connection, "RequesterPeeringConnectionOptions": options}
    assert fails(ec2.modify_vpc_peering_connection_options, **call)[0] == "InvalidVpcPeeringConnectionState.NotActive"
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    answer = ec2.modify_vpc_peering_connection_options(**call)
    assert answer["RequesterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"] is True
    found = one(ec2, connection)
    assert found["RequesterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] is True
    assert found["AccepterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] is False


def test_groups_of_peered_vpcs_may_name_each_other(ec2, vpc, other):
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=(connection := offer(ec2, vpc, other)))
    mine = ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
    its = ec2.create_security_group(GroupName="b", Description="b", VpcId=other)["GroupId"]
    pair = [{"GroupId": its}]
    permission = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": pair}
    ec2.authorize_security_group_ingress(GroupId=mine, IpPermissions=[permission])
    (group,) = ec2.describe_security_groups(GroupIds=[mine])["SecurityGroups"]
    (found,) = group["IpPermissions"][0]["UserIdGroupPairs"]
    assert (found["VpcPeeringConnectionId"], found["VpcId"]) == (connection, other)


def test_a_joined_vpc_stays(ec2, vpc, other, fails):
    connection = offer(ec2, vpc, other)
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    assert fails(ec2.delete_vpc, VpcId=other)[0] == "DependencyViolation"
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=connection)
    ec2.delete_vpc(VpcId=other)
