"""Network ACLs and their entries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.cidr import checked_range, checked_range6, range6_text, range_text
from sundog.services.ec2.dependency import in_use
from sundog.services.ec2.limits import ACLS_PER_VPC, ENTRIES_PER_ACL
from sundog.services.ec2.state.network import (
    AclEntry,
    IcmpTypeCode,
    NetworkAcl,
    NetworkAclAssociation,
    PortRange,
    Vpc,
)
from sundog.services.ec2.vpc import ANYWHERE, LAST_RULE

_PROTOCOLS = {"icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58", "all": "-1"}
LAST_IPV6 = 32768


def in_order(entries: Iterable[AclEntry]) -> tuple[AclEntry, ...]:
    """Entries as they are shown: outward ones first, each direction by number."""
    return tuple(sorted(entries, key=lambda entry: (not entry.egress, entry.rule_number)))


@op
def create_network_acl(tx: Tx, req: api.CreateNetworkAclRequest) -> api.CreateNetworkAclResult:
    """Make an ACL that lets nothing pass yet."""
    vpc = tx.get(Vpc, req.vpc_id)
    if tx.select(NetworkAcl, vpc_id=vpc.vpc_id).count() >= ACLS_PER_VPC:
        raise AwsError("NetworkAclLimitExceeded", "The maximum number of network acls has been reached.")
    deny = [
        AclEntry(rule_number=LAST_RULE, egress=egress, protocol="-1", rule_action="deny", cidr_block=ANYWHERE)
        for egress in (True, False)
    ]
    if vpc.ipv6_cidr_block_association_set:
        deny.extend(
            AclEntry(rule_number=LAST_IPV6, egress=egress, protocol="-1", rule_action="deny", ipv6_cidr_block="::/0")
            for egress in (True, False)
        )
    acl = tx.add(
        NetworkAcl(network_acl_id=tx.new_id("acl"), vpc_id=vpc.vpc_id, owner_id=tx.account, entries=in_order(deny)),
        tags=req.tag_specifications,
    )
    return api.CreateNetworkAclResult(network_acl=view(tx, acl), client_token=req.client_token)


def view(tx: Tx, acl: NetworkAcl) -> api.NetworkAcl:
    """An ACL with the subnets that it guards."""
    return api.NetworkAcl(
        network_acl_id=acl.network_acl_id,
        vpc_id=acl.vpc_id,
        owner_id=acl.owner_id,
        is_default=acl.is_default,
        entries=acl.entries,
        associations=tx.select(NetworkAclAssociation, network_acl_id=acl.network_acl_id),
        tags=acl.tags,
    )


@op
def describe_network_acls(tx: Tx, req: api.DescribeNetworkAclsRequest) -> api.DescribeNetworkAclsResult:
    """List ACLs."""
    found = tx.search(NetworkAcl, ids=req.network_acl_ids, filters=req.filters)
    return api.DescribeNetworkAclsResult(network_acls=found.map(lambda acl: view(tx, acl)))


@op
def delete_network_acl(tx: Tx, req: api.DeleteNetworkAclRequest) -> None:
    """Delete an ACL that guards no subnet and isn't its VPC's default one."""
    acl = tx.get(NetworkAcl, req.network_acl_id)
    if acl.is_default:
        raise AwsError("InvalidParameterValue", f"cannot delete default network ACL {acl.network_acl_id}")
    if tx.select(NetworkAclAssociation, network_acl_id=acl.network_acl_id):
        raise in_use("networkAcl", acl.network_acl_id)
    tx.delete(acl)


@op
def replace_network_acl_association(
    tx: Tx, req: api.ReplaceNetworkAclAssociationRequest
) -> api.ReplaceNetworkAclAssociationResult:
    """Let another ACL guard a subnet."""
    old = tx.get(NetworkAclAssociation, req.association_id)
    acl = tx.get(NetworkAcl, req.network_acl_id)
    if tx.get(NetworkAcl, old.network_acl_id).vpc_id != acl.vpc_id:
        raise AwsError(
            "InvalidParameterValue",
            f"Network ACL {acl.network_acl_id} and subnet {old.subnet_id} belong to different networks",
        )
    tx.delete(old)
    made = tx.add(
        NetworkAclAssociation(
            network_acl_association_id=tx.new_id("aclassoc"),
            network_acl_id=acl.network_acl_id,
            subnet_id=old.subnet_id,
        )
    )
    return api.ReplaceNetworkAclAssociationResult(new_association_id=made.network_acl_association_id)


@op
def create_network_acl_entry(tx: Tx, req: api.CreateNetworkAclEntryRequest) -> None:
    """Add an entry under a free number."""
    acl = tx.get(NetworkAcl, req.network_acl_id)
    entry = _entry(req)
    if any(known.rule_number == entry.rule_number and known.egress == entry.egress for known in acl.entries):
        raise AwsError(
            "NetworkAclEntryAlreadyExists",
            f"The network acl entry identified by {entry.rule_number} already exists.",
        )
    same_way = [known for known in acl.entries if known.egress == entry.egress and known.rule_number < LAST_RULE]
    if len(same_way) >= ENTRIES_PER_ACL:
        raise AwsError("NetworkAclEntryLimitExceeded", "The maximum number of network acl entries has been reached.")
    tx.update(acl, entries=in_order((*acl.entries, entry)))


@op
def replace_network_acl_entry(tx: Tx, req: api.ReplaceNetworkAclEntryRequest) -> None:
    """Put an entry in the place of the one with its number."""
    acl = tx.get(NetworkAcl, req.network_acl_id)
    entry = _entry(req)
    old = _known(acl, entry.rule_number, entry.egress)
    tx.update(acl, entries=in_order(entry if known is old else known for known in acl.entries))


@op
def delete_network_acl_entry(tx: Tx, req: api.DeleteNetworkAclEntryRequest) -> None:
    """Remove the entry with a number."""
    acl = tx.get(NetworkAcl, req.network_acl_id)
    _check_number(req.rule_number)
    old = _known(acl, req.rule_number, req.egress)
    tx.update(acl, entries=tuple(entry for entry in acl.entries if entry is not old))


def _known(acl: NetworkAcl, number: int, egress: bool) -> AclEntry:
    for entry in acl.entries:
        if entry.rule_number == number and entry.egress == egress:
            return entry
    raise AwsError("InvalidNetworkAclEntry.NotFound", f"The network acl entry identified by {number} does not exist")


def _check_number(number: int) -> None:
    if not 1 <= number < LAST_RULE:
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({number}) for parameter ruleNumber is invalid. Rule numbers must be between 1 and 32766.",
        )


def _entry(req: Any) -> AclEntry:
    """An entry of a creating or replacing request."""
    _check_number(req.rule_number)
    named: str = req.protocol
    protocol = _PROTOCOLS.get(named.lower(), named)
    if protocol != "-1" and not (protocol.isdecimal() and int(protocol) < 256):
        raise AwsError("InvalidParameterValue", f"Invalid value '{req.protocol}' for IP protocol. Unknown protocol.")
    if not req.cidr_block and not req.ipv6_cidr_block:
        raise AwsError("MissingParameter", "The request must contain the parameter cidrBlock")
    entry = AclEntry(
        rule_number=req.rule_number,
        egress=req.egress,
        protocol=protocol,
        rule_action=req.rule_action,
        cidr_block=range_text(checked_range(req.cidr_block)) if req.cidr_block else None,
        ipv6_cidr_block=range6_text(checked_range6(req.ipv6_cidr_block)) if req.ipv6_cidr_block else None,
    )
    ports, icmp = req.port_range, req.icmp_type_code
    if protocol in ("6", "17"):
        if ports is None or ports.from_ is None or ports.to is None:
            raise AwsError("MissingParameter", "The request must contain the parameter portRange")
        if not 0 <= ports.from_ <= ports.to <= 65535:
            raise AwsError("InvalidParameterValue", f"Invalid TCP/UDP port range ({ports.from_}:{ports.to})")
        return replace(entry, port_range=PortRange(ports.from_, ports.to))
    if protocol in ("1", "58"):
        if icmp is None:
            raise AwsError("MissingParameter", "The request must contain the parameter icmpTypeCode")
        return replace(
            entry,
            icmp_type_code=IcmpTypeCode(-1 if icmp.type is None else icmp.type, -1 if icmp.code is None else icmp.code),
        )
    return entry
