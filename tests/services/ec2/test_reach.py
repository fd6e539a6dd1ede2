from __future__ import annotations

import boto3
import pytest


class Net:
    """A VPC with a public and a private subnet, an internet gateway, and an interface in each subnet."""

    def __init__(self, ec2, vpc):
        self.ec2, self.vpc = ec2, vpc
        self.gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=vpc)
        self.public, self.private = (self.subnet(block) for block in ("10.0.1.0/24", "10.0.2.0/24"))
        self.table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=self.table, SubnetId=self.public)
        ec2.create_route(RouteTableId=self.table, DestinationCidrBlock="0.0.0.0/0", GatewayId=self.gateway)
        self.group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
        self.front, self.back = (self.eni(subnet) for subnet in (self.public, self.private))

    def subnet(self, block):
        return self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=block)["Subnet"]["SubnetId"]

    def eni(self, subnet):
        made = self.ec2.create_network_interface(SubnetId=subnet, Groups=[self.group])["NetworkInterface"]
        return made["NetworkInterfaceId"]

    def let_in(self, port, cidr="0.0.0.0/0", **more):
        permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **more}
        if not more:
            permission["IpRanges"] = [{"CidrIp": cidr}]
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[permission])

    def expose(self, eni):
        allocation = self.ec2.allocate_address(Domain="vpc")
        self.ec2.associate_address(AllocationId=allocation["AllocationId"], NetworkInterfaceId=eni)
        return allocation["PublicIp"]


@pytest.fixture
def net(ec2, vpc):
    return Net(ec2, vpc)


def test_a_group_decides_what_comes_in(aws, net):
    found = aws.ec2.can_reach(net.front, net.back, 22)
    assert not found
    assert found.dropped_by.code == "ENI_SG_RULES_MISMATCH"
    assert "no ingress rule" in str(found)
    net.let_in(22, UserIdGroupPairs=[{"GroupId": net.group}])
    assert aws.ec2.can_reach(net.front, net.back, 22)
    assert not aws.ec2.can_reach(net.front, net.back, 23)
    assert not aws.ec2.can_reach(net.front, net.back, 22, "udp")


def test_an_acl_stops_packets_and_answers(aws, ec2, net):
    net.let_in(443)
    acl = ec2.create_network_acl(VpcId=net.vpc)["NetworkAcl"]["NetworkAclId"]
    (old,) = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [net.private]}])[
        "NetworkAcls"
    ]
    (association,) = [item for item in old["Associations"] if item["SubnetId"] == net.private]
    ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
    found = aws.ec2.can_reach(net.front, net.back, 443)
    assert (found.dropped_by.code, found.dropped_by.component) == ("SUBNET_ACL_RESTRICTION", acl)
    entry = {"NetworkAclId": acl, "RuleNumber": 100, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
    ec2.create_network_acl_entry(Egress=False, PortRange={"From": 443, "To": 443}, **entry)
    found = aws.ec2.can_reach(net.front, net.back, 443)
    assert not found
    assert found.back[-1].text.startswith("entry * denies tcp 49152 out of")
    ec2.create_network_acl_entry(Egress=True, PortRange={"From": 1024, "To": 65535}, **entry)
    assert aws.ec2.can_reach(net.front, net.back, 443)


def test_the_internet_needs_a_route_and_a_public_address(aws, ec2, net):
    assert aws.ec2.can_reach(net.back, "internet", 443).dropped_by.code == "NO_ROUTE_TO_DESTINATION"
    assert aws.ec2.can_reach(net.front, "internet", 443).dropped_by.code == "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
    assert aws.ec2.can_reach("internet", net.front, 80).dropped_by.code == "IGW_PUBLIC_IP_ASSOCIATION_FOR_INGRESS"
    address = net.expose(net.front)
    assert aws.ec2.can_reach(net.front, "1.2.3.4", 443)
    assert not aws.ec2.can_reach("internet", address, 80)
    net.let_in(80)
    found = aws.ec2.can_reach("internet", address, 80)
    assert found
    assert next(hop.component for hop in found.hops) == net.gateway


def test_a_nat_gateway_lets_out_and_not_in(aws, ec2, net):
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=net.public, AllocationId=allocation)["NatGateway"]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=net.vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=net.private)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    found = aws.ec2.can_reach(net.back, "internet", 443)
    assert found
    assert {nat, net.gateway} <= {hop.component for hop in found.hops}
    assert not aws.ec2.can_reach("internet", net.back, 443)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert aws.ec2.can_reach(net.back, "internet", 443).dropped_by.code == "BLACKHOLE_ROUTE"


def test_peered_vpcs_need_routes_on_both_sides(aws, ec2, net):
    west = boto3.client("ec2", "us-west-2")
    other = west.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = west.create_subnet(VpcId=other, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    eni = west.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    connection = ec2.create_vpc_peering_connection(VpcId=net.vpc, PeerVpcId=other, PeerRegion="us-west-2")[
        "VpcPeeringConnection"
    ]["VpcPeeringConnectionId"]
    west.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    (group,) = west.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [other]}])["SecurityGroups"]
    permission = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    west.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[permission])
    ec2.create_route(RouteTableId=net.table, DestinationCidrBlock="10.9.0.0/16", VpcPeeringConnectionId=connection)
    found = aws.ec2.can_reach(net.front, eni, 5432)
    assert (bool(found), found.dropped_by.code) == (False, "NO_ROUTE_TO_DESTINATION")
    assert found.back
    (table,) = west.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [other]}])["RouteTables"]
    west.create_route(
        RouteTableId=table["RouteTableId"], DestinationCidrBlock="10.0.0.0/16", VpcPeeringConnectionId=connection
    )
    assert aws.ec2.can_reach(net.front, eni, 5432)


def test_vpcs_meet_in_a_transit_gateway(aws, ec2, net):
    hub = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=other, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [other]}])["SecurityGroups"]
    permission = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[permission])
    for vpc, place in ((net.vpc, net.private), (other, subnet)):
        ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=hub, VpcId=vpc, SubnetIds=[place])
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [other]}])["RouteTables"]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="10.0.0.0/16", TransitGatewayId=hub)
    ec2.create_route(RouteTableId=net.table, DestinationCidrBlock="10.9.0.0/16", TransitGatewayId=hub)
    assert aws.ec2.can_reach(net.front, eni, 80)
    (hub_table,) = ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"]
    ec2.create_transit_gateway_route(
        TransitGatewayRouteTableId=hub_table["TransitGatewayRouteTableId"],
        DestinationCidrBlock="10.9.1.0/24",
        Blackhole=True,
    )
    assert aws.ec2.can_reach(net.front, eni, 80).dropped_by.code == "BLACKHOLE_ROUTE"


def test_an_appliance_must_not_check_addresses(aws, ec2, net):
    image = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][
        0
    ]["ImageId"]
    (instance,) = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=net.public
    )["Instances"]
    middle = instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
    net.expose(middle)
    group = instance["SecurityGroups"][0]["GroupId"]
    permission = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    table = ec2.create_route_table(VpcId=net.vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=net.private)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=middle)
    assert aws.ec2.can_reach(net.back, "internet", 443).dropped_by.code == "ENI_SOURCE_DEST_CHECK"
    ec2.modify_network_interface_attribute(NetworkInterfaceId=middle, SourceDestCheck={"Value": False})
    assert aws.ec2.can_reach(net.back, "internet", 443)
