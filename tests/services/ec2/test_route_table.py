from __future__ import annotations

import pytest


@pytest.fixture
def table(ec2, vpc):
    return ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


@pytest.fixture
def gateway(ec2, vpc):
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    return made


def shown(ec2, table):
    return ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]


def test_a_new_table_has_the_local_route(ec2, vpc):
    made = ec2.create_route_table(VpcId=vpc)["RouteTable"]
    local = {
        "DestinationCidrBlock": "10.0.0.0/16",
        "GatewayId": "local",
        "Origin": "CreateRouteTable",
        "State": "active",
    }
    assert made["Routes"] == [local]
    assert (made["Associations"], made["PropagatingVgws"], made["Tags"]) == ([], [], [])


def test_a_subnet_is_associated_once(ec2, fails, vpc, subnet, table):
    made = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    assert made["AssociationState"] == {"State": "associated"}
    assert shown(ec2, table)["Associations"] == [
        {
            "Main": False,
            "RouteTableAssociationId": made["AssociationId"],
            "RouteTableId": table,
            "SubnetId": subnet,
            "AssociationState": {"State": "associated"},
        }
    ]
    again = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    assert again["AssociationId"] == made["AssociationId"]
    other = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    code, message = fails(ec2.associate_route_table, RouteTableId=other, SubnetId=subnet)
    assert code == "Resource.AlreadyAssociated"
    assert message == (f"the specified association for route table {other} conflicts with an existing association")


def test_a_table_with_associations_stays(ec2, fails, subnet, table):
    made = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    found = fails(ec2.delete_route_table, RouteTableId=table)
    assert found == ("DependencyViolation", f"The routeTable '{table}' has dependencies and cannot be deleted.")
    ec2.disassociate_route_table(AssociationId=made)
    ec2.delete_route_table(RouteTableId=table)
    found = fails(ec2.describe_route_tables, RouteTableIds=[table])
    assert found == ("InvalidRouteTableID.NotFound", f"The routeTable ID '{table}' does not exist")


def test_the_main_association_can_only_be_replaced(ec2, fails, vpc, table):
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    (main,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    association = main["Associations"][0]["RouteTableAssociationId"]
    code, message = fails(ec2.disassociate_route_table, AssociationId=association)
    assert (code, message) == (
        "InvalidParameterValue",
        f"cannot disassociate the main route table association {association}",
    )
    new = ec2.replace_route_table_association(AssociationId=association, RouteTableId=table)["NewAssociationId"]
    (found,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    assert (found["RouteTableId"], found["Associations"][0]["RouteTableAssociationId"]) == (table, new)
    ec2.delete_route_table(RouteTableId=main["RouteTableId"])


def test_a_route_leads_to_the_gateway_until_it_is_detached(ec2, vpc, table, gateway):
    assert ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)["Return"] is True
    assert shown(ec2, table)["Routes"][1]["State"] == "active"
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert shown(ec2, table)["Routes"][1]["State"] == "blackhole"


def test_a_destination_has_one_route(ec2, fails, table, gateway):
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    found = fails(ec2.create_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    assert found == ("RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists.")


def test_a_route_that_is_not_there_can_be_neither_replaced_nor_deleted(ec2, fails, table, gateway):
    where = {"RouteTableId": table, "DestinationCidrBlock": "1.2.3.0/24"}
    assert fails(ec2.replace_route, GatewayId=gateway, **where) == (
        "InvalidParameterValue",
        "There is no route defined for '1.2.3.0/24' in the route table. Use CreateRoute instead.",
    )
    assert fails(ec2.delete_route, **where) == (
        "InvalidRoute.NotFound",
        f"no route with destination-cidr-block 1.2.3.0/24 in route table {table}",
    )


def test_the_local_route_stays(ec2, fails, table):
    found = fails(ec2.delete_route, RouteTableId=table, DestinationCidrBlock="10.0.0.0/16")
    assert found == ("InvalidParameterValue", f"cannot remove local route 10.0.0.0/16 in route table {table}")


def test_a_gateway_of_another_network_is_refused(ec2, fails, table):
    other = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    found = fails(ec2.create_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=other)
    assert found == (
        "InvalidParameterValue",
        f"route table {table} and network gateway {other} belong to different networks",
    )
    missing = "igw-0123456789abcdef0"
    found = fails(ec2.create_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=missing)
    assert found == ("InvalidGatewayID.NotFound", f"The gateway ID '{missing}' does not exist")


def test_a_route_to_an_interface_is_a_dead_end_until_it_is_plugged_in(ec2, subnet, table):
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="1.0.0.0/8", NetworkInterfaceId=eni)
    route = shown(ec2, table)["Routes"][1]
    assert (route["NetworkInterfaceId"], route["State"]) == (eni, "blackhole")
    instance = ec2.run_instances(ImageId="ami-1234abcd", MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"][0]
    ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=instance["InstanceId"], DeviceIndex=1)
    route = shown(ec2, table)["Routes"][1]
    assert (route["InstanceId"], route["State"]) == (instance["InstanceId"], "active")


def test_a_bad_destination_is_refused(ec2, fails, table, gateway):
    found = fails(ec2.create_route, RouteTableId=table, DestinationCidrBlock="1123.4.5.6/99", GatewayId=gateway)
    assert found == (
        "InvalidParameterValue",
        "Value (1123.4.5.6/99) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("association.subnet-id", "{subnet}"),
        ("association.route-table-association-id", "{association}"),
        ("association.main", "false"),
        ("route.gateway-id", "{gateway}"),
        ("route.destination-cidr-block", "0.0.0.0/0"),
        ("route.origin", "CreateRoute"),
        ("route-table-id", "{table}"),
    ],
)
def test_filters_choose_tables(ec2, vpc, subnet, table, gateway, name, value):
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    text = value.format(subnet=subnet, association=association, gateway=gateway, table=table)
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": name, "Values": [text]}]
    assert [found["RouteTableId"] for found in ec2.describe_route_tables(Filters=filters)["RouteTables"]] == [table]
