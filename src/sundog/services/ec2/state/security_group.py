"""Security groups and their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names

if TYPE_CHECKING:
    from sundog.core import Tx


class ReferencedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The group whose members a rule lets through. ``vpc_id`` is set if it lies in another VPC."""

    group_id: str
    user_id: str
    vpc_id: str | None = None
    vpc_peering_connection_id: str | None = None
    peering_status: str | None = None


@record(
    missing=("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '{}' does not exist"),
    tagged_as="security-group-rule",
    order="added",
    filters=parse_names(("group-id", "security-group-rule-id")),
)
class SecurityGroupRule(Record):
    """One peer let in, or out (``is_egress``), by one protocol and range of ports; exactly one kind of peer is set."""

    security_group_rule_id: Key[str]
    security_group_rule_arn: str
    group_id: Index[str]
    group_owner_id: str
    is_egress: bool
    ip_protocol: str
    from_port: int | None = None
    to_port: int | None = None
    cidr_ipv4: str | None = None
    cidr_ipv6: str | None = None
    prefix_list_id: str | None = None
    referenced_group_info: ReferencedGroup | None = None
    referenced_id: Index[str | None] = None
    description: str | None = None
    tags: Tags = NO_TAGS


def _of_rules(prefix: str, egress: bool) -> dict[str, Callable[[Tx, Any], Iterable[Any]]]:
    """Filters of groups on their rules in one direction."""

    def by(read: Callable[[SecurityGroupRule], Any]) -> Callable[[Tx, Any], Iterable[Any]]:
        def values(tx: Tx, group: Any) -> Iterable[Any]:
            rules = tx.select(SecurityGroupRule, group_id=group.group_id)
            found = (read(rule) for rule in rules if rule.is_egress == egress)
            return [value for value in found if value is not None]

        return values

    def group_names(tx: Tx, group: Any) -> Iterable[Any]:
        for group_id in by(lambda rule: rule.referenced_id)(tx, group):
            other = tx.find(SecurityGroup, group_id)
            if other is not None:
                yield other.group_name

    return {
        prefix + "cidr": by(lambda rule: rule.cidr_ipv4),
        prefix + "from-port": by(lambda rule: rule.from_port),
        prefix + "group-id": by(lambda rule: rule.referenced_id),
        prefix + "group-name": group_names,
        prefix + "ipv6-cidr": by(lambda rule: rule.cidr_ipv6),
        prefix + "prefix-list-id": by(lambda rule: rule.prefix_list_id),
        prefix + "protocol": by(lambda rule: rule.ip_protocol),
        prefix + "to-port": by(lambda rule: rule.to_port),
        prefix + "user-id": by(lambda rule: rule.referenced_group_info and rule.referenced_group_info.user_id),
    }


@record(
    missing=("InvalidGroup.NotFound", "The security group '{}' does not exist"),
    tagged_as="security-group",
    order="added",
    bare=True,
    filters={
        **parse_names(("description", "group-id", "group-name", "owner-id", "vpc-id")),
        **_of_rules("ip-permission.", False),
        **_of_rules("egress.ip-permission.", True),
    },
)
class SecurityGroup(Record):
    """A stateful firewall around network interfaces. Its rules are rows of their own."""

    group_id: Key[str]
    security_group_arn: str
    vpc_id: Index[str]
    owner_id: str
    group_name: Index[str]
    description: str
    tags: Tags = NO_TAGS


@record(
    order="added",
    filters=parse_names(("group-id", "vpc-id", "vpc-owner-id", "group-owner-id", "state")),
)
class SecurityGroupVpcAssociation(Record):
    """Another VPC in which a group may be used."""

    group_id: Key[str]
    vpc_id: Key[str]
    vpc_owner_id: str
    group_owner_id: str
    state: str = "associated"
