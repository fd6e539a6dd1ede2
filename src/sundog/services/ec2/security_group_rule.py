"""Rules of security groups: as permissions, and as resources of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.limits import RULES_PER_GROUP
from sundog.services.ec2.permission import Spec, address, checked_description, key_of, ports, specs_of, with_peer
from sundog.services.ec2.security_group import check_group_id, group_of, make_rule, permissions
from sundog.services.ec2.state.security_group import ReferencedGroup, SecurityGroup, SecurityGroupRule


@op
def authorize_security_group_ingress(
    tx: Tx, req: api.AuthorizeSecurityGroupIngressRequest
) -> api.AuthorizeSecurityGroupIngressResult:
    """Let peers in."""
    group = group_of(tx, req.group_id, req.group_name)
    rules = _authorize(tx, group, req, egress=False)
    return api.AuthorizeSecurityGroupIngressResult(return_=True, security_group_rules=rules)


@op
def authorize_security_group_egress(
    tx: Tx, req: api.AuthorizeSecurityGroupEgressRequest
) -> api.AuthorizeSecurityGroupEgressResult:
    """Let packets out to peers."""
    rules = _authorize(tx, group_of(tx, req.group_id, None), req, egress=True)
    return api.AuthorizeSecurityGroupEgressResult(return_=True, security_group_rules=rules)


def _authorize(tx: Tx, group: SecurityGroup, req: Any, egress: bool) -> list[dict[str, Any]]:
    specs = specs_of(tx, group, req)
    known = {key_of(rule): rule for rule in rules_of(tx, group, egress)}
    made: list[SecurityGroupRule] = []
    for spec in specs:
        if spec.key in known:
            raise AwsError("InvalidPermission.Duplicate", f'the specified rule "{spec.text()}" already exists')
        rule = make_rule(tx, group, egress, spec.ip_protocol, tags=req.tag_specifications, **_fields(spec))
        known[spec.key] = rule
        made.append(rule)
    _check_limit(known.values())
    return [view(rule) for rule in made]


def _fields(spec: Spec) -> dict[str, Any]:
    other = spec.referenced_group_info
    return {
        "from_port": spec.from_port,
        "to_port": spec.to_port,
        "cidr_ipv4": spec.cidr_ipv4,
        "cidr_ipv6": spec.cidr_ipv6,
        "prefix_list_id": spec.prefix_list_id,
        "referenced_group_info": other,
        "referenced_id": other.group_id if other else None,
        "description": spec.description,
    }


def _check_limit(rules: Iterable[SecurityGroupRule]) -> None:
    """Refuse too many rules of one family; a rule that names a group or a list counts in both."""
    both = list(rules)
    four = sum(1 for rule in both if rule.cidr_ipv6 is None)
    six = sum(1 for rule in both if rule.cidr_ipv4 is None)
    if max(four, six) > RULES_PER_GROUP:
        raise AwsError(
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
        )


def rules_of(tx: Tx, group: SecurityGroup, egress: bool) -> list[SecurityGroupRule]:
    """A group's rules in one direction."""
    return [rule for rule in tx.select(SecurityGroupRule, group_id=group.group_id) if rule.is_egress == egress]


def view(rule: SecurityGroupRule) -> dict[str, Any]:
    """A rule as a resource, in botocore's form; it shows ports where a permission shows none."""
    other = rule.referenced_group_info
    return {
        "SecurityGroupRuleId": rule.security_group_rule_id,
        "GroupId": rule.group_id,
        "GroupOwnerId": rule.group_owner_id,
        "IsEgress": rule.is_egress,
        "IpProtocol": rule.ip_protocol,
        "FromPort": -1 if rule.from_port is None else rule.from_port,
        "ToPort": -1 if rule.to_port is None else rule.to_port,
        "CidrIpv4": rule.cidr_ipv4,
        "CidrIpv6": rule.cidr_ipv6,
        "PrefixListId": rule.prefix_list_id,
        "ReferencedGroupInfo": None if other is None else _referenced(other),
        "Description": rule.description,
        "Tags": rule.tags,
        "SecurityGroupRuleArn": rule.security_group_rule_arn,
    }


def _referenced(other: ReferencedGroup) -> dict[str, Any]:
    return {
        "GroupId": other.group_id,
        "UserId": other.user_id,
        "VpcId": other.vpc_id,
        "VpcPeeringConnectionId": other.vpc_peering_connection_id,
        "PeeringStatus": other.peering_status,
    }


@op
def revoke_security_group_ingress(
    tx: Tx, req: api.RevokeSecurityGroupIngressRequest
) -> api.RevokeSecurityGroupIngressResult:
    """Let peers in no longer."""
    group = group_of(tx, req.group_id, req.group_name)
    return api.RevokeSecurityGroupIngressResult(**_revoke(tx, group, req, egress=False))


@op
def revoke_security_group_egress(
    tx: Tx, req: api.RevokeSecurityGroupEgressRequest
) -> api.RevokeSecurityGroupEgressResult:
    """Let packets out to peers no longer."""
    return api.RevokeSecurityGroupEgressResult(**_revoke(tx, group_of(tx, req.group_id, None), req, egress=True))


def _revoke(tx: Tx, group: SecurityGroup, req: Any, egress: bool) -> dict[str, Any]:
    """What is left to answer after rules are removed: of the default VPC, unknown ones are only told of."""
    if req.security_group_rule_ids:
        gone = [_rule(tx, group, rule_id, egress) for rule_id in req.security_group_rule_ids]
        unknown: list[Spec] = []
    else:
        specs = specs_of(tx, group, req, lookup=False)
        known = {key_of(rule): rule for rule in rules_of(tx, group, egress)}
        gone = list({spec.key: known[spec.key] for spec in specs if spec.key in known}.values())
        unknown = [spec for spec in specs if spec.key not in known]
        if unknown and not _in_default_vpc(tx, group):
            raise not_found()
    for rule in gone:
        tx.delete(rule)
    return {
        "return_": True,
        "unknown_ip_permissions": permissions(_as_rule(group, spec, egress) for spec in unknown) or None,
        "revoked_security_group_rules": [_revoked(rule) for rule in gone],
    }


def _in_default_vpc(tx: Tx, group: SecurityGroup) -> bool:
    from sundog.services.ec2.state.network import Vpc

    vpc = tx.find(Vpc, group.vpc_id)
    return vpc is not None and vpc.is_default


def not_found() -> AwsError:
    return AwsError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")


def _rule(tx: Tx, group: SecurityGroup, rule_id: str, egress: bool) -> SecurityGroupRule:
    """The group's rule with an id, in the direction that the operation is about."""
    rule = tx.get(SecurityGroupRule, rule_id)
    if rule.group_id != group.group_id or rule.is_egress != egress:
        raise AwsError("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{rule_id}' does not exist")
    return rule


def _as_rule(group: SecurityGroup, spec: Spec, egress: bool) -> SecurityGroupRule:
    return SecurityGroupRule(
        security_group_rule_id="",
        security_group_rule_arn="",
        group_id=group.group_id,
        group_owner_id=group.owner_id,
        is_egress=egress,
        ip_protocol=spec.ip_protocol,
        **_fields(spec),
    )


def _revoked(rule: SecurityGroupRule) -> dict[str, Any]:
    shown = view(rule)
    return {
        "SecurityGroupRuleId": rule.security_group_rule_id,
        "GroupId": rule.group_id,
        "IsEgress": rule.is_egress,
        "IpProtocol": rule.ip_protocol,
        "FromPort": shown["FromPort"],
        "ToPort": shown["ToPort"],
        "CidrIpv4": rule.cidr_ipv4,
        "CidrIpv6": rule.cidr_ipv6,
        "PrefixListId": rule.prefix_list_id,
        "ReferencedGroupId": rule.referenced_id,
        "Description": rule.description,
    }


@op
def describe_security_group_rules(
    tx: Tx, req: api.DescribeSecurityGroupRulesRequest
) -> api.DescribeSecurityGroupRulesResult:
    """List rules."""
    found = tx.search(SecurityGroupRule, ids=req.security_group_rule_ids, filters=req.filters)
    return api.DescribeSecurityGroupRulesResult(security_group_rules=found.map(view))


@op
def modify_security_group_rules(tx: Tx, req: api.ModifySecurityGroupRulesRequest) -> api.ModifySecurityGroupRulesResult:
    """Replace what rules of a group say; they keep their ids."""
    check_group_id(req.group_id)
    group = tx.get(SecurityGroup, req.group_id)
    for change in req.security_group_rules:
        rule = tx.get(SecurityGroupRule, change.security_group_rule_id)
        if rule.group_id != group.group_id:
            raise AwsError(
                "InvalidSecurityGroupRuleId.NotFound",
                f"The security group rule ID '{change.security_group_rule_id}' does not exist",
            )
        spec = _requested(tx, group, change.security_group_rule)
        for other in rules_of(tx, group, rule.is_egress):
            if other.security_group_rule_id != rule.security_group_rule_id and key_of(other) == spec.key:
                raise AwsError("InvalidPermission.Duplicate", f'the specified rule "{spec.text()}" already exists')
        tx.update(rule, ip_protocol=spec.ip_protocol, **_fields(spec))
    return api.ModifySecurityGroupRulesResult(return_=True)


def _requested(tx: Tx, group: SecurityGroup, wanted: Any) -> Spec:
    if wanted is None or wanted.ip_protocol is None:
        raise AwsError("MissingParameter", "The request must contain the parameter IpProtocol")
    protocol, low, high = ports(wanted.ip_protocol, wanted.from_port, wanted.to_port)
    base = Spec(ip_protocol=protocol, from_port=low, to_port=high)
    peers: list[dict[str, Any]] = []
    if wanted.cidr_ipv4 is not None:
        peers.append(address(wanted.cidr_ipv4))
    if wanted.cidr_ipv6 is not None:
        peers.append(address(wanted.cidr_ipv6, six=True))
    if wanted.prefix_list_id is not None:
        peers.append({"prefix_list_id": wanted.prefix_list_id})
    if wanted.referenced_group_id is not None:
        check_group_id(wanted.referenced_group_id)
        other = tx.get(SecurityGroup, wanted.referenced_group_id)
        peers.append({"referenced_group_info": ReferencedGroup(group_id=other.group_id, user_id=other.owner_id)})
    if len(peers) != 1:
        raise AwsError(
            "InvalidParameterCombination" if peers else "MissingParameter",
            "The request must contain exactly one of CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId",
        )
    return with_peer(base, wanted.description, **peers[0])


@op
def update_security_group_rule_descriptions_ingress(
    tx: Tx, req: api.UpdateSecurityGroupRuleDescriptionsIngressRequest
) -> api.UpdateSecurityGroupRuleDescriptionsIngressResult:
    """Describe rules that let in anew."""
    _redescribe(tx, req, egress=False)
    return api.UpdateSecurityGroupRuleDescriptionsIngressResult(return_=True)


@op
def update_security_group_rule_descriptions_egress(
    tx: Tx, req: api.UpdateSecurityGroupRuleDescriptionsEgressRequest
) -> api.UpdateSecurityGroupRuleDescriptionsEgressResult:
    """Describe rules that let out anew."""
    _redescribe(tx, req, egress=True)
    return api.UpdateSecurityGroupRuleDescriptionsEgressResult(return_=True)


def _redescribe(tx: Tx, req: Any, egress: bool) -> None:
    group = group_of(tx, req.group_id, req.group_name)
    if req.security_group_rule_descriptions:
        for item in req.security_group_rule_descriptions:
            rule = _rule(tx, group, item.security_group_rule_id, egress)
            tx.update(rule, description=checked_description(item.description))
        return
    if not req.ip_permissions:
        raise AwsError(
            "MissingParameter", "Either 'ipPermissions' or 'securityGroupRuleDescriptions' should be provided."
        )
    known = {key_of(rule): rule for rule in rules_of(tx, group, egress)}
    for spec in specs_of(tx, group, _Permissions(req.ip_permissions), lookup=False):
        rule = known.get(spec.key)
        if rule is None:
            raise not_found()
        tx.update(rule, description=spec.description)


class _Permissions:
    """Permissions where a request with all its parameters is expected."""

    def __init__(self, permissions: list[Any]) -> None:
        self.ip_permissions = permissions
