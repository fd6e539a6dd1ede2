from __future__ import annotations

import pytest


@pytest.fixture
def ipam(ec2):
    return ec2.create_ipam(OperatingRegions=[{"RegionName": "us-west-2"}])["Ipam"]


@pytest.fixture
def pool(ec2, ipam):
    made = ec2.create_ipam_pool(IpamScopeId=ipam["PrivateDefaultScopeId"], AddressFamily="ipv4")["IpamPool"]
    ec2.provision_ipam_pool_cidr(IpamPoolId=made["IpamPoolId"], Cidr="10.0.0.0/16")
    return made["IpamPoolId"]


def test_an_ipam_has_two_scopes(ec2, ipam, fails):
    assert ipam["State"] == "create-in-progress"
    (found,) = ec2.describe_ipams(IpamIds=[ipam["IpamId"]])["Ipams"]
    assert (found["State"], found["ScopeCount"]) == ("create-complete", 2)
    assert [item["RegionName"] for item in found["OperatingRegions"]] == ["us-east-1", "us-west-2"]
    scope = ec2.create_ipam_scope(IpamId=ipam["IpamId"])["IpamScope"]["IpamScopeId"]
    kinds = [item["IpamScopeType"] for item in ec2.describe_ipam_scopes()["IpamScopes"]]
    assert sorted(kinds) == ["private", "private", "public"]
    assert fails(ec2.delete_ipam, IpamId=ipam["IpamId"])[0] == "DependencyViolation"
    code, _ = fails(ec2.delete_ipam_scope, IpamScopeId=ipam["PublicDefaultScopeId"])
    assert code == "OperationNotPermitted"
    ec2.delete_ipam_scope(IpamScopeId=scope)
    assert ec2.delete_ipam(IpamId=ipam["IpamId"])["Ipam"]["State"] == "delete-in-progress"
    assert ec2.describe_ipams()["Ipams"] == []


def test_a_pool_gives_out_ranges_that_do_not_overlap(ec2, pool, fails):
    give = ec2.allocate_ipam_pool_cidr
    preview = give(IpamPoolId=pool, NetmaskLength=24, PreviewNextCidr=True)["IpamPoolAllocation"]["Cidr"]
    first = give(IpamPoolId=pool, NetmaskLength=24)["IpamPoolAllocation"]
    assert preview == first["Cidr"] == "10.0.0.0/24"
    assert give(IpamPoolId=pool, NetmaskLength=20)["IpamPoolAllocation"]["Cidr"] == "10.0.16.0/20"
    assert give(IpamPoolId=pool, NetmaskLength=24)["IpamPoolAllocation"]["Cidr"] == "10.0.1.0/24"
    assert fails(give, IpamPoolId=pool, Cidr="10.0.0.128/25")[0] == "InvalidParameterValue"
    assert fails(give, IpamPoolId=pool, NetmaskLength=15)[0] == "InsufficientCidrBlocks"
    assert fails(ec2.deprovision_ipam_pool_cidr, IpamPoolId=pool, Cidr="10.0.0.0/16")[0] == "DependencyViolation"
    ec2.release_ipam_pool_allocation(
        IpamPoolId=pool, Cidr="10.0.0.0/24", IpamPoolAllocationId=first["IpamPoolAllocationId"]
    )
    left = ec2.get_ipam_pool_allocations(IpamPoolId=pool)["IpamPoolAllocations"]
    assert [item["Cidr"] for item in left] == ["10.0.16.0/20", "10.0.1.0/24"]


def test_a_pool_under_another_takes_of_it(ec2, ipam, pool, fails):
    child = ec2.create_ipam_pool(
        IpamScopeId=ipam["PrivateDefaultScopeId"],
        AddressFamily="ipv4",
        SourceIpamPoolId=pool,
        AllocationMinNetmaskLength=24,
    )["IpamPool"]
    assert child["PoolDepth"] == 2
    ec2.provision_ipam_pool_cidr(IpamPoolId=child["IpamPoolId"], NetmaskLength=20)
    (held,) = ec2.get_ipam_pool_cidrs(IpamPoolId=child["IpamPoolId"])["IpamPoolCidrs"]
    assert (held["Cidr"], held["State"]) == ("10.0.0.0/20", "provisioned")
    (given,) = ec2.get_ipam_pool_allocations(IpamPoolId=pool)["IpamPoolAllocations"]
    assert (given["ResourceType"], given["ResourceId"]) == ("ipam-pool", child["IpamPoolId"])
    code, _ = fails(ec2.allocate_ipam_pool_cidr, IpamPoolId=child["IpamPoolId"], NetmaskLength=22)
    assert code == "InvalidParameterValue"
    assert fails(ec2.delete_ipam_pool, IpamPoolId=pool)[0] == "DependencyViolation"
    ec2.deprovision_ipam_pool_cidr(IpamPoolId=child["IpamPoolId"], Cidr="10.0.0.0/20")
    ec2.delete_ipam_pool(IpamPoolId=child["IpamPoolId"])
    assert ec2.get_ipam_pool_allocations(IpamPoolId=pool)["IpamPoolAllocations"] == []
