"""Security groups."""

from __future__ import annotations

from collections.abc import Iterable

from sundog.core import AwsError, Tx
from sundog.services.ec2.limits import GROUPS_PER_INTERFACE
from sundog.services.ec2.state.network import Vpc
from sundog.services.ec2.state.security_group import ReferencedGroup, SecurityGroup, SecurityGroupRule

ANYWHERE = "0.0.0.0/0"


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


def default_vpc(tx: Tx) -> Vpc | None:
    """The account's default VPC in the region."""
    return tx.select(Vpc, is_default=True).first()


def groups_for(
    tx: Tx, vpc_id: str, ids: Iterable[str] | None = None, names: Iterable[str] | None = None
) -> list[SecurityGroup]:
    """The groups that an interface in the VPC gets: those named by id or by name, else the VPC's default one."""
    found: dict[str, SecurityGroup] = {}
    for group_id in ids or ():
        check_group_id(group_id)
        group = tx.get(SecurityGroup, group_id)
        if group.vpc_id != vpc_id:
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
    from sundog.services.ec2.identifier import check_ids

    check_ids((group_id,), "sg", "InvalidGroupId.Malformed")
