"""Security groups beyond their own VPC: usable in others, named by others, named by nobody any more."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.filter import checked, field_match, tag_match, unknown_filter
from sundog.services.ec2.security_group import check_group_id, usable_in
from sundog.services.ec2.state.interface import NetworkInterface
from sundog.services.ec2.state.network import Subnet, Vpc
from sundog.services.ec2.state.security_group import SecurityGroup, SecurityGroupRule, SecurityGroupVpcAssociation


@op
def associate_security_group_vpc(
    tx: Tx, req: api.AssociateSecurityGroupVpcRequest
) -> api.AssociateSecurityGroupVpcResult:
    """Let a group be used in another VPC of the region."""
    check_group_id(req.group_id)
    group = tx.get(SecurityGroup, req.group_id)
    vpc = tx.get(Vpc, req.vpc_id)
    if group.group_name == "default":
        raise AwsError("InvalidParameterValue", "The default security group of a VPC cannot be associated with a VPC.")
    if group.vpc_id == vpc.vpc_id:
        raise AwsError("InvalidParameterValue", f"The security group {group.group_id} belongs to the VPC {vpc.vpc_id}.")
    if tx.find(SecurityGroupVpcAssociation, group.group_id, vpc.vpc_id) is None:
        tx.add(
            SecurityGroupVpcAssociation(
                group_id=group.group_id,
                vpc_id=vpc.vpc_id,
                vpc_owner_id=vpc.owner_id,
                group_owner_id=group.owner_id,
            )
        )
    return api.AssociateSecurityGroupVpcResult(state="associating")


@op
def disassociate_security_group_vpc(
    tx: Tx, req: api.DisassociateSecurityGroupVpcRequest
) -> api.DisassociateSecurityGroupVpcResult:
    """Let a group be used in another VPC no longer, unless an interface there has it."""
    found = tx.find(SecurityGroupVpcAssociation, req.group_id, req.vpc_id)
    if found is None:
        raise AwsError(
            "InvalidSecurityGroupVpcAssociation.NotFound",
            f"The security group {req.group_id} is not associated with the VPC {req.vpc_id}.",
        )
    subnets = {subnet.subnet_id for subnet in tx.select(Subnet, vpc_id=req.vpc_id)}
    if any(row.subnet_id in subnets for row in tx.select(NetworkInterface, group_ids=req.group_id)):
        raise AwsError("DependencyViolation", f"resource {req.group_id} has a dependent object")
    tx.delete(found)
    return api.DisassociateSecurityGroupVpcResult(state="disassociating")


@op
def describe_security_group_vpc_associations(
    tx: Tx, req: api.DescribeSecurityGroupVpcAssociationsRequest
) -> api.DescribeSecurityGroupVpcAssociationsResult:
    """List which groups may be used in which other VPCs."""
    found = tx.search(SecurityGroupVpcAssociation, filters=req.filters)
    return api.DescribeSecurityGroupVpcAssociationsResult(security_group_vpc_associations=found)


_FOR_VPC = {
    "group-id": "group_id",
    "description": "description",
    "group-name": "group_name",
    "owner-id": "owner_id",
    "primary-vpc-id": "vpc_id",
}


@op
def get_security_groups_for_vpc(tx: Tx, req: api.GetSecurityGroupsForVpcRequest) -> api.GetSecurityGroupsForVpcResult:
    """List the groups that interfaces in a VPC may have."""
    vpc = tx.get(Vpc, req.vpc_id)
    found = tx.select(SecurityGroup).where(lambda group: usable_in(tx, group, vpc.vpc_id))
    for name, values in checked(req.filters or ()):
        match = tag_match(name, values, lambda group: group.tags)
        if match is None:
            if name not in _FOR_VPC:
                raise unknown_filter(name)
            match = field_match(_FOR_VPC[name], values)
        found = found.where(match)
    return api.GetSecurityGroupsForVpcResult(security_group_for_vpcs=found.map(_for_vpc))


def _for_vpc(group: SecurityGroup) -> api.SecurityGroupForVpc:
    return api.SecurityGroupForVpc(
        group_id=group.group_id,
        group_name=group.group_name,
        description=group.description,
        owner_id=group.owner_id,
        primary_vpc_id=group.vpc_id,
        tags=group.tags,
    )


@op
def describe_security_group_references(
    tx: Tx, req: api.DescribeSecurityGroupReferencesRequest
) -> api.DescribeSecurityGroupReferencesResult:
    """List the other VPCs whose groups name these in a rule."""
    for group_id in req.group_id:
        check_group_id(group_id)
    found: list[dict[str, Any]] = []
    for group in tx.get_all(SecurityGroup, dict.fromkeys(req.group_id)):
        for _, region, rule in tx.everywhere(SecurityGroupRule):
            other = rule.referenced_group_info
            if region != tx.region or other is None or other.group_id != group.group_id or other.vpc_id is None:
                continue
            owner = tx.in_(account=rule.group_owner_id).find(SecurityGroup, rule.group_id)
            reference = {
                "GroupId": group.group_id,
                "ReferencingVpcId": owner.vpc_id if owner else None,
                "VpcPeeringConnectionId": other.vpc_peering_connection_id,
            }
            if reference not in found:
                found.append(reference)
    return api.DescribeSecurityGroupReferencesResult(security_group_reference_set=found)


@op
def describe_stale_security_groups(
    tx: Tx, req: api.DescribeStaleSecurityGroupsRequest
) -> api.DescribeStaleSecurityGroupsResult:
    """List a VPC's groups whose rules name groups of peers that are gone."""
    vpc = tx.get(Vpc, req.vpc_id)
    found: list[api.StaleSecurityGroup] = []
    for group in tx.select(SecurityGroup, vpc_id=vpc.vpc_id):
        stale = [rule for rule in tx.select(SecurityGroupRule, group_id=group.group_id) if _is_stale(tx, rule)]
        if stale:
            found.append(
                api.StaleSecurityGroup(
                    group_id=group.group_id,
                    group_name=group.group_name,
                    description=group.description,
                    vpc_id=group.vpc_id,
                    stale_ip_permissions=_stale(rule for rule in stale if not rule.is_egress),
                    stale_ip_permissions_egress=_stale(rule for rule in stale if rule.is_egress),
                )
            )
    return api.DescribeStaleSecurityGroupsResult(stale_security_group_set=rows_of(found))


def _is_stale(tx: Tx, rule: SecurityGroupRule) -> bool:
    other = rule.referenced_group_info
    if other is None or other.vpc_id is None:
        return False
    return tx.in_(account=other.user_id).find(SecurityGroup, other.group_id) is None


def _stale(rules: Any) -> list[dict[str, Any]]:
    from sundog.services.ec2.security_group import permissions

    kept = ("IpProtocol", "FromPort", "ToPort", "UserIdGroupPairs")
    return [{name: permission[name] for name in kept} for permission in permissions(rules)]
