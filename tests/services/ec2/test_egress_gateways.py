from __future__ import annotations


def test_an_egress_only_gateway_is_routed_to_and_deleted(ec2, vpc, fails):
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
    gateway = made["EgressOnlyInternetGatewayId"]
    assert made["Attachments"] == [{"State": "attached", "VpcId": vpc}]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=gateway)
    assert fails(ec2.delete_vpc, VpcId=vpc)[0] == "DependencyViolation"
    assert ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=gateway)["ReturnCode"] is True
    (shown,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    assert shown["Routes"][1]["State"] == "blackhole"
    code, _ = fails(ec2.describe_egress_only_internet_gateways, EgressOnlyInternetGatewayIds=[gateway])
    assert code == "InvalidGatewayID.NotFound"


def test_a_vpc_has_one_carrier_gateway(ec2, vpc, fails):
    made = ec2.create_carrier_gateway(VpcId=vpc)["CarrierGateway"]
    assert (made["State"], made["OwnerId"]) == ("pending", "123456789012")
    assert fails(ec2.create_carrier_gateway, VpcId=vpc)[0] == "CarrierGatewayLimitExceeded"
    (found,) = ec2.describe_carrier_gateways(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["CarrierGateways"]
    assert found["State"] == "available"
    gone = ec2.delete_carrier_gateway(CarrierGatewayId=made["CarrierGatewayId"])["CarrierGateway"]
    assert gone["State"] == "deleting"
    ec2.delete_vpc(VpcId=vpc)
