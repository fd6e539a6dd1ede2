from __future__ import annotations

import pytest

MISSING = "eni-0123456789abcdef0"


@pytest.fixture
def eni(ec2, subnet):
    return ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]


@pytest.fixture
def instance(ec2, subnet):
    options = {"ImageId": "ami-1234abcd", "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}
    return ec2.run_instances(SubnetId=subnet, **options)["Instances"][0]["InstanceId"]


def shown(ec2, eni):
    return ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"][0]


def test_a_new_interface_is_pending_and_then_available(ec2, vpc, subnet):
    made = ec2.create_network_interface(SubnetId=subnet, Description="d")["NetworkInterface"]
    assert (made["Status"], made["TagSet"], made["VpcId"]) == ("pending", [], vpc)
    assert made["PrivateIpAddresses"] == [{"Primary": True, "PrivateIpAddress": "10.0.1.4"}]
    assert made["Groups"][0]["GroupName"] == "default"
    assert made["Operator"] == {"Managed": False}
    found = shown(ec2, made["NetworkInterfaceId"])
    assert (found["Status"], found["Description"], found["SourceDestCheck"]) == ("available", "d", True)
    assert "Attachment" not in found


def test_tags_are_shown_as_a_tag_set(ec2, subnet):
    tags = [{"ResourceType": "network-interface", "Tags": [{"Key": "a", "Value": "b"}]}]
    made = ec2.create_network_interface(SubnetId=subnet, TagSpecifications=tags)["NetworkInterface"]
    assert made["TagSet"] == [{"Key": "a", "Value": "b"}]
    found = ec2.describe_network_interfaces(Filters=[{"Name": "tag:a", "Values": ["b"]}])["NetworkInterfaces"]
    assert [each["NetworkInterfaceId"] for each in found] == [made["NetworkInterfaceId"]]


@pytest.mark.parametrize(
    ("address", "code", "message"),
    [
        ("10.0.2.5", "InvalidParameterValue", "Address does not fall within the subnet's address range"),
        ("10.0.1.3", "InvalidParameterValue", "Address is in subnet's reserved address range"),
        ("10.0.1.255", "InvalidParameterValue", "Address is in subnet's reserved address range"),
        ("10.0.1.9", "InvalidIPAddress.InUse", "Address 10.0.1.9 is in use."),
    ],
)
def test_an_address_must_be_free_and_of_the_subnet(ec2, fails, subnet, address, code, message):
    ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.9")
    found = fails(ec2.create_network_interface, SubnetId=subnet, PrivateIpAddress=address)
    assert found == (code, message)


def test_several_addresses_are_asked_for_at_once(ec2, subnet):
    made = ec2.create_network_interface(
        SubnetId=subnet, PrivateIpAddress="10.0.1.50", SecondaryPrivateIpAddressCount=2
    )["NetworkInterface"]
    assert made["PrivateIpAddress"] == "10.0.1.50"
    assert [item["Primary"] for item in made["PrivateIpAddresses"]] == [True, False, False]
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert found["AvailableIpAddressCount"] == 248
    ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"])
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert found["AvailableIpAddressCount"] == 251


def test_a_failed_interface_takes_no_address(ec2, fails, subnet):
    specified = [{"PrivateIpAddress": "10.0.1.9", "Primary": True}, {"PrivateIpAddress": "10.0.1.9", "Primary": False}]
    assert fails(ec2.create_network_interface, SubnetId=subnet, PrivateIpAddresses=specified)[0] == (
        "InvalidIPAddress.InUse"
    )
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert found["AvailableIpAddressCount"] == 251


def test_an_interface_is_plugged_in_and_out(ec2, eni, instance):
    answer = ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=instance, DeviceIndex=1)
    found = shown(ec2, eni)
    assert (found["Status"], found["Attachment"]["AttachmentId"]) == ("in-use", answer["AttachmentId"])
    assert found["Attachment"]["DeleteOnTermination"] is False
    shown_instance = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert len(shown_instance["NetworkInterfaces"]) == 2
    ec2.detach_network_interface(AttachmentId=answer["AttachmentId"])
    assert shown(ec2, eni)["Status"] == "available"


def test_an_interface_in_use_stays(ec2, fails, eni, instance):
    ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=instance, DeviceIndex=1)
    found = fails(ec2.delete_network_interface, NetworkInterfaceId=eni)
    assert found == ("InvalidParameterValue", f"Network interface '{eni}' is currently in use.")


def test_places_to_plug_in_are_limited(ec2, fails, subnet, eni, instance):
    found = fails(ec2.attach_network_interface, NetworkInterfaceId=eni, InstanceId=instance, DeviceIndex=0)
    assert found == (
        "InvalidParameterValue",
        f"Instance '{instance}' already has an interface attached at device index '0'.",
    )
    ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=instance, DeviceIndex=1)
    other = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    found = fails(ec2.attach_network_interface, NetworkInterfaceId=other, InstanceId=instance, DeviceIndex=2)
    assert found == ("AttachmentLimitExceeded", "Interface count 3 exceeds the limit for t3.micro")


def test_the_first_interface_stays_plugged_in(ec2, fails, instance):
    (found,) = ec2.describe_network_interfaces(Filters=[{"Name": "attachment.instance-id", "Values": [instance]}])[
        "NetworkInterfaces"
    ]
    attachment = found["Attachment"]["AttachmentId"]
    assert fails(ec2.detach_network_interface, AttachmentId=attachment) == (
        "OperationNotPermitted",
        "The network interface at device index 0 cannot be detached.",
    )


def test_what_is_not_there_is_told_of(ec2, fails):
    wanted = ("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{MISSING}' does not exist")
    assert fails(ec2.describe_network_interfaces, NetworkInterfaceIds=[MISSING]) == wanted
    assert fails(ec2.delete_network_interface, NetworkInterfaceId=MISSING) == wanted
    assert fails(ec2.detach_network_interface, AttachmentId="eni-attach-0123456789abcdef0")[0] == (
        "InvalidAttachmentID.NotFound"
    )


def test_attributes_are_read_and_changed(ec2, vpc, eni, instance):
    group = ec2.create_security_group(VpcId=vpc, GroupName="g", Description="d")["GroupId"]
    attachment = ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=instance, DeviceIndex=1)[
        "AttachmentId"
    ]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Description={"Value": "new"})
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, SourceDestCheck={"Value": False})
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Groups=[group])
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=eni, Attachment={"AttachmentId": attachment, "DeleteOnTermination": True}
    )

    def value(name):
        return ec2.describe_network_interface_attribute(NetworkInterfaceId=eni, Attribute=name)

    assert value("description")["Description"] == {"Value": "new"}
    assert value("sourceDestCheck")["SourceDestCheck"] == {"Value": False}
    assert value("groupSet")["Groups"] == [{"GroupId": group, "GroupName": "g"}]
    assert value("attachment")["Attachment"]["DeleteOnTermination"] is True
    ec2.reset_network_interface_attribute(NetworkInterfaceId=eni, SourceDestCheck="true")
    assert value("sourceDestCheck")["SourceDestCheck"] == {"Value": True}


def test_secondary_addresses_come_and_go(ec2, fails, subnet, eni):
    answer = ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, SecondaryPrivateIpAddressCount=2)
    given = [item["PrivateIpAddress"] for item in answer["AssignedPrivateIpAddresses"]]
    assert [item["PrivateIpAddress"] for item in shown(ec2, eni)["PrivateIpAddresses"][1:]] == given
    other = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    found = fails(ec2.assign_private_ip_addresses, NetworkInterfaceId=other, PrivateIpAddresses=given[:1])
    assert found == ("InvalidIPAddress.InUse", f"Address {given[0]} is in use.")
    ec2.assign_private_ip_addresses(NetworkInterfaceId=other, PrivateIpAddresses=given[:1], AllowReassignment=True)
    assert len(shown(ec2, eni)["PrivateIpAddresses"]) == 2
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=eni, PrivateIpAddresses=given[1:])
    assert len(shown(ec2, eni)["PrivateIpAddresses"]) == 1
    (left,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert left["AvailableIpAddressCount"] == 251 - 3
    found = fails(ec2.unassign_private_ip_addresses, NetworkInterfaceId=eni, PrivateIpAddresses=given[1:])
    assert found == ("InvalidParameterValue", f"Some of the specified addresses are not assigned to interface {eni}")


def test_prefixes_are_delegated(ec2, subnet, eni):
    answer = ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, Ipv4PrefixCount=1)
    assert answer["AssignedIpv4Prefixes"] == [{"Ipv4Prefix": "10.0.1.16/28"}]
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert found["AvailableIpAddressCount"] == 251 - 17
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=eni, Ipv4Prefixes=["10.0.1.16/28"])
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert found["AvailableIpAddressCount"] == 250


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subnet-id", "{SubnetId}"),
        ("private-ip-address", "{PrivateIpAddress}"),
        ("addresses.private-ip-address", "{PrivateIpAddress}"),
        ("mac-address", "{MacAddress}"),
        ("description", "{Description}"),
        ("group-id", "{Groups[0][GroupId]}"),
        ("group-name", "default"),
        ("status", "available"),
        ("availability-zone", "{AvailabilityZone}"),
        ("requester-managed", "false"),
        ("interface-type", "interface"),
    ],
)
def test_filters_choose_interfaces(ec2, vpc, subnet, name, value):
    made = ec2.create_network_interface(SubnetId=subnet, Description="mine")["NetworkInterface"]
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": name, "Values": [value.format(**made)]}]
    found = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    assert [each["NetworkInterfaceId"] for each in found] == [made["NetworkInterfaceId"]]
    filters[1]["Values"] = ["other"]
    assert ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"] == []


def test_groups_of_another_vpc_are_refused(ec2, fails, subnet):
    group = ec2.create_security_group(GroupName="far", Description="d")["GroupId"]
    assert fails(ec2.create_network_interface, SubnetId=subnet, Groups=[group])[0] == "InvalidParameter"


def test_five_groups_are_the_most(ec2, fails, vpc, subnet):
    groups = [ec2.create_security_group(VpcId=vpc, GroupName=f"g{n}", Description="d")["GroupId"] for n in range(6)]
    code, _ = fails(ec2.create_network_interface, SubnetId=subnet, Groups=groups)
    assert code == "SecurityGroupsPerInterfaceLimitExceeded"


def test_a_client_token_makes_one_interface(ec2, subnet):
    first = ec2.create_network_interface(SubnetId=subnet, ClientToken="t")["NetworkInterface"]
    second = ec2.create_network_interface(SubnetId=subnet, ClientToken="t")["NetworkInterface"]
    assert first["NetworkInterfaceId"] == second["NetworkInterfaceId"]


def test_other_accounts_are_given_leave(ec2, eni):
    made = ec2.create_network_interface_permission(
        NetworkInterfaceId=eni, AwsAccountId="210987654321", Permission="INSTANCE-ATTACH"
    )["InterfacePermission"]
    assert made["PermissionState"] == {"State": "granted"}
    (found,) = ec2.describe_network_interface_permissions()["NetworkInterfacePermissions"]
    assert found["AwsAccountId"] == "210987654321"
    ec2.delete_network_interface_permission(NetworkInterfacePermissionId=made["NetworkInterfacePermissionId"])
    assert ec2.describe_network_interface_permissions()["NetworkInterfacePermissions"] == []
