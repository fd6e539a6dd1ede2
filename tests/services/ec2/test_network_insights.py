from __future__ import annotations

import pytest


@pytest.fixture
def ends(ec2, vpc, subnet):
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24")["Subnet"]["SubnetId"]
    make = ec2.create_network_interface
    return [make(SubnetId=place)["NetworkInterface"]["NetworkInterfaceId"] for place in (subnet, other)]


@pytest.fixture
def path(ec2, ends):
    made = ec2.create_network_insights_path(Source=ends[0], Destination=ends[1], Protocol="tcp", DestinationPort=443)[
        "NetworkInsightsPath"
    ]
    return made["NetworkInsightsPathId"]


def analyse(ec2, path, **more):
    made = ec2.start_network_insights_analysis(NetworkInsightsPathId=path, **more)["NetworkInsightsAnalysis"]
    assert made["Status"] == "running"
    (found,) = ec2.describe_network_insights_analyses(NetworkInsightsAnalysisIds=[made["NetworkInsightsAnalysisId"]])[
        "NetworkInsightsAnalyses"
    ]
    return found


def test_a_path_is_found_hop_by_hop(ec2, path, ends):
    found = analyse(ec2, path)
    assert (found["Status"], found["NetworkPathFound"]) == ("succeeded", True)
    components = [item["Component"]["Id"] for item in found["ForwardPathComponents"]]
    assert (components[0], components[-1]) == (ends[0], ends[1])
    assert any("RouteTableRoute" in item for item in found["ForwardPathComponents"])
    assert any("AclRule" in item for item in found["ReturnPathComponents"])


def test_what_stops_a_path_is_explained(ec2, vpc, path):
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    found = analyse(ec2, path)
    (why,) = found["Explanations"]
    assert (found["NetworkPathFound"], why["ExplanationCode"]) == (False, "ENI_SG_RULES_MISMATCH")
    assert why["SecurityGroups"] == [{"Id": group["GroupId"]}]


def test_a_path_with_analyses_stays(ec2, path, fails):
    made = analyse(ec2, path)["NetworkInsightsAnalysisId"]
    code, _ = fails(ec2.delete_network_insights_path, NetworkInsightsPathId=path)
    assert code == "AnalysisExistsForNetworkInsightsPath"
    ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=made)
    assert ec2.delete_network_insights_path(NetworkInsightsPathId=path)["NetworkInsightsPathId"] == path
    assert ec2.describe_network_insights_paths()["NetworkInsightsPaths"] == []


def test_ends_must_be_there(ec2, ends, fails):
    code, _ = fails(
        ec2.create_network_insights_path, Source="igw-0123456789abcdef0", Destination=ends[0], Protocol="tcp"
    )
    assert code == "InvalidInternetGatewayID.NotFound"
    code, _ = fails(ec2.create_network_insights_path, Source=ends[0], Protocol="tcp")
    assert code == "MissingParameter"
