"""From the permissions of a request, in all their forms, to rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sundog.core import AwsError, Tx
from sundog.services.ec2.cidr import ipv4_range, ipv6_range, range6_text, range_text
from sundog.services.ec2.foreign import described, peering
from sundog.services.ec2.security_group import VALID_TEXT, check_group_id, group_named
from sundog.services.ec2.state.security_group import ReferencedGroup, SecurityGroup, SecurityGroupRule

_NAMES = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "all": "-1"}
_PORTED = ("tcp", "udp", "icmp", "icmpv6")


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says, whoever's it is."""

    ip_protocol: str
    from_port: int | None = None
    to_port: int | None = None
    cidr_ipv4: str | None = None
    cidr_ipv6: str | None = None
    prefix_list_id: str | None = None
    referenced_group_info: ReferencedGroup | None = None
    description: str | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What no two rules of a group in one direction may have in common."""
        other = self.referenced_group_info
        return (
            self.ip_protocol,
            self.from_port,
            self.to_port,
            self.cidr_ipv4,
            self.cidr_ipv6,
            self.prefix_list_id,
            other.group_id if other else None,
        )

    @property
    def peer(self) -> str:
        other = self.referenced_group_info
        return self.cidr_ipv4 or self.cidr_ipv6 or self.prefix_list_id or (other.group_id if other else "")

    def text(self) -> str:
        """The rule as EC2 names it in errors."""
        protocol = "ALL" if self.ip_protocol == "-1" else self.ip_protocol.upper()
        parts = [f"peer: {self.peer}", protocol]
        if self.ip_protocol in ("tcp", "udp"):
            parts += [f"from port: {self.from_port}", f"to port: {self.to_port}"]
        elif self.ip_protocol in ("icmp", "icmpv6"):
            parts += [f"type: {_or_all(self.from_port)}", f"code: {_or_all(self.to_port)}"]
        return ", ".join([*parts, "ALLOW"])


def _or_all(number: int | None) -> str:
    return "ALL" if number in (None, -1) else str(number)


def key_of(rule: SecurityGroupRule) -> tuple[Any, ...]:
    """A rule's ``Spec.key``."""
    return (
        rule.ip_protocol,
        rule.from_port,
        rule.to_port,
        rule.cidr_ipv4,
        rule.cidr_ipv6,
        rule.prefix_list_id,
        rule.referenced_id,
    )


def specs_of(tx: Tx, group: SecurityGroup, req: Any, lookup: bool = True) -> list[Spec]:
    """The rules that a request asks for: by permissions, or by EC2-Classic's flat parameters.

    ``lookup``: the groups named must be there; without it they are taken as they are, to revoke what names a lost one.
    """
    if req.ip_permissions:
        return [spec for permission in req.ip_permissions for spec in _specs(tx, group, permission, lookup)]
    if req.ip_protocol is None and req.cidr_ip is None and req.source_security_group_name is None:
        raise AwsError("MissingParameter", "The request must contain the parameter ipPermissions")
    return list(_flat(tx, group, req, lookup))


def _flat(tx: Tx, group: SecurityGroup, req: Any, lookup: bool) -> Iterator[Spec]:
    source = req.source_security_group_name
    if source is not None:
        other = _group(tx, group, None, source, req.source_security_group_owner_id, None, lookup)
        if req.ip_protocol is None:
            # Without a protocol, a source group stands for all of TCP, UDP and ICMP.
            yield Spec(ip_protocol="tcp", from_port=0, to_port=65535, referenced_group_info=other)
            yield Spec(ip_protocol="udp", from_port=0, to_port=65535, referenced_group_info=other)
            yield Spec(ip_protocol="icmp", from_port=-1, to_port=-1, referenced_group_info=other)
            return
        protocol, low, high = ports(req.ip_protocol, req.from_port, req.to_port)
        yield Spec(ip_protocol=protocol, from_port=low, to_port=high, referenced_group_info=other)
    if req.cidr_ip is not None:
        if req.ip_protocol is None:
            raise AwsError("MissingParameter", "The request must contain the parameter ipProtocol")
        protocol, low, high = ports(req.ip_protocol, req.from_port, req.to_port)
        yield with_peer(Spec(ip_protocol=protocol, from_port=low, to_port=high), None, **address(req.cidr_ip))
    elif source is None:
        raise AwsError("MissingParameter", "The request must contain the parameter cidrIp")


def _specs(tx: Tx, group: SecurityGroup, permission: Any, lookup: bool) -> Iterator[Spec]:
    if permission.ip_protocol is None:
        raise AwsError("MissingParameter", "The request must contain the parameter ipProtocol")
    protocol, low, high = ports(permission.ip_protocol, permission.from_port, permission.to_port)
    base = Spec(ip_protocol=protocol, from_port=low, to_port=high)
    count = 0
    for item in permission.ip_ranges or ():
        count += 1
        yield with_peer(base, item.description, **address(item.cidr_ip))
    for item in permission.ipv6_ranges or ():
        count += 1
        yield with_peer(base, item.description, **address(item.cidr_ipv6, six=True))
    for item in permission.prefix_list_ids or ():
        count += 1
        if lookup:
            described(tx, "DescribeManagedPrefixLists", prefix_list_ids=[item.prefix_list_id])
        yield with_peer(base, item.description, prefix_list_id=item.prefix_list_id)
    for item in permission.user_id_group_pairs or ():
        count += 1
        other = _group(tx, group, item.group_id, item.group_name, item.user_id, item.vpc_id, lookup)
        yield with_peer(base, item.description, referenced_group_info=other)
    if not count:
        raise AwsError(
            "MissingParameter",
            "The request must contain at least one of ipRanges, ipv6Ranges, prefixListIds, userIdGroupPairs",
        )


def with_peer(base: Spec, description: str | None, **peer: Any) -> Spec:
    """The rule with a peer and a description."""
    return msgspec.structs.replace(base, description=checked_description(description), **peer)


def checked_description(text: str | None) -> str | None:
    if text and (len(text) > 255 or not VALID_TEXT.fullmatch(text)):
        raise AwsError(
            "InvalidParameterValue",
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set: "
            " a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        )
    return text or None


def ports(protocol: str, low: int | None, high: int | None) -> tuple[str, int | None, int | None]:
    """The protocol's usual name, with the ports (for ICMP type and code) that it has."""
    protocol = _NAMES.get(protocol.lower(), protocol.lower())
    if protocol not in _PORTED:
        if protocol != "-1" and not (protocol.isdecimal() and int(protocol) < 256):
            raise AwsError("InvalidParameterValue", f"Invalid value '{protocol}' for IP protocol. Unknown protocol.")
        return protocol, None, None
    if protocol in ("icmp", "icmpv6"):
        kind, code = -1 if low is None else low, -1 if high is None else high
        if not -1 <= kind <= 255 or not -1 <= code <= 255:
            raise AwsError("InvalidParameterValue", f"ICMP code ({code}) out of range")
        return protocol, kind, code
    if low is None or high is None:
        raise AwsError(
            "InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
        )
    if low == -1 and high == -1:
        low, high = 0, 65535
    for port in (low, high):
        if not 0 <= port <= 65535:
            raise AwsError("InvalidParameterValue", f"Invalid value '{port}' for portRange. TCP/UDP port out of range")
    if low > high:
        raise AwsError("InvalidParameterValue", f"Invalid TCP/UDP port range ({low}:{high})")
    return protocol, low, high


def address(text: str | None, six: bool = False) -> dict[str, str]:
    """A CIDR block as the field of a rule; the flat form takes both kinds in one parameter."""
    if not six:
        found = ipv4_range(text)
        if found is not None:
            return {"cidr_ipv4": range_text(found)}
    found = ipv6_range(text)
    if found is None:
        raise AwsError("InvalidParameterValue", f"CIDR block {text} is malformed")
    return {"cidr_ipv6": range6_text(found)}


def _group(
    tx: Tx,
    group: SecurityGroup,
    group_id: str | None,
    name: str | None,
    user: str | None,
    vpc: str | None,
    lookup: bool,
) -> ReferencedGroup:
    """The group that a pair names: by id, or by its name in the same VPC."""
    account = user.replace("-", "") if user else tx.account
    there = tx.in_(account=account) if account != tx.account else tx
    if group_id is None:
        if name is None:
            raise AwsError("MissingParameter", "The request must contain the parameter GroupId or GroupName")
        found = group_named(there, name, group.vpc_id)
        if found is None:
            raise AwsError(
                "InvalidGroup.NotFound", f"The security group '{name}' does not exist in VPC '{group.vpc_id}'"
            )
    else:
        check_group_id(group_id)
        found = there.find(SecurityGroup, group_id)
        if found is None and there is tx and lookup:
            found = next((row for _, region, row in _everywhere(tx, group_id) if region == tx.region), None)
        if found is None:
            if lookup:
                raise AwsError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
            return ReferencedGroup(group_id=group_id, user_id=account)
    if found.vpc_id == group.vpc_id:
        return ReferencedGroup(group_id=found.group_id, user_id=found.owner_id)
    connection = peering(tx, group.vpc_id, found.vpc_id) if lookup else None
    if connection is None and lookup:
        raise AwsError("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
    return ReferencedGroup(
        group_id=found.group_id,
        user_id=found.owner_id,
        vpc_id=found.vpc_id,
        vpc_peering_connection_id=connection,
        peering_status="active",
    )


def _everywhere(tx: Tx, group_id: str) -> Iterator[tuple[str, str, SecurityGroup]]:
    return (found for found in tx.everywhere(SecurityGroup) if found[2].group_id == group_id)
