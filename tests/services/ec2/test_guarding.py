from __future__ import annotations


def test_a_vpc_has_one_instance_connect_endpoint(ec2, subnet, vpc, fails):
    made = ec2.create_instance_connect_endpoint(SubnetId=subnet)["InstanceConnectEndpoint"]
    endpoint = made["InstanceConnectEndpointId"]
    assert (made["State"], made["VpcId"], made["PreserveClientIp"]) == ("create-in-progress", vpc, False)
    assert fails(ec2.create_instance_connect_endpoint, SubnetId=subnet)[0] == "ResourceLimitExceeded"
    group = ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
    ec2.modify_instance_connect_endpoint(InstanceConnectEndpointId=endpoint, SecurityGroupIds=[group])
    (found,) = ec2.describe_instance_connect_endpoints(InstanceConnectEndpointIds=[endpoint])[
        "InstanceConnectEndpoints"
    ]
    assert (found["State"], found["SecurityGroupIds"]) == ("create-complete", [group])
    gone = ec2.delete_instance_connect_endpoint(InstanceConnectEndpointId=endpoint)["InstanceConnectEndpoint"]
    assert gone["State"] == "delete-in-progress"
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    ec2.create_instance_connect_endpoint(SubnetId=subnet)


def mode(ec2, vpc):
    (found,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    return found["BlockPublicAccessStates"]["InternetGatewayBlockMode"]


def test_public_access_is_blocked_but_for_what_is_excluded(ec2, vpc, fails):
    assert ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]["State"] == "default-state"
    answer = ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="block-bidirectional")
    assert answer["VpcBlockPublicAccessOptions"]["State"] == "update-in-progress"
    assert mode(ec2, vpc) == "block-bidirectional"
    call = {"VpcId": vpc, "InternetGatewayExclusionMode": "allow-egress"}
    made = ec2.create_vpc_block_public_access_exclusion(**call)["VpcBlockPublicAccessExclusion"]
    assert mode(ec2, vpc) == "block-ingress"
    assert fails(ec2.create_vpc_block_public_access_exclusion, **call)[0] == (
        "VpcBlockPublicAccessExclusionAlreadyExists"
    )
    ec2.modify_vpc_block_public_access_exclusion(
        ExclusionId=made["ExclusionId"], InternetGatewayExclusionMode="allow-bidirectional"
    )
    assert mode(ec2, vpc) == "off"
    ec2.delete_vpc_block_public_access_exclusion(ExclusionId=made["ExclusionId"])
    assert mode(ec2, vpc) == "block-bidirectional"


def test_blocked_traffic_does_not_reach(aws, ec2, vpc, subnet):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=eni)
    assert aws.ec2.can_reach(eni, "internet", 443)
    ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="block-bidirectional")
    found = aws.ec2.can_reach(eni, "internet", 443)
    assert found.dropped_by.code == "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"
