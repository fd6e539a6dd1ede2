"""The ranges of a VPC beside its first one."""

from __future__ import annotations

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.cidr import (
    Range,
    checked_range,
    checked_range6,
    contains,
    known_range,
    known_range6,
    overlap,
    range6_text,
    range_text,
)
from sundog.services.ec2.limits import CIDRS_PER_VPC, IPV6_CIDRS_PER_VPC
from sundog.services.ec2.state.network import (
    AclEntry,
    CidrState,
    Ipv6Cidr,
    NetworkAcl,
    Route,
    RouteTable,
    Subnet,
    Vpc,
    VpcCidr,
)

_SIZING = "https://docs.aws.amazon.com/AmazonVPC/latest/UserGuide/VPC_Subnets.html#VPC_Sizing"
_TEN, _TWELVE, _SIXTEEN, _BENCHMARK = (
    known_range(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.19.0.0/16")
)
_PRIVATE = (_TEN, _TWELVE, _SIXTEEN, _BENCHMARK)
ALLOW_IPV6, LAST_IPV6 = 101, 32768


def size_checked(block: Range) -> Range:
    """A VPC's range, refused if it is too large or too small."""
    if not 16 <= block[1] <= 28:
        raise AwsError("InvalidVpc.Range", f"The CIDR '{range_text(block)}' is invalid.")
    return block


@op
def associate_vpc_cidr_block(tx: Tx, req: api.AssociateVpcCidrBlockRequest) -> api.AssociateVpcCidrBlockResult:
    """Give a VPC one more range, of IPv4 or of IPv6."""
    vpc = tx.get(Vpc, req.vpc_id)
    if req.amazon_provided_ipv6_cidr_block or req.ipv6_cidr_block:
        if req.cidr_block:
            raise AwsError(
                "InvalidParameterCombination",
                "The parameter AmazonProvidedIpv6CidrBlock cannot be used with the parameter CidrBlock",
            )
        vpc = add_ipv6(tx, vpc, req.ipv6_cidr_block, req.ipv6_pool, req.ipv6_cidr_block_network_border_group)
        assert vpc.ipv6_cidr_block_association_set is not None
        made = vpc.ipv6_cidr_block_association_set[-1]
        return api.AssociateVpcCidrBlockResult(
            vpc_id=vpc.vpc_id,
            ipv6_cidr_block_association=replace(made, ipv6_cidr_block_state=CidrState("associating")),
        )
    if not req.cidr_block:
        raise AwsError("MissingParameter", "Either 'cidrBlock' or 'amazonProvidedIpv6CidrBlock' should be provided.")
    made = _add_ipv4(tx, vpc, req.cidr_block)
    return api.AssociateVpcCidrBlockResult(
        vpc_id=vpc.vpc_id, cidr_block_association=replace(made, cidr_block_state=CidrState("associating"))
    )


def _add_ipv4(tx: Tx, vpc: Vpc, text: str) -> VpcCidr:
    block = size_checked(checked_range(text))
    if _restricted(known_range(vpc.cidr_block), block):
        raise AwsError(
            "InvalidVpc.Range",
            f"The CIDR '{range_text(block)}' is restricted. Use a CIDR from the same private address range as the "
            "current VPC CIDR, or use a publicly-routable CIDR. For additional restrictions, see " + _SIZING,
        )
    if any(overlap(known_range(item.cidr_block), block) for item in vpc.cidr_block_association_set):
        raise AwsError("InvalidVpc.Range", f"The CIDR '{range_text(block)}' conflicts with another CIDR of the VPC")
    if len(vpc.cidr_block_association_set) >= CIDRS_PER_VPC:
        raise AwsError(
            "CidrLimitExceeded",
            f"This network '{vpc.vpc_id}' has met its maximum number of allowed CIDRs: {CIDRS_PER_VPC}",
        )
    made = VpcCidr(tx.new_id("vpc-cidr-assoc"), range_text(block))
    tx.update(vpc, cidr_block_association_set=(*vpc.cidr_block_association_set, made))
    _add_route(tx, vpc, Route(destination_cidr_block=made.cidr_block, gateway_id="local", origin="CreateRouteTable"))
    return made


def _restricted(first: Range, block: Range) -> bool:
    """Whether a VPC of the first range may not have this one too: private ranges don't mix."""
    home = next((outer for outer in _PRIVATE if contains(outer, first)), None)
    return any(outer != home and overlap(outer, block) for outer in _PRIVATE)


def add_ipv6(tx: Tx, vpc: Vpc, wanted: str | None, pool: str | None, border_group: str | None) -> Vpc:
    """Give a VPC an IPv6 range: the wanted one, or one of Amazon's."""
    present = vpc.ipv6_cidr_block_association_set or ()
    if len(present) >= IPV6_CIDRS_PER_VPC:
        raise AwsError(
            "CidrLimitExceeded",
            f"This network '{vpc.vpc_id}' has met its maximum number of allowed CIDRs: {IPV6_CIDRS_PER_VPC}",
        )
    if wanted:
        block = checked_range6(wanted)
        if any(overlap(known_range6(item.ipv6_cidr_block), block, 128) for item in present):
            raise AwsError(
                "InvalidVpc.Range", f"The CIDR '{range6_text(block)}' conflicts with another CIDR of the VPC"
            )
    else:
        block = (0x26001F18 << 96 | tx.ids.random.getrandbits(24) << 72, 56)
    made = Ipv6Cidr(
        association_id=tx.new_id("vpc-cidr-assoc"),
        ipv6_cidr_block=range6_text(block),
        network_border_group=border_group or tx.region,
        ipv6_pool=pool or "Amazon",
    )
    vpc = tx.update(vpc, ipv6_cidr_block_association_set=(*present, made))
    local = Route(destination_ipv6_cidr_block=made.ipv6_cidr_block, gateway_id="local", origin="CreateRouteTable")
    _add_route(tx, vpc, local)
    if not present:
        _open_acls(tx, vpc)
    return vpc


def _add_route(tx: Tx, vpc: Vpc, route: Route) -> None:
    for table in tx.select(RouteTable, vpc_id=vpc.vpc_id):
        tx.update(table, routes=(*table.routes, route))


def _open_acls(tx: Tx, vpc: Vpc) -> None:
    """What the first IPv6 range does to ACLs: the default one lets it all pass, the others nothing."""
    from sundog.services.ec2.network_acl import in_order

    for acl in tx.select(NetworkAcl, vpc_id=vpc.vpc_id):
        numbers = ((ALLOW_IPV6, "allow"), (LAST_IPV6, "deny")) if acl.is_default else ((LAST_IPV6, "deny"),)
        known = {(entry.egress, entry.rule_number) for entry in acl.entries}
        more = [
            AclEntry(rule_number=number, egress=egress, protocol="-1", rule_action=action, ipv6_cidr_block="::/0")
            for egress in (True, False)
            for number, action in numbers
            if (egress, number) not in known
        ]
        tx.update(acl, entries=in_order((*acl.entries, *more)))


@op
def disassociate_vpc_cidr_block(tx: Tx, req: api.DisassociateVpcCidrBlockRequest) -> api.DisassociateVpcCidrBlockResult:
    """Take a range from a VPC, unless it is the first, or a subnet lies in it."""
    wanted = req.association_id
    for vpc in tx.select(Vpc):
        for item in vpc.cidr_block_association_set:
            if item.association_id == wanted:
                _remove_ipv4(tx, vpc, item)
                gone = replace(item, cidr_block_state=CidrState("disassociating"))
                return api.DisassociateVpcCidrBlockResult(vpc_id=vpc.vpc_id, cidr_block_association=gone)
        for six in vpc.ipv6_cidr_block_association_set or ():
            if six.association_id == wanted:
                _remove_ipv6(tx, vpc, six)
                gone = replace(six, ipv6_cidr_block_state=CidrState("disassociating"))
                return api.DisassociateVpcCidrBlockResult(vpc_id=vpc.vpc_id, ipv6_cidr_block_association=gone)
    raise AwsError(
        "InvalidVpcCidrBlockAssociationID.NotFound", f"The vpc CIDR block association ID '{wanted}' does not exist"
    )


def _remove_ipv4(tx: Tx, vpc: Vpc, item: VpcCidr) -> None:
    if item is vpc.cidr_block_association_set[0]:
        raise AwsError(
            "OperationNotPermitted",
            f"The vpc CIDR block with association ID {item.association_id} may not be disassociated. It is the primary "
            "IPv4 CIDR block of the VPC",
        )
    block = known_range(item.cidr_block)
    for subnet in tx.select(Subnet, vpc_id=vpc.vpc_id):
        if subnet.cidr_block and contains(block, known_range(subnet.cidr_block)):
            raise _busy(vpc, item.cidr_block)
    tx.update(vpc, cidr_block_association_set=tuple(x for x in vpc.cidr_block_association_set if x is not item))
    for table in tx.select(RouteTable, vpc_id=vpc.vpc_id):
        tx.update(table, routes=tuple(r for r in table.routes if r.destination_cidr_block != item.cidr_block))


def _remove_ipv6(tx: Tx, vpc: Vpc, item: Ipv6Cidr) -> None:
    block = known_range6(item.ipv6_cidr_block)
    for subnet in tx.select(Subnet, vpc_id=vpc.vpc_id):
        if any(contains(block, known_range6(x.ipv6_cidr_block), 128) for x in subnet.ipv6_cidr_block_association_set):
            raise _busy(vpc, item.ipv6_cidr_block)
    left = tuple(x for x in vpc.ipv6_cidr_block_association_set or () if x is not item)
    tx.update(vpc, ipv6_cidr_block_association_set=left or None)
    for table in tx.select(RouteTable, vpc_id=vpc.vpc_id):
        tx.update(table, routes=tuple(r for r in table.routes if r.destination_ipv6_cidr_block != item.ipv6_cidr_block))


def _busy(vpc: Vpc, cidr: str) -> AwsError:
    return AwsError("InvalidCidr.InUse", f"The vpc {vpc.vpc_id} currently has a subnet within CIDR block {cidr}")
