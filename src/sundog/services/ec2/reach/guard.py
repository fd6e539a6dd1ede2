"""What guards: security groups around interfaces, network ACLs around subnets."""

from __future__ import annotations

from typing import Any

from sundog.core import Tx
from sundog.services.ec2.managed_prefix_list import entries_of, with_aws_lists
from sundog.services.ec2.reach.packet import NUMBERS, Dropped, Hop, Packet, inside
from sundog.services.ec2.state.interface import NetworkInterface
from sundog.services.ec2.state.network import AclEntry, NetworkAcl, NetworkAclAssociation
from sundog.services.ec2.state.prefix_list import ManagedPrefixList
from sundog.services.ec2.state.security_group import SecurityGroupRule


def pass_groups(tx: Tx, interface: NetworkInterface, packet: Packet, egress: bool) -> Hop | None:
    """The rule of an interface's groups that lets a packet out or in; none guards an interface without groups."""
    if not interface.group_ids:
        return None
    peer = packet.destination if egress else packet.source
    for group_id in interface.group_ids:
        for rule in tx.select(SecurityGroupRule, group_id=group_id):
            if rule.is_egress == egress and _rule_covers(rule, packet) and _rule_names(tx, rule, peer):
                way = "out" if egress else "in"
                return Hop(
                    component=group_id,
                    component_arn=tx.arn(f"security-group/{group_id}"),
                    text=f"rule {rule.security_group_rule_id} lets {_what(packet)} {way} ({_peer(rule)})",
                    detail={"SecurityGroupRule": _shown(rule)},
                )
    names = ", ".join(interface.group_ids)
    raise Dropped(
        Hop(
            component=interface.network_interface_id,
            component_arn=tx.arn(f"network-interface/{interface.network_interface_id}"),
            text=f"no {'egress' if egress else 'ingress'} rule of {names} allows {_what(packet)} "
            f"{'to' if egress else 'from'} {peer}",
            passed=False,
            code="ENI_SG_RULES_MISMATCH",
            detail={
                "Direction": "egress" if egress else "ingress",
                "SecurityGroups": [{"Id": group_id} for group_id in interface.group_ids],
            },
        )
    )


def _what(packet: Packet) -> str:
    name = "all traffic" if packet.protocol == "-1" else packet.protocol
    return name if packet.port is None else f"{name} {packet.port}"


def _rule_covers(rule: SecurityGroupRule, packet: Packet) -> bool:
    if rule.ip_protocol == "-1":
        return True
    if NUMBERS.get(rule.ip_protocol, rule.ip_protocol) != NUMBERS[packet.protocol]:
        return False
    if packet.port is None or packet.protocol not in ("tcp", "udp"):
        return packet.protocol not in ("tcp", "udp") or (rule.from_port, rule.to_port) in ((0, 65535), (None, None))
    return (rule.from_port or 0) <= packet.port <= (65535 if rule.to_port is None else rule.to_port)


def _rule_names(tx: Tx, rule: SecurityGroupRule, address: str) -> bool:
    """Whether a rule's peer is the address, has it, or lists it."""
    if rule.cidr_ipv4 is not None or rule.cidr_ipv6 is not None:
        return inside(address, rule.cidr_ipv4 or rule.cidr_ipv6)
    if rule.prefix_list_id is not None:
        with_aws_lists(tx)
        found = tx.find(ManagedPrefixList, rule.prefix_list_id)
        return found is not None and any(inside(address, entry.cidr) for entry in entries_of(found))
    if rule.referenced_id is None:
        return False
    other = rule.referenced_group_info
    there = tx.in_(account=other.user_id) if other is not None and other.user_id.isdigit() else tx
    for interface in there.select(NetworkInterface, group_ids=rule.referenced_id):
        if any(item.private_ip_address == address for item in interface.private_ip_addresses):
            return True
        if any(item.ipv6_address == address for item in interface.ipv6_addresses):
            return True
    return False


def _peer(rule: SecurityGroupRule) -> str:
    return str(rule.cidr_ipv4 or rule.cidr_ipv6 or rule.prefix_list_id or rule.referenced_id)


def _shown(rule: SecurityGroupRule) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Direction": "egress" if rule.is_egress else "ingress",
        "Protocol": "all" if rule.ip_protocol == "-1" else rule.ip_protocol,
        "Cidr": rule.cidr_ipv4 or rule.cidr_ipv6,
        "PrefixListId": rule.prefix_list_id,
        "SecurityGroupId": rule.referenced_id,
    }
    if rule.from_port is not None:
        found["PortRange"] = {"From": rule.from_port, "To": rule.to_port}
    return found


def acl_of(tx: Tx, subnet_id: str) -> NetworkAcl | None:
    found = tx.select(NetworkAclAssociation, subnet_id=subnet_id).first()
    return tx.find(NetworkAcl, found.network_acl_id) if found is not None else None


def pass_acl(tx: Tx, subnet_id: str, packet: Packet, egress: bool) -> Hop | None:
    """The entry of a subnet's ACL that lets a packet out or in: the first that matches decides."""
    acl = acl_of(tx, subnet_id)
    if acl is None:
        return None
    peer = packet.destination if egress else packet.source
    for entry in sorted(acl.entries, key=lambda item: item.rule_number):
        if entry.egress != egress or not _entry_covers(entry, packet):
            continue
        if not inside(peer, entry.ipv6_cidr_block if ":" in peer else entry.cidr_block):
            continue
        allowed = entry.rule_action == "allow"
        number = "*" if entry.rule_number >= 32767 else entry.rule_number
        hop = Hop(
            component=acl.network_acl_id,
            component_arn=tx.arn(f"network-acl/{acl.network_acl_id}"),
            text=f"entry {number} {'allows' if allowed else 'denies'} {_what(packet)} {'out of' if egress else 'into'} "
            f"{subnet_id}",
            passed=allowed,
            code=None if allowed else "SUBNET_ACL_RESTRICTION",
            detail={"AclRule": _entry_shown(entry), "Subnet": {"Id": subnet_id}}
            if allowed
            else {
                "AclRule": _entry_shown(entry),
                "Acl": {"Id": acl.network_acl_id},
                "Subnet": {"Id": subnet_id},
                "Direction": "egress" if egress else "ingress",
            },
        )
        if not allowed:
            raise Dropped(hop)
        return hop
    raise Dropped(
        Hop(
            component=acl.network_acl_id,
            component_arn=tx.arn(f"network-acl/{acl.network_acl_id}"),
            text=f"no entry allows {_what(packet)} {'out of' if egress else 'into'} {subnet_id}",
            passed=False,
            code="SUBNET_ACL_RESTRICTION",
            detail={"Subnet": {"Id": subnet_id}, "Direction": "egress" if egress else "ingress"},
        )
    )


def _entry_covers(entry: AclEntry, packet: Packet) -> bool:
    if entry.protocol == "-1":
        return True
    if entry.protocol != NUMBERS[packet.protocol]:
        return False
    if entry.port_range is None:
        return True
    if packet.port is None:
        return (entry.port_range.from_, entry.port_range.to) == (0, 65535)
    return entry.port_range.from_ <= packet.port <= entry.port_range.to


def _entry_shown(entry: AclEntry) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Cidr": entry.cidr_block or entry.ipv6_cidr_block,
        "Egress": entry.egress,
        "Protocol": entry.protocol,
        "RuleAction": entry.rule_action,
        "RuleNumber": entry.rule_number,
    }
    if entry.port_range is not None:
        found["PortRange"] = {"From": entry.port_range.from_, "To": entry.port_range.to}
    return found
