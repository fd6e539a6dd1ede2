"""Security groups."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Rows, Tx, op
from sundog.services.ec2.identifier import check_ids
from sundog.services.ec2.limits import GROUPS_PER_INTERFACE, SECURITY_GROUPS
from sundog.services.ec2.state.interface import NetworkInterface
from sundog.services.ec2.state.network import Vpc
from sundog.services.ec2.state.security_group import (
    ReferencedGroup,
    SecurityGroup,
    SecurityGroupRule,
    SecurityGroupVpcAssociation,
)

ANYWHERE = "0.0.0.0/0"
VALID_TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*")
"""What names and descriptions are made of."""


def make_group(
    tx: Tx, vpc_id: str, name: str, description: str, *, default: bool = False, tags: object = None
) -> SecurityGroup:
    """Add a group that lets everything out, and (``default``) its own members in."""
    group_id = tx.new_id("sg")
    group = tx.add(
        SecurityGroup(
            group_id=group_id,
            security_group_arn=tx.arn(f"security-group/{group_id}"),
            vpc_id=vpc_id,
            owner_id=tx.account,
            group_name=name,
            description=description,
        ),
        tags=tags,
    )
    if default:
        member = ReferencedGroup(group_id=group_id, user_id=tx.account)
        make_rule(tx, group, False, "-1", referenced_group_info=member, referenced_id=group_id)
    make_rule(tx, group, True, "-1", cidr_ipv4=ANYWHERE)
    return group


def make_rule(
    tx: Tx, group: SecurityGroup, egress: bool, protocol: str, *, tags: object = None, **members: object
) -> SecurityGroupRule:
    """Add a rule to a group."""
    rule_id = tx.new_id("sgr")
    return tx.add(
        SecurityGroupRule(
            security_group_rule_id=rule_id,
            security_group_rule_arn=tx.arn(f"security-group-rule/{rule_id}"),
            group_id=group.group_id,
            group_owner_id=group.owner_id,
            is_egress=egress,
            ip_protocol=protocol,
            **members,  # pyright: ignore[reportArgumentType]
        ),
        tags=tags,
    )


def default_group(tx: Tx, vpc_id: str) -> SecurityGroup:
    """The group that a VPC was made with."""
    found = tx.select(SecurityGroup, group_name="default", vpc_id=vpc_id).first()
    assert found is not None
    return found


def group_named(tx: Tx, name: str, vpc_id: str) -> SecurityGroup | None:
    return tx.select(SecurityGroup, group_name=name, vpc_id=vpc_id).first()


def groups_for(
    tx: Tx, vpc_id: str, ids: Iterable[str] | None = None, names: Iterable[str] | None = None
) -> list[SecurityGroup]:
    """The groups that an interface in the VPC gets: those named by id or by name, else the VPC's default one."""
    found: dict[str, SecurityGroup] = {}
    for group_id in ids or ():
        check_group_id(group_id)
        group = tx.get(SecurityGroup, group_id)
        if not usable_in(tx, group, vpc_id):
            raise AwsError("InvalidParameter", f"Security group {group_id} and subnet belong to different networks.")
        found[group_id] = group
    for name in names or ():
        group = group_named(tx, name, vpc_id)
        if group is None and name.startswith("sg-"):
            group = tx.find(SecurityGroup, name)
        if group is None:
            raise AwsError("InvalidGroup.NotFound", f"The security group '{name}' does not exist in VPC '{vpc_id}'")
        found[group.group_id] = group
    if not found:
        return [default_group(tx, vpc_id)]
    if len(found) > GROUPS_PER_INTERFACE:
        raise AwsError(
            "SecurityGroupsPerInterfaceLimitExceeded",
            "The maximum number of security groups per interface has been reached.",
        )
    return list(found.values())


def check_group_id(group_id: str) -> None:
    """Refuse what can't be a group's id."""
    check_ids((group_id,), "sg", "InvalidGroupId.Malformed")


def usable_in(tx: Tx, group: SecurityGroup, vpc_id: str) -> bool:
    """Whether a group is of the VPC, or associated with it."""
    return group.vpc_id == vpc_id or tx.find(SecurityGroupVpcAssociation, group.group_id, vpc_id) is not None


def group_of(tx: Tx, group_id: str | None, name: str | None) -> SecurityGroup:
    """The group that a request names by id, or by its name in the default VPC."""
    if group_id is not None:
        check_group_id(group_id)
        return tx.get(SecurityGroup, group_id)
    if name is None:
        raise AwsError("MissingParameter", "The request must contain the parameter GroupName or GroupId")
    return _in_default_vpc(tx, name)


def _in_default_vpc(tx: Tx, name: str) -> SecurityGroup:
    vpc = tx.select(Vpc, is_default=True).first()
    if vpc is None:
        raise AwsError("VPCIdNotSpecified", "No default VPC for this user")
    found = group_named(tx, name, vpc.vpc_id)
    if found is None:
        raise AwsError(
            "InvalidGroup.NotFound", f"The security group '{name}' does not exist in default VPC '{vpc.vpc_id}'"
        )
    return found


@op
def create_security_group(tx: Tx, req: api.CreateSecurityGroupRequest) -> api.CreateSecurityGroupResult:
    """Make a group that lets everything out and nothing in."""
    if req.vpc_id:
        vpc = tx.get(Vpc, req.vpc_id)
    else:
        found = tx.select(Vpc, is_default=True).first()
        if found is None:
            raise AwsError("VPCIdNotSpecified", "No default VPC for this user")
        vpc = found
    _check_texts(req.group_name, req.description)
    if group_named(tx, req.group_name, vpc.vpc_id) is not None:
        raise AwsError(
            "InvalidGroup.Duplicate",
            f"The security group '{req.group_name}' already exists for VPC '{vpc.vpc_id}'",
        )
    if len(tx.store.part(SecurityGroup, tx.account, tx.region)) >= SECURITY_GROUPS:
        raise AwsError("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.")
    group = make_group(tx, vpc.vpc_id, req.group_name, req.description, tags=req.tag_specifications)
    return api.CreateSecurityGroupResult(
        group_id=group.group_id, security_group_arn=group.security_group_arn, tags=group.tags or None
    )


def _check_texts(name: str, description: str) -> None:
    if not name:
        raise AwsError("MissingParameter", "The request must contain the parameter GroupName")
    if not description:
        raise AwsError("MissingParameter", "The request must contain the parameter GroupDescription")
    for parameter, value in (("GroupName", name), ("GroupDescription", description)):
        if not value.isascii():
            raise AwsError(
                "InvalidParameterValue",
                f"Value ({value}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported.",
            )
    if len(name) > 255 or not VALID_TEXT.fullmatch(name):
        raise AwsError(
            "InvalidParameterValue",
            "Invalid security group name. Valid names are strings less than 256 characters from the following set:  "
            "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        )
    if len(description) > 255 or not VALID_TEXT.fullmatch(description):
        raise AwsError(
            "InvalidParameterValue",
            "Invalid security group description. Valid descriptions are strings less than 256 characters from the "
            "following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        )
    if name == "default":
        raise AwsError("InvalidParameterValue", "Cannot use reserved security group name: default")
    if name.startswith("sg-"):
        raise AwsError(
            "InvalidParameterValue",
            f"Invalid value '{name}' for groupName. Group names may not be in the format sg-*.",
        )


@op
def delete_security_group(tx: Tx, req: api.DeleteSecurityGroupRequest) -> api.DeleteSecurityGroupResult:
    """Delete a group that no interface has and no other group's rule names."""
    group = group_of(tx, req.group_id, req.group_name)
    if group.group_name == "default":
        raise AwsError(
            "CannotDelete",
            f'the specified group: "{group.group_id}" name: "default" cannot be deleted by a user',
        )
    if tx.select(NetworkInterface, group_ids=group.group_id) or any(_named_by(tx, group)):
        raise AwsError("DependencyViolation", f"resource {group.group_id} has a dependent object")
    if tx.select(SecurityGroupVpcAssociation, group_id=group.group_id):
        raise AwsError("DependencyViolation", f"resource {group.group_id} has a dependent object")
    delete_group(tx, group)
    return api.DeleteSecurityGroupResult(return_=True, group_id=group.group_id)


def _named_by(tx: Tx, group: SecurityGroup) -> Iterable[bool]:
    """For each rule that names the group, whether it is another group's of the same VPC; peers' rules become stale."""
    for rule in tx.select(SecurityGroupRule, referenced_id=group.group_id):
        owner = tx.find(SecurityGroup, rule.group_id)
        yield owner is not None and owner.group_id != group.group_id and owner.vpc_id == group.vpc_id


def delete_group(tx: Tx, group: SecurityGroup) -> None:
    """Remove a group with its rules."""
    for rule in tx.select(SecurityGroupRule, group_id=group.group_id):
        tx.delete(rule)
    tx.delete(group)


def view(tx: Tx, group: SecurityGroup) -> api.SecurityGroup:
    """A group with its rules, in the form of permissions."""
    rules = list(tx.select(SecurityGroupRule, group_id=group.group_id))
    return api.SecurityGroup(
        group_id=group.group_id,
        security_group_arn=group.security_group_arn,
        vpc_id=group.vpc_id,
        owner_id=group.owner_id,
        group_name=group.group_name,
        description=group.description,
        ip_permissions=permissions(rule for rule in rules if not rule.is_egress),
        ip_permissions_egress=permissions(rule for rule in rules if rule.is_egress),
        tags=group.tags or None,
    )


def permissions(rules: Iterable[SecurityGroupRule]) -> list[dict[str, Any]]:
    """Rules as permissions, in botocore's form: one for each protocol and range of ports, with all their peers."""
    found: dict[tuple[str, int | None, int | None], dict[str, Any]] = {}
    for rule in rules:
        key = (rule.ip_protocol, rule.from_port, rule.to_port)
        permission = found.get(key)
        if permission is None:
            permission = found[key] = {
                "IpProtocol": rule.ip_protocol,
                "FromPort": rule.from_port,
                "ToPort": rule.to_port,
                "IpRanges": [],
                "Ipv6Ranges": [],
                "PrefixListIds": [],
                "UserIdGroupPairs": [],
            }
        kind, peer = _peer(rule)
        if rule.description is not None:
            peer["Description"] = rule.description
        permission[kind].append(peer)
    return list(found.values())


def _peer(rule: SecurityGroupRule) -> tuple[str, dict[str, Any]]:
    if rule.cidr_ipv4 is not None:
        return "IpRanges", {"CidrIp": rule.cidr_ipv4}
    if rule.cidr_ipv6 is not None:
        return "Ipv6Ranges", {"CidrIpv6": rule.cidr_ipv6}
    if rule.prefix_list_id is not None:
        return "PrefixListIds", {"PrefixListId": rule.prefix_list_id}
    other = rule.referenced_group_info
    assert other is not None
    pair = {"GroupId": other.group_id, "UserId": other.user_id}
    if other.vpc_id is not None:
        pair |= {"VpcId": other.vpc_id}
    if other.vpc_peering_connection_id is not None:
        pair |= {"VpcPeeringConnectionId": other.vpc_peering_connection_id}
    if other.peering_status is not None:
        pair |= {"PeeringStatus": other.peering_status}
    return "UserIdGroupPairs", pair


@op
def describe_security_groups(tx: Tx, req: api.DescribeSecurityGroupsRequest) -> api.DescribeSecurityGroupsResult:
    """List groups; names are those of the default VPC."""
    for group_id in req.group_ids or ():
        check_group_id(group_id)
    among: Rows[SecurityGroup] | None = None
    if req.group_names:
        ids = {_in_default_vpc(tx, name).group_id for name in req.group_names}
        if req.group_ids:
            ids &= {group.group_id for group in tx.get_all(SecurityGroup, req.group_ids)}
        among = tx.select(SecurityGroup).where(lambda group: group.group_id in ids)
        found = tx.search(SecurityGroup, filters=req.filters, among=among)
    else:
        found = tx.search(SecurityGroup, ids=req.group_ids, filters=req.filters)
    return api.DescribeSecurityGroupsResult(security_groups=found.map(lambda group: view(tx, group)))
