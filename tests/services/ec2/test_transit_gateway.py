from __future__ import annotations

import boto3
import pytest


@pytest.fixture
def gateway(ec2):
    return ec2.create_transit_gateway(Description="hub", Options={"MulticastSupport": "enable"})["TransitGateway"][
        "TransitGatewayId"
    ]


@pytest.fixture
def attached(ec2, gateway, vpc, subnet):
    return ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[subnet])[
        "TransitGatewayVpcAttachment"
    ]["TransitGatewayAttachmentId"]


@pytest.fixture
def table(ec2, gateway):
    return ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)["TransitGatewayRouteTable"][
        "TransitGatewayRouteTableId"
    ]


def search(ec2, table, **filters):
    wanted = [{"Name": name.replace("_", "-").replace("--", "."), "Values": [value]} for name, value in filters.items()]
    return ec2.search_transit_gateway_routes(TransitGatewayRouteTableId=table, Filters=wanted)["Routes"]


def states(ec2, *ids):
    found = ec2.describe_transit_gateway_attachments(TransitGatewayAttachmentIds=list(ids))
    return [item["State"] for item in found["TransitGatewayAttachments"]]


def test_a_gateway_has_a_default_table(ec2, gateway):
    (found,) = ec2.describe_transit_gateways(TransitGatewayIds=[gateway])["TransitGateways"]
    options = found["Options"]
    assert (found["State"], found["Description"], options["AmazonSideAsn"]) == ("available", "hub", 64512)
    assert found["TransitGatewayArn"].endswith(f":transit-gateway/{gateway}")
    (table,) = ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"]
    assert table["DefaultAssociationRouteTable"] is table["DefaultPropagationRouteTable"] is True
    assert options["AssociationDefaultRouteTableId"] == table["TransitGatewayRouteTableId"]


def test_a_gateway_is_changed_and_deleted(ec2, gateway, attached, fails):
    answer = ec2.modify_transit_gateway(TransitGatewayId=gateway, Description="x", Options={"DnsSupport": "disable"})
    assert answer["TransitGateway"]["State"] == "modifying"
    (found,) = ec2.describe_transit_gateways(TransitGatewayIds=[gateway])["TransitGateways"]
    assert (found["State"], found["Description"], found["Options"]["DnsSupport"]) == ("available", "x", "disable")
    assert fails(ec2.delete_transit_gateway, TransitGatewayId=gateway) == (
        "IncorrectState",
        f"{gateway} has non-deleted VPC Attachments: {attached}.",
    )
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attached)
    assert ec2.delete_transit_gateway(TransitGatewayId=gateway)["TransitGateway"]["State"] == "deleting"
    (found,) = ec2.describe_transit_gateways(TransitGatewayIds=[gateway])["TransitGateways"]
    assert found["State"] == "deleted"
    assert fails(ec2.delete_transit_gateway, TransitGatewayId=gateway) == (
        "InvalidTransitGatewayID.NotFound",
        f"Transit Gateway {gateway} was deleted or does not exist.",
    )


def test_a_vpc_is_attached_associated_and_propagated(ec2, vpc, subnet, gateway, attached, fails):
    (found,) = ec2.describe_transit_gateway_vpc_attachments(Filters=[{"Name": "vpc-id", "Values": [vpc]}])[
        "TransitGatewayVpcAttachments"
    ]
    assert (found["State"], found["SubnetIds"], found["Options"]["DnsSupport"]) == ("available", [subnet], "enable")
    (eni,) = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert eni["Description"] == f"Network Interface for Transit Gateway Attachment {attached}"
    (shown,) = ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
    table = shown["Association"]["TransitGatewayRouteTableId"]
    (route,) = search(ec2, table, type="propagated")
    assert (route["DestinationCidrBlock"], route["State"]) == ("10.0.0.0/16", "active")
    assert route["TransitGatewayAttachments"][0]["ResourceId"] == vpc
    code, _ = fails(ec2.create_transit_gateway_vpc_attachment, TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[subnet])
    assert code == "DuplicateTransitGatewayAttachment"


def test_subnets_of_an_attachment_come_and_go(ec2, vpc, subnet, attached):
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="us-east-1b")["Subnet"]["SubnetId"]
    ec2.modify_transit_gateway_vpc_attachment(
        TransitGatewayAttachmentId=attached,
        AddSubnetIds=[other],
        RemoveSubnetIds=[subnet],
        Options={"ApplianceModeSupport": "enable"},
    )
    (found,) = ec2.describe_transit_gateway_vpc_attachments()["TransitGatewayVpcAttachments"]
    assert (found["SubnetIds"], found["Options"]["ApplianceModeSupport"]) == ([other], "enable")


def test_static_routes(ec2, gateway, attached, table, fails):
    call = {"TransitGatewayRouteTableId": table, "DestinationCidrBlock": "10.5.0.0/16"}
    made = ec2.create_transit_gateway_route(TransitGatewayAttachmentId=attached, **call)["Route"]
    assert (made["Type"], made["State"]) == ("static", "active")
    assert fails(ec2.create_transit_gateway_route, Blackhole=True, **call)[0] == "RouteAlreadyExists"
    assert ec2.replace_transit_gateway_route(Blackhole=True, **call)["Route"]["State"] == "blackhole"
    ec2.create_transit_gateway_route(
        TransitGatewayRouteTableId=table, DestinationCidrBlock="10.0.0.0/8", TransitGatewayAttachmentId=attached
    )
    found = search(ec2, table, route_search__longest_prefix_match="10.5.1.1")
    assert [route["DestinationCidrBlock"] for route in found] == ["10.5.0.0/16"]
    assert len(search(ec2, table, route_search__subnet_of_match="10.0.0.0/8")) == 2
    assert len(search(ec2, table, route_search__supernet_of_match="10.9.0.0/16")) == 1
    assert ec2.delete_transit_gateway_route(**call)["Route"]["State"] == "deleted"
    assert fails(ec2.delete_transit_gateway_route, **call)[0] == "InvalidRoute.NotFound"


def test_associations_and_propagations_of_another_table(ec2, attached, table, fails):
    pair = {"TransitGatewayRouteTableId": table, "TransitGatewayAttachmentId": attached}
    assert fails(ec2.associate_transit_gateway_route_table, **pair)[0] == "Resource.AlreadyAssociated"
    (shown,) = ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
    default = shown["Association"]["TransitGatewayRouteTableId"]
    ec2.disassociate_transit_gateway_route_table(
        TransitGatewayRouteTableId=default, TransitGatewayAttachmentId=attached
    )
    assert ec2.associate_transit_gateway_route_table(**pair)["Association"]["State"] == "associating"
    (found,) = ec2.get_transit_gateway_route_table_associations(TransitGatewayRouteTableId=table)["Associations"]
    assert (found["TransitGatewayAttachmentId"], found["State"]) == (attached, "associated")
    assert fails(ec2.delete_transit_gateway_route_table, TransitGatewayRouteTableId=table)[0] == "IncorrectState"
    ec2.enable_transit_gateway_route_table_propagation(**pair)
    code, _ = fails(ec2.enable_transit_gateway_route_table_propagation, **pair)
    assert code == "TransitGatewayRouteTablePropagation.Duplicate"
    propagations = ec2.get_transit_gateway_attachment_propagations(TransitGatewayAttachmentId=attached)
    assert len(propagations["TransitGatewayAttachmentPropagations"]) == 2
    ec2.disable_transit_gateway_route_table_propagation(**pair)
    left = ec2.get_transit_gateway_route_table_propagations(TransitGatewayRouteTableId=table)
    assert left["TransitGatewayRouteTablePropagations"] == []
    ec2.disassociate_transit_gateway_route_table(**pair)
    gone = ec2.delete_transit_gateway_route_table(TransitGatewayRouteTableId=table)["TransitGatewayRouteTable"]
    assert gone["State"] == "deleting"


def test_a_route_to_a_deleted_attachment_leads_nowhere(ec2, attached, table):
    ec2.create_transit_gateway_route(
        TransitGatewayRouteTableId=table, DestinationCidrBlock="10.5.0.0/16", TransitGatewayAttachmentId=attached
    )
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attached)
    assert states(ec2, attached) == ["deleted"]
    assert [route["State"] for route in search(ec2, table, type="static")] == ["blackhole"]
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_another_accounts_vpc_waits_for_the_owner(ec2, gateway, fails):
    theirs = boto3.client("ec2", "us-east-1", aws_access_key_id="222222222222", aws_secret_access_key="x")
    subnet = theirs.describe_subnets()["Subnets"][0]
    made = theirs.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway, VpcId=subnet["VpcId"], SubnetIds=[subnet["SubnetId"]]
    )["TransitGatewayVpcAttachment"]
    assert made["State"] == "pendingAcceptance"
    wanted = made["TransitGatewayAttachmentId"]
    code, _ = fails(theirs.accept_transit_gateway_vpc_attachment, TransitGatewayAttachmentId=wanted)
    assert code == "OperationNotPermitted"
    ec2.accept_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=wanted)
    assert states(ec2, wanted) == states(theirs, wanted) == ["available"]


def test_gateways_of_two_regions_are_peered(ec2, gateway, fails):
    west = boto3.client("ec2", "us-west-2")
    peer = west.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    made = ec2.create_transit_gateway_peering_attachment(
        TransitGatewayId=gateway, PeerTransitGatewayId=peer, PeerAccountId="123456789012", PeerRegion="us-west-2"
    )["TransitGatewayPeeringAttachment"]
    wanted = made["TransitGatewayAttachmentId"]
    assert made["State"] == "initiatingRequest"
    assert states(ec2, wanted) == states(west, wanted) == ["pendingAcceptance"]
    code, _ = fails(ec2.accept_transit_gateway_peering_attachment, TransitGatewayAttachmentId=wanted)
    assert code == "OperationNotPermitted"
    west.accept_transit_gateway_peering_attachment(TransitGatewayAttachmentId=wanted)
    assert states(ec2, wanted) == states(west, wanted) == ["available"]
    ec2.delete_transit_gateway_peering_attachment(TransitGatewayAttachmentId=wanted)
    assert states(ec2, wanted) == states(west, wanted) == ["deleted"]


def test_prefix_lists_are_routed_to(ec2, attached, table):
    prefix_list = ec2.create_managed_prefix_list(
        PrefixListName="a", AddressFamily="IPv4", MaxEntries=2, Entries=[{"Cidr": "10.7.0.0/16"}]
    )["PrefixList"]["PrefixListId"]
    call = {"TransitGatewayRouteTableId": table, "PrefixListId": prefix_list}
    ec2.create_transit_gateway_prefix_list_reference(TransitGatewayAttachmentId=attached, **call)
    (route,) = search(ec2, table, type="static")
    assert (route["DestinationCidrBlock"], route["PrefixListId"]) == ("10.7.0.0/16", prefix_list)
    ec2.modify_transit_gateway_prefix_list_reference(Blackhole=True, **call)
    (found,) = ec2.get_transit_gateway_prefix_list_references(TransitGatewayRouteTableId=table)[
        "TransitGatewayPrefixListReferences"
    ]
    assert found["Blackhole"] is True
    ec2.delete_transit_gateway_prefix_list_reference(**call)
    assert search(ec2, table, type="static") == []


def test_connect_peers_take_addresses_of_the_inside_range(ec2, gateway, attached, fails):
    connect = ec2.create_transit_gateway_connect(
        TransportTransitGatewayAttachmentId=attached, Options={"Protocol": "gre"}
    )["TransitGatewayConnect"]["TransitGatewayAttachmentId"]
    code, _ = fails(ec2.delete_transit_gateway_vpc_attachment, TransitGatewayAttachmentId=attached)
    assert code == "IncorrectState"
    ec2.modify_transit_gateway(TransitGatewayId=gateway, Options={"AddTransitGatewayCidrBlocks": ["10.99.0.0/24"]})
    peer = ec2.create_transit_gateway_connect_peer(
        TransitGatewayAttachmentId=connect,
        PeerAddress="10.0.1.9",
        InsideCidrBlocks=["169.254.6.0/29"],
        BgpOptions={"PeerAsn": 65000},
    )["TransitGatewayConnectPeer"]
    bgp = peer["ConnectPeerConfiguration"]["BgpConfigurations"]
    assert [item["TransitGatewayAddress"] for item in bgp] == ["169.254.6.2", "169.254.6.3"]
    assert {item["PeerAsn"] for item in bgp} == {65000}
    assert fails(ec2.delete_transit_gateway_connect, TransitGatewayAttachmentId=connect)[0] == "IncorrectState"
    ec2.delete_transit_gateway_connect_peer(TransitGatewayConnectPeerId=peer["TransitGatewayConnectPeerId"])
    ec2.delete_transit_gateway_connect(TransitGatewayAttachmentId=connect)
    assert ec2.describe_transit_gateway_connects()["TransitGatewayConnects"][0]["State"] == "deleted"


def test_multicast_groups_have_members_and_sources(ec2, gateway, subnet, attached, fails):
    domain = ec2.create_transit_gateway_multicast_domain(TransitGatewayId=gateway)["TransitGatewayMulticastDomain"][
        "TransitGatewayMulticastDomainId"
    ]
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    group = {
        "TransitGatewayMulticastDomainId": domain,
        "GroupIpAddress": "224.0.0.1",
        "NetworkInterfaceIds": [eni],
    }
    assert fails(ec2.register_transit_gateway_multicast_group_members, **group)[0] == "InvalidParameterValue"
    place = {
        "TransitGatewayMulticastDomainId": domain,
        "TransitGatewayAttachmentId": attached,
        "SubnetIds": [subnet],
    }
    answer = ec2.associate_transit_gateway_multicast_domain(**place)["Associations"]
    assert answer["Subnets"] == [{"SubnetId": subnet, "State": "associating"}]
    ec2.register_transit_gateway_multicast_group_members(**group)
    ec2.register_transit_gateway_multicast_group_sources(**group)
    found = ec2.search_transit_gateway_multicast_groups(
        TransitGatewayMulticastDomainId=domain, Filters=[{"Name": "is-group-member", "Values": ["true"]}]
    )["MulticastGroups"]
    assert [item["NetworkInterfaceId"] for item in found] == [eni]
    code, _ = fails(ec2.delete_transit_gateway_multicast_domain, TransitGatewayMulticastDomainId=domain)
    assert code == "IncorrectState"
    ec2.deregister_transit_gateway_multicast_group_sources(**group)
    ec2.disassociate_transit_gateway_multicast_domain(**place)
    left = ec2.search_transit_gateway_multicast_groups(TransitGatewayMulticastDomainId=domain)["MulticastGroups"]
    assert left == []
    ec2.delete_transit_gateway_multicast_domain(TransitGatewayMulticastDomainId=domain)


def test_policy_tables_hold_rules(ec2, gateway, table, fails):
    policy = ec2.create_transit_gateway_policy_table(TransitGatewayId=gateway)["TransitGatewayPolicyTable"][
        "TransitGatewayPolicyTableId"
    ]
    call = {"TransitGatewayPolicyTableId": policy, "PolicyRuleNumber": "10"}
    ec2.create_transit_gateway_policy_table_entry(
        PolicyRule={"DestinationCidrBlock": "10.0.0.0/8"}, TargetRouteTableId=table, **call
    )
    (entry,) = ec2.get_transit_gateway_policy_table_entries(TransitGatewayPolicyTableId=policy)[
        "TransitGatewayPolicyTableEntries"
    ]
    assert (entry["TargetRouteTableId"], entry["PolicyRule"]["Protocol"]) == (table, "*")
    gone = ec2.delete_transit_gateway_policy_table_entry(**call)["TransitGatewayPolicyTableEntry"]
    assert gone["State"] == "deleted"
    assert ec2.delete_transit_gateway_policy_table(TransitGatewayPolicyTableId=policy)


def test_metering_policies_hold_rules(ec2, gateway, attached, fails):
    made = ec2.create_transit_gateway_metering_policy(TransitGatewayId=gateway)["TransitGatewayMeteringPolicy"]
    policy = {"TransitGatewayMeteringPolicyId": made["TransitGatewayMeteringPolicyId"]}
    assert made["State"] == "pending"
    entry = {"PolicyRuleNumber": 10, "MeteredAccount": "transit-gateway-owner", "SourceCidrBlock": "10.0.0.0/8"}
    ec2.create_transit_gateway_metering_policy_entry(**policy, **entry)
    assert fails(ec2.create_transit_gateway_metering_policy_entry, **policy, **entry)[0] == (
        "DuplicateMeteringPolicyEntry"
    )
    (found,) = ec2.get_transit_gateway_metering_policy_entries(**policy)["TransitGatewayMeteringPolicyEntries"]
    assert found["MeteringPolicyRule"] == {"SourceCidrBlock": "10.0.0.0/8"}
    ec2.modify_transit_gateway_metering_policy(AddMiddleboxAttachmentIds=[attached], **policy)
    (shown,) = ec2.describe_transit_gateway_metering_policies()["TransitGatewayMeteringPolicies"]
    assert (shown["State"], shown["MiddleboxAttachmentIds"]) == ("available", [attached])
    ec2.delete_transit_gateway_metering_policy_entry(PolicyRuleNumber=10, **policy)
    assert ec2.get_transit_gateway_metering_policy_entries(**policy)["TransitGatewayMeteringPolicyEntries"] == []
    gone = ec2.delete_transit_gateway_metering_policy(**policy)["TransitGatewayMeteringPolicy"]
    assert gone["State"] == "deleting"
