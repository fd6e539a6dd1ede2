from __future__ import annotations

import pytest


@pytest.fixture
def eni(ec2, subnet):
    return ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]


@pytest.fixture
def target(ec2, subnet):
    other = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    made = ec2.create_traffic_mirror_target(NetworkInterfaceId=other)["TrafficMirrorTarget"]
    assert (made["Type"], made["OwnerId"]) == ("network-interface", "123456789012")
    return made["TrafficMirrorTargetId"]


@pytest.fixture
def rules(ec2):
    return ec2.create_traffic_mirror_filter(Description="d")["TrafficMirrorFilter"]["TrafficMirrorFilterId"]


def test_a_filter_has_rules(ec2, rules, fails):
    call = {
        "TrafficMirrorFilterId": rules,
        "TrafficDirection": "ingress",
        "RuleNumber": 10,
        "RuleAction": "accept",
        "SourceCidrBlock": "10.0.0.0/8",
        "DestinationCidrBlock": "0.0.0.0/0",
    }
    ports = {"FromPort": 80, "ToPort": 90}
    assert fails(ec2.create_traffic_mirror_filter_rule, DestinationPortRange=ports, **call)[0] == (
        "InvalidParameterCombination"
    )
    made = ec2.create_traffic_mirror_filter_rule(DestinationPortRange=ports, Protocol=6, **call)
    rule = made["TrafficMirrorFilterRule"]["TrafficMirrorFilterRuleId"]
    assert fails(ec2.create_traffic_mirror_filter_rule, **call)[0] == "TrafficMirrorFilterRuleAlreadyExists"
    ec2.modify_traffic_mirror_filter_rule(
        TrafficMirrorFilterRuleId=rule, RuleAction="reject", RemoveFields=["destination-port-range"]
    )
    ec2.modify_traffic_mirror_filter_network_services(TrafficMirrorFilterId=rules, AddNetworkServices=["amazon-dns"])
    (found,) = ec2.describe_traffic_mirror_filters(TrafficMirrorFilterIds=[rules])["TrafficMirrorFilters"]
    (shown,) = found["IngressFilterRules"]
    assert (shown["RuleAction"], shown["Protocol"], "DestinationPortRange" in shown) == ("reject", 6, False)
    assert found["NetworkServices"] == ["amazon-dns"]
    ec2.delete_traffic_mirror_filter_rule(TrafficMirrorFilterRuleId=rule)
    assert ec2.describe_traffic_mirror_filter_rules()["TrafficMirrorFilterRules"] == []


def test_a_session_keeps_what_it_uses(ec2, eni, target, rules, fails):
    call = {"NetworkInterfaceId": eni, "TrafficMirrorTargetId": target, "TrafficMirrorFilterId": rules}
    made = ec2.create_traffic_mirror_session(SessionNumber=1, **call)["TrafficMirrorSession"]
    session = made["TrafficMirrorSessionId"]
    assert made["VirtualNetworkId"] > 0
    assert fails(ec2.create_traffic_mirror_session, SessionNumber=1, **call)[0] == "TrafficMirrorSessionNumberInUse"
    assert fails(ec2.delete_traffic_mirror_target, TrafficMirrorTargetId=target)[0] == "DependencyViolation"
    assert fails(ec2.delete_traffic_mirror_filter, TrafficMirrorFilterId=rules)[0] == "DependencyViolation"
    changed = ec2.modify_traffic_mirror_session(TrafficMirrorSessionId=session, SessionNumber=5, PacketLength=100)
    assert changed["TrafficMirrorSession"]["SessionNumber"] == 5
    (found,) = ec2.describe_traffic_mirror_sessions(Filters=[{"Name": "session-number", "Values": ["5"]}])[
        "TrafficMirrorSessions"
    ]
    assert found["PacketLength"] == 100
    assert ec2.delete_traffic_mirror_session(TrafficMirrorSessionId=session)["TrafficMirrorSessionId"] == session
    ec2.delete_traffic_mirror_target(TrafficMirrorTargetId=target)
    ec2.delete_traffic_mirror_filter(TrafficMirrorFilterId=rules)
