from __future__ import annotations

import json

import boto3
import pytest

NLB = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/a/0123456789abcdef"


@pytest.fixture
def named(ec2, vpc):
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    return vpc


@pytest.fixture
def service(ec2):
    return ec2.create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=[NLB])["ServiceConfiguration"]


def one(ec2, endpoint):
    (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    return found


def routes(ec2, table):
    (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    return found["Routes"]


def test_a_gateway_endpoint_is_a_route(ec2, vpc, fails):
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    call = {"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [table]}
    made = ec2.create_vpc_endpoint(**call)["VpcEndpoint"]
    endpoint = made["VpcEndpointId"]
    assert (made["State"], made["VpcEndpointType"], made["RouteTableIds"]) == ("available", "Gateway", [table])
    assert json.loads(made["PolicyDocument"])["Statement"][0]["Action"] == "*"
    assert routes(ec2, table)[1]["DestinationPrefixListId"] == "pl-63a5400a"
    assert routes(ec2, table)[1]["GatewayId"] == endpoint
    assert fails(ec2.create_vpc_endpoint, **call) == (
        "RouteAlreadyExists",
        f"route table {table} already has a route with destination-prefix-list-id pl-63a5400a",
    )
    assert fails(ec2.delete_vpc, VpcId=vpc)[0] == "DependencyViolation"
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=[table])
    assert len(routes(ec2, table)) == 1
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[table])
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"] == []
    assert len(routes(ec2, table)) == 1
    assert fails(ec2.describe_vpc_endpoints, VpcEndpointIds=[endpoint]) == (
        "InvalidVpcEndpointId.NotFound",
        f"The Vpc Endpoint Id '{endpoint}' does not exist",
    )


def test_an_interface_endpoint_has_interfaces_and_names(ec2, named, subnet):
    made = ec2.create_vpc_endpoint(
        VpcId=named,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.us-east-1.ecr.api",
        SubnetIds=[subnet],
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["VpcEndpoint"]
    assert (made["State"], made["Tags"]) == ("pending", [{"Key": "a", "Value": "b"}])
    found = one(ec2, made["VpcEndpointId"])
    assert (found["State"], found["PrivateDnsEnabled"], found["SubnetIds"]) == ("available", True, [subnet])
    assert [group["GroupName"] for group in found["Groups"]] == ["default"]
    names = [entry["DnsName"] for entry in found["DnsEntries"]]
    assert names[0].startswith(made["VpcEndpointId"])
    assert names[0].endswith("api.ecr.us-east-1.vpce.amazonaws.com")
    assert "us-east-1a" in names[1]
    assert names[2] == "api.ecr.us-east-1.amazonaws.com"
    (eni,) = ec2.describe_network_interfaces(NetworkInterfaceIds=found["NetworkInterfaceIds"])["NetworkInterfaces"]
    assert (eni["InterfaceType"], eni["Description"]) == (
        "vpc_endpoint",
        f"VPC Endpoint Interface {made['VpcEndpointId']}",
    )
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_private_names_need_the_vpcs_dns(ec2, vpc, named, subnet, fails):
    call = {"VpcEndpointType": "Interface", "ServiceName": "com.amazonaws.us-east-1.sqs"}
    other = ec2.create_vpc(CidrBlock="10.5.0.0/16")["Vpc"]["VpcId"]
    code, message = fails(ec2.create_vpc_endpoint, VpcId=other, **call)
    assert code == "InvalidParameter"
    assert message.endswith(f"attributes set to true for {other}")
    ec2.create_vpc_endpoint(VpcId=other, PrivateDnsEnabled=False, **call)
    ec2.create_vpc_endpoint(VpcId=named, **call)
    code, message = fails(ec2.create_vpc_endpoint, VpcId=named, **call)
    assert code == "InvalidParameter"
    assert "conflicting DNS domain for sqs.us-east-1.amazonaws.com" in message


def test_what_is_wrong_is_refused(ec2, vpc, subnet, fails):
    missing = "vpc-0123456789abcdef0"
    assert fails(ec2.create_vpc_endpoint, VpcId=missing, ServiceName="com.amazonaws.us-east-1.s3") == (
        "InvalidVpcId.NotFound",
        f"The Vpc Id {missing} does not exist",
    )
    assert fails(ec2.create_vpc_endpoint, VpcId=vpc, ServiceName="com.amazonaws.us-east-1.nothing") == (
        "InvalidServiceName",
        "The Vpc Endpoint Service 'com.amazonaws.us-east-1.nothing' does not exist",
    )
    assert fails(ec2.create_vpc_endpoint, VpcId=vpc, ServiceName="com.amazonaws.us-east-1.sqs") == (
        "InvalidParameter",
        "Endpoint type (Gateway) does not match available service types ([Interface]).",
    )
    (failed,) = ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef0"])["Unsuccessful"]
    assert failed["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"


def test_subnets_and_groups_come_and_go(ec2, named, subnet, fails):
    second = ec2.create_subnet(VpcId=named, CidrBlock="10.0.2.0/24", AvailabilityZone="us-east-1b")["Subnet"][
        "SubnetId"
    ]
    group = ec2.create_security_group(GroupName="a", Description="a", VpcId=named)["GroupId"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=named, VpcEndpointType="Interface", ServiceName="com.amazonaws.us-east-1.sns", SubnetIds=[subnet]
    )["VpcEndpoint"]["VpcEndpointId"]
    default = one(ec2, endpoint)["Groups"][0]["GroupId"]
    ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint,
        AddSubnetIds=[second],
        RemoveSubnetIds=[subnet],
        AddSecurityGroupIds=[group],
        RemoveSecurityGroupIds=[default],
        PrivateDnsEnabled=False,
        PolicyDocument='{"Statement": []}',
    )
    found = one(ec2, endpoint)
    assert (found["SubnetIds"], [item["GroupId"] for item in found["Groups"]]) == ([second], [group])
    assert (found["PrivateDnsEnabled"], found["PolicyDocument"]) == (False, '{"Statement": []}')
    (eni,) = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert (eni["SubnetId"], eni["Groups"][0]["GroupId"]) == (second, group)
    assert fails(ec2.delete_network_interface, NetworkInterfaceId=eni["NetworkInterfaceId"])[0] in (
        "InvalidParameterValue",
        "OperationNotPermitted",
    )


def test_aws_services_are_listed(ec2, fails):
    found = ec2.describe_vpc_endpoint_services(ServiceNames=["com.amazonaws.us-east-1.s3"])
    assert found["ServiceNames"] == ["com.amazonaws.us-east-1.s3"]
    assert {item["ServiceType"][0]["ServiceType"] for item in found["ServiceDetails"]} == {"Gateway", "Interface"}
    only = ec2.describe_vpc_endpoint_services(Filters=[{"Name": "service-type", "Values": ["Gateway"]}])
    assert only["ServiceNames"] == ["com.amazonaws.us-east-1.dynamodb", "com.amazonaws.us-east-1.s3"]
    page = ec2.describe_vpc_endpoint_services(MaxResults=5)
    assert len(page["ServiceDetails"]) == 5
    assert page["NextToken"]
    assert fails(ec2.describe_vpc_endpoint_services, ServiceNames=["com.amazonaws.us-east-1.deprecated-service"]) == (
        "InvalidServiceName",
        "The Vpc Endpoint Service 'com.amazonaws.us-east-1.deprecated-service' does not exist",
    )


def test_a_service_of_ones_own_is_offered_and_accepts(ec2, vpc, subnet, service):
    assert service["ServiceName"] == f"com.amazonaws.vpce.us-east-1.{service['ServiceId']}"
    assert (service["AcceptanceRequired"], service["ServiceState"]) == (True, "Available")
    made = ec2.create_vpc_endpoint(
        VpcId=vpc, VpcEndpointType="Interface", ServiceName=service["ServiceName"], SubnetIds=[subnet]
    )["VpcEndpoint"]
    endpoint = made["VpcEndpointId"]
    assert made["State"] == "pendingAcceptance"
    (connection,) = ec2.describe_vpc_endpoint_connections(
        Filters=[{"Name": "service-id", "Values": [service["ServiceId"]]}]
    )["VpcEndpointConnections"]
    assert (connection["VpcEndpointState"], connection["VpcEndpointOwner"]) == ("pendingAcceptance", "123456789012")
    call = {"ServiceId": service["ServiceId"], "VpcEndpointIds": [endpoint]}
    assert ec2.accept_vpc_endpoint_connections(**call)["Unsuccessful"] == []
    assert one(ec2, endpoint)["State"] == "available"
    (stays,) = ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service["ServiceId"]])["Unsuccessful"]
    assert stays["Error"]["Code"] == "ExistingVpcEndpointConnections"
    ec2.reject_vpc_endpoint_connections(**call)
    assert one(ec2, endpoint)["State"] == "rejected"
    gone = ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service["ServiceId"]])
    assert gone["Unsuccessful"] == []


def test_other_accounts_need_permission(ec2, service, fails):
    theirs = boto3.client("ec2", "us-east-1", aws_access_key_id="222222222222", aws_secret_access_key="x")
    vpc = theirs.describe_vpcs()["Vpcs"][0]["VpcId"]
    call = {"VpcId": vpc, "VpcEndpointType": "Interface", "ServiceName": service["ServiceName"]}
    assert fails(theirs.create_vpc_endpoint, **call)[0] == "InvalidServiceName"
    principal = "arn:aws:iam::222222222222:root"
    added = ec2.modify_vpc_endpoint_service_permissions(
        ServiceId=service["ServiceId"], AddAllowedPrincipals=[principal]
    )["AddedPrincipals"]
    assert (added[0]["Principal"], added[0]["PrincipalType"]) == (principal, "Account")
    endpoint = theirs.create_vpc_endpoint(**call)["VpcEndpoint"]["VpcEndpointId"]
    ec2.accept_vpc_endpoint_connections(ServiceId=service["ServiceId"], VpcEndpointIds=[endpoint])
    assert one(theirs, endpoint)["State"] == "available"
    ec2.modify_vpc_endpoint_service_permissions(ServiceId=service["ServiceId"], RemoveAllowedPrincipals=[principal])
    allowed = ec2.describe_vpc_endpoint_service_permissions(ServiceId=service["ServiceId"])["AllowedPrincipals"]
    assert allowed == []


def test_a_service_changes(ec2, service, fails):
    wanted = service["ServiceId"]
    ec2.modify_vpc_endpoint_service_configuration(
        ServiceId=wanted, AcceptanceRequired=False, PrivateDnsName="a.example.com"
    )
    (found,) = ec2.describe_vpc_endpoint_service_configurations(ServiceIds=[wanted])["ServiceConfigurations"]
    assert (found["AcceptanceRequired"], found["PrivateDnsName"]) == (False, "a.example.com")
    assert found["PrivateDnsNameConfiguration"]["State"] == "pendingVerification"
    ec2.start_vpc_endpoint_service_private_dns_verification(ServiceId=wanted)
    (found,) = ec2.describe_vpc_endpoint_service_configurations(ServiceIds=[wanted])["ServiceConfigurations"]
    assert found["PrivateDnsNameConfiguration"]["State"] == "verified"
    code, _ = fails(
        ec2.modify_vpc_endpoint_service_configuration, ServiceId=wanted, RemoveNetworkLoadBalancerArns=[NLB]
    )
    assert code == "InvalidParameter"


def test_notifications_are_kept(ec2, service, fails):
    topic = "arn:aws:sns:us-east-1:123456789012:t"
    made = ec2.create_vpc_endpoint_connection_notification(
        ServiceId=service["ServiceId"], ConnectionNotificationArn=topic, ConnectionEvents=["Accept"]
    )["ConnectionNotification"]
    wanted = made["ConnectionNotificationId"]
    assert (made["ConnectionNotificationState"], made["ConnectionNotificationType"]) == ("Enabled", "Topic")
    ec2.modify_vpc_endpoint_connection_notification(ConnectionNotificationId=wanted, ConnectionEvents=["Reject"])
    (found,) = ec2.describe_vpc_endpoint_connection_notifications()["ConnectionNotificationSet"]
    assert found["ConnectionEvents"] == ["Reject"]
    assert ec2.delete_vpc_endpoint_connection_notifications(ConnectionNotificationIds=[wanted])["Unsuccessful"] == []
    assert ec2.describe_vpc_endpoint_connection_notifications()["ConnectionNotificationSet"] == []
