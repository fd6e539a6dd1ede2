from __future__ import annotations

import pytest


@pytest.fixture
def customer(ec2):
    return ec2.create_customer_gateway(Type="ipsec.1", PublicIp="203.0.113.7", BgpAsn=65123)["CustomerGateway"][
        "CustomerGatewayId"
    ]


@pytest.fixture
def gateway(ec2, vpc):
    made = ec2.create_vpn_gateway(Type="ipsec.1", AmazonSideAsn=64800)["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=made, VpcId=vpc)
    return made


@pytest.fixture
def connection(ec2, customer, gateway):
    return ec2.create_vpn_connection(
        Type="ipsec.1", CustomerGatewayId=customer, VpnGatewayId=gateway, Options={"StaticRoutesOnly": True}
    )["VpnConnection"]["VpnConnectionId"]


def one(ec2, connection):
    (found,) = ec2.describe_vpn_connections(VpnConnectionIds=[connection])["VpnConnections"]
    return found


def test_a_customer_gateway_is_made_once(ec2, customer, fails):
    again = ec2.create_customer_gateway(Type="ipsec.1", PublicIp="203.0.113.7", BgpAsn=65123)["CustomerGateway"]
    assert (again["CustomerGatewayId"], again["State"], again["BgpAsn"]) == (customer, "available", "65123")
    ec2.delete_customer_gateway(CustomerGatewayId=customer)
    (found,) = ec2.describe_customer_gateways(Filters=[{"Name": "bgp-asn", "Values": ["65123"]}])["CustomerGateways"]
    assert found["State"] == "deleted"
    missing = "cgw-0123456789abcdef0"
    assert fails(ec2.delete_customer_gateway, CustomerGatewayId=missing) == (
        "InvalidCustomerGatewayID.NotFound",
        f"The customerGateway ID '{missing}' does not exist",
    )


def test_a_vpn_gateway_serves_one_vpc(ec2, vpc, gateway, fails):
    (found,) = ec2.describe_vpn_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])["VpnGateways"]
    assert found["VpcAttachments"] == [{"State": "attached", "VpcId": vpc}]
    assert (found["State"], found["AmazonSideAsn"]) == ("available", 64800)
    assert fails(ec2.delete_vpn_gateway, VpnGatewayId=gateway) == ("IncorrectState", "The VPN gateway is in use.")
    assert fails(ec2.delete_vpc, VpcId=vpc)[0] == "DependencyViolation"
    ec2.detach_vpn_gateway(VpnGatewayId=gateway, VpcId=vpc)
    assert fails(ec2.detach_vpn_gateway, VpnGatewayId=gateway, VpcId=vpc)[0] == "InvalidVpnGatewayAttachment.NotFound"
    ec2.delete_vpn_gateway(VpnGatewayId=gateway)
    (found,) = ec2.describe_vpn_gateways(VpnGatewayIds=[gateway])["VpnGateways"]
    assert found["State"] == "deleted"


def test_a_connection_has_two_tunnels(ec2, customer, gateway, connection, fails):
    found = one(ec2, connection)
    assert (found["State"], found["VpnGatewayId"], found["Category"]) == ("available", gateway, "VPN")
    tunnels = found["Options"]["TunnelOptions"]
    assert len({tunnel["OutsideIpAddress"] for tunnel in tunnels}) == 2
    assert all(len(tunnel["PreSharedKey"]) == 32 for tunnel in tunnels)
    assert [item["Status"] for item in found["VgwTelemetry"]] == ["DOWN", "DOWN"]
    assert tunnels[0]["PreSharedKey"] in found["CustomerGatewayConfiguration"]
    assert fails(ec2.delete_customer_gateway, CustomerGatewayId=customer)[0] == "IncorrectState"
    ec2.delete_vpn_connection(VpnConnectionId=connection)
    assert one(ec2, connection)["State"] == "deleted"
    ec2.get_waiter("vpn_connection_deleted").wait(VpnConnectionIds=[connection])


def test_routes_of_a_connection_are_propagated(ec2, vpc, gateway, connection):
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.enable_vgw_route_propagation(RouteTableId=table, GatewayId=gateway)

    def routes():
        (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return [(route["DestinationCidrBlock"], route["Origin"]) for route in found["Routes"]][1:]

    ec2.create_vpn_connection_route(VpnConnectionId=connection, DestinationCidrBlock="192.168.0.0/16")
    assert one(ec2, connection)["Routes"][0]["DestinationCidrBlock"] == "192.168.0.0/16"
    assert routes() == [("192.168.0.0/16", "EnableVgwRoutePropagation")]
    ec2.delete_vpn_connection_route(VpnConnectionId=connection, DestinationCidrBlock="192.168.0.0/16")
    assert routes() == []


def test_a_tunnel_is_changed(ec2, connection, fails):
    address = one(ec2, connection)["Options"]["TunnelOptions"][1]["OutsideIpAddress"]
    call = {"VpnConnectionId": connection, "VpnTunnelOutsideIpAddress": address}
    answer = ec2.modify_vpn_tunnel_options(TunnelOptions={"PreSharedKey": "abcdefgh1", "DPDTimeoutSeconds": 40}, **call)
    assert answer["VpnConnection"]["State"] == "modifying"
    found = one(ec2, connection)["Options"]["TunnelOptions"][1]
    assert (found["PreSharedKey"], found["DpdTimeoutSeconds"]) == ("abcdefgh1", 40)
    code, _ = fails(ec2.modify_vpn_tunnel_options, TunnelOptions={"TunnelInsideCidr": "10.0.0.0/30"}, **call)
    assert code == "InvalidParameterValue"
    assert ec2.replace_vpn_tunnel(**call)["Return"] is True
    assert ec2.get_vpn_tunnel_replacement_status(**call)["MaintenanceDetails"]["PendingMaintenance"] == "false"


def test_a_connection_to_a_transit_gateway_is_an_attachment(ec2, customer, connection):
    hub = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    made = ec2.create_vpn_connection(Type="ipsec.1", CustomerGatewayId=customer, TransitGatewayId=hub)["VpnConnection"]
    (found,) = ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
    assert (found["ResourceType"], found["ResourceId"]) == ("vpn", made["VpnConnectionId"])
    ec2.delete_vpn_connection(VpnConnectionId=made["VpnConnectionId"])
    (found,) = ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
    assert found["State"] == "deleted"
    ec2.modify_vpn_connection(VpnConnectionId=connection, TransitGatewayId=hub)
    assert one(ec2, connection)["TransitGatewayId"] == hub


def test_a_concentrator_is_an_attachment(ec2, customer, fails):
    hub = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    made = ec2.create_vpn_concentrator(Type="ipsec.1", TransitGatewayId=hub)["VpnConcentrator"]
    wanted = made["VpnConcentratorId"]
    assert made["State"] == "pending"
    (found,) = ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
    assert (found["ResourceType"], found["ResourceId"]) == ("vpn-concentrator", wanted)
    connection = ec2.create_vpn_connection(Type="ipsec.1", CustomerGatewayId=customer, VpnConcentratorId=wanted)
    assert fails(ec2.delete_vpn_concentrator, VpnConcentratorId=wanted)[0] == "IncorrectState"
    ec2.delete_vpn_connection(VpnConnectionId=connection["VpnConnection"]["VpnConnectionId"])
    assert ec2.delete_vpn_concentrator(VpnConcentratorId=wanted)["Return"] is True
    (found,) = ec2.describe_vpn_concentrators()["VpnConcentrators"]
    assert found["State"] == "deleted"
