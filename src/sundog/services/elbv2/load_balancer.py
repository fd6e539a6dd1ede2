"""Load balancers: made in subnets, changed and deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from sundog.api import elbv2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.elbv2.attribute import load_balancer_attributes
from sundog.services.elbv2.common import arn, checked_arn, checked_tags, invalid, new_part
from sundog.services.elbv2.listener import delete_listener_row
from sundog.services.elbv2.place import dns_name, hosted_zone
from sundog.services.elbv2.state import Listener, LoadBalancer, LoadBalancerState, TargetGroup, Zone
from sundog.services.elbv2.wiring import plug, unplug

PROVISIONING = 60
KINDS = {"application": "app", "network": "net", "gateway": "gwy"}


def get_load_balancer(tx: Tx, load_balancer_arn: str) -> LoadBalancer:
    """The load balancer that a request names."""
    return tx.get(LoadBalancer, checked_arn(load_balancer_arn, "loadbalancer"))


def _check_name(name: str) -> None:
    start = f"The load balancer name '{name}' "
    if len(name) > 32:
        raise invalid(start + "cannot be longer than '32' characters")
    if not name or not all((char.isascii() and char.isalnum()) or char == "-" for char in name):
        raise invalid(start + "can only contain characters that are alphanumeric characters and hyphens(-)")
    if name.startswith("-") or name.endswith("-"):
        raise invalid(start + "cannot begin or end with a hyphen(-)")
    if name.startswith("internal-"):
        raise invalid(start + "cannot begin with 'internal-'")


class _Place:
    """The subnets of a request, seen through EC2."""

    def __init__(self, tx: Tx, kind: str, subnets: Iterable[str] | None, mappings: Iterable[Any] | None) -> None:
        if subnets and mappings:
            raise invalid("You must specify either subnets or subnet mappings, not both")
        self.mappings = {item.subnet_id: item for item in mappings or ()}
        wanted = list(subnets or self.mappings)
        if not wanted:
            raise invalid("You must specify subnets")
        found = []
        for subnet_id in wanted:
            try:
                found.extend(tx.call("ec2", "DescribeSubnets", subnet_ids=[subnet_id]).subnets)
            except AwsError as error:
                if error.code == "InvalidSubnetID.NotFound":
                    raise api.SubnetNotFoundException(f"The subnet ID '{subnet_id}' does not exist") from None
                raise
        self.vpc_id: str = found[0].vpc_id
        if any(subnet.vpc_id != self.vpc_id for subnet in found):
            raise api.InvalidConfigurationRequestException("All subnets must belong to the same VPC.")
        names = [subnet.availability_zone for subnet in found]
        if len(set(names)) < len(names):
            raise api.InvalidConfigurationRequestException(
                "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
            )
        if kind == "application" and len(names) < 2:
            raise invalid("At least two subnets in two different Availability Zones must be specified")
        self.zones = tuple(
            Zone(
                zone_name=subnet.availability_zone,
                subnet_id=subnet.subnet_id,
                load_balancer_addresses=self._addresses(tx, subnet.subnet_id),
            )
            for subnet in found
        )

    def _addresses(self, tx: Tx, subnet_id: str) -> tuple[dict[str, str], ...]:
        mapping = self.mappings.get(subnet_id)
        if mapping is None:
            return ()
        address: dict[str, str] = {}
        if mapping.allocation_id is not None:
            try:
                found = tx.call("ec2", "DescribeAddresses", allocation_ids=[mapping.allocation_id]).addresses[0]
            except AwsError:
                raise api.AllocationIdNotFoundException(
                    f"The allocation IDs '{mapping.allocation_id}' do not exist"
                ) from None
            address = {"AllocationId": mapping.allocation_id, "IpAddress": found.public_ip}
        if mapping.private_i_pv4_address is not None:
            address["PrivateIPv4Address"] = mapping.private_i_pv4_address
        if mapping.i_pv6_address is not None:
            address["IPv6Address"] = mapping.i_pv6_address
        return (address,) if address else ()

    def check_internet(self, tx: Tx) -> None:
        """A load balancer that faces the internet needs a way there."""
        filters = [{"Name": "attachment.vpc-id", "Values": [self.vpc_id]}]
        if not tx.call("ec2", "DescribeInternetGateways", filters=filters).internet_gateways:
            raise api.InvalidSubnetException(f"VPC {self.vpc_id} has no internet gateway")


def _groups(tx: Tx, kind: str, given: list[str] | None, vpc_id: str) -> tuple[str, ...] | None:
    """The security groups: those named, else an application load balancer gets its VPC's own."""
    if kind == "gateway":
        return None
    if given:
        _check_groups(tx, given)
        return tuple(given)
    if kind == "network":
        return None
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
    return tuple(group.group_id for group in tx.call("ec2", "DescribeSecurityGroups", filters=filters).security_groups)


def _check_groups(tx: Tx, groups: list[str]) -> None:
    for group_id in groups:
        try:
            tx.call("ec2", "DescribeSecurityGroups", group_ids=[group_id])
        except AwsError:
            raise api.InvalidSecurityGroupException(f"The security group '{group_id}' does not exist") from None


@op
def create_load_balancer(tx: Tx, req: api.CreateLoadBalancerInput) -> api.CreateLoadBalancerOutput:
    """Make a load balancer; the same request again answers with the one that is there."""
    kind = req.type or "application"
    _check_name(req.name)
    place = _Place(tx, kind, req.subnets, req.subnet_mappings)
    scheme = req.scheme or "internet-facing"
    if scheme == "internet-facing" and kind != "gateway":
        place.check_internet(tx)
    groups = _groups(tx, kind, req.security_groups, place.vpc_id)
    tags = checked_tags(req.tags)
    existing = tx.select(LoadBalancer, load_balancer_name=req.name).first()
    if existing is not None:
        subnets = {zone.subnet_id for zone in existing.availability_zones}
        same = (existing.type, existing.scheme, subnets) == (kind, scheme, {zone.subnet_id for zone in place.zones})
        if same and existing.security_groups == groups and existing.tags == tags:
            return api.CreateLoadBalancerOutput(load_balancers=[existing])
        raise api.DuplicateLoadBalancerNameException(
            f"A load balancer with the same name '{req.name}' exists, but with different settings"
        )
    part = new_part(tx)
    path = f"{KINDS[kind]}/{req.name}/{part}"
    state = "active" if not tx.setting("delays") else "provisioning"
    row = LoadBalancer(
        load_balancer_arn=arn(tx, f"loadbalancer/{path}"),
        load_balancer_name=req.name,
        dns_name=dns_name(tx, kind, req.name, part, scheme),
        canonical_hosted_zone_id=hosted_zone(tx.region, kind),
        created_time=tx.now.replace(microsecond=tx.now.microsecond // 10000 * 10000),
        scheme=scheme,
        vpc_id=place.vpc_id,
        state=LoadBalancerState(state),
        type=kind,
        availability_zones=place.zones,
        security_groups=groups,
        ip_address_type=req.ip_address_type or "ipv4",
        customer_owned_ipv4_pool=req.customer_owned_ipv4_pool,
        enable_prefix_for_ipv6_source_nat=req.enable_prefix_for_ipv6_source_nat
        or ("off" if kind == "network" else None),
        ipam_pools={"Ipv4IpamPoolId": req.ipam_pools.ipv4_ipam_pool_id} if req.ipam_pools else None,
        attributes=load_balancer_attributes(kind),
        tags=tags,
    )
    row = tx.add(replace(row, interfaces=plug(tx, row, [zone.subnet_id for zone in row.availability_zones])))
    if state == "provisioning":
        import datetime

        tx.at(tx.now + datetime.timedelta(seconds=PROVISIONING), become_active, row.load_balancer_arn)
    return api.CreateLoadBalancerOutput(load_balancers=[replace(row, state=LoadBalancerState("provisioning"))])


def become_active(tx: Tx, load_balancer_arn: str) -> None:
    """A load balancer is ready."""
    row = tx.find(LoadBalancer, load_balancer_arn)
    if row is not None:
        tx.update(row, state=LoadBalancerState("active"))


@op(page_size=400)
def describe_load_balancers(tx: Tx, req: api.DescribeLoadBalancersInput) -> api.DescribeLoadBalancersOutput:
    """List load balancers."""
    if req.load_balancer_arns and req.names:
        raise invalid("Load balancer names and load balancer ARNs cannot be specified at the same time")
    if req.load_balancer_arns:
        wanted = dict.fromkeys(req.load_balancer_arns)
        return api.DescribeLoadBalancersOutput(load_balancers=rows_of([get_load_balancer(tx, each) for each in wanted]))
    if req.names:
        found = {name: tx.select(LoadBalancer, load_balancer_name=name).first() for name in req.names}
        lacking = [name for name, row in found.items() if row is None]
        if lacking:
            raise api.LoadBalancerNotFoundException(f"Load balancers '[{', '.join(lacking)}]' not found")
        return api.DescribeLoadBalancersOutput(load_balancers=rows_of(list(found.values())))
    return api.DescribeLoadBalancersOutput(load_balancers=tx.select(LoadBalancer))


@op
def delete_load_balancer(tx: Tx, req: api.DeleteLoadBalancerInput) -> api.DeleteLoadBalancerOutput:
    """Delete a load balancer and its listeners; one that isn't there is no error."""
    row = tx.find(LoadBalancer, checked_arn(req.load_balancer_arn, "loadbalancer"))
    if row is not None:
        if row.attributes.get("deletion_protection.enabled") == "true":
            raise api.OperationNotPermittedException(
                f"Load balancer '{row.load_balancer_arn}' cannot be deleted because deletion protection is enabled"
            )
        for listener in list(tx.select(Listener, load_balancer_arn=row.load_balancer_arn)):
            delete_listener_row(tx, listener)
        for group in list(tx.select(TargetGroup)):
            if group.target_type == "alb" and any(target.id == row.load_balancer_arn for target in group.targets):
                left = tuple(target for target in group.targets if target.id != row.load_balancer_arn)
                tx.update(group, targets=left)
        tx.delete(row)
        unplug(tx, row.interfaces)
    return api.DeleteLoadBalancerOutput()


@op
def set_subnets(tx: Tx, req: api.SetSubnetsInput) -> api.SetSubnetsOutput:
    """Move a load balancer to other zones."""
    row = get_load_balancer(tx, req.load_balancer_arn)
    place = _Place(tx, row.type, req.subnets, req.subnet_mappings)
    if place.vpc_id != row.vpc_id:
        raise api.InvalidConfigurationRequestException("The subnets must belong to the load balancer's VPC.")
    unplug(tx, row.interfaces)
    row = tx.update(
        row,
        availability_zones=place.zones,
        ip_address_type=req.ip_address_type or row.ip_address_type,
        enable_prefix_for_ipv6_source_nat=req.enable_prefix_for_ipv6_source_nat
        or row.enable_prefix_for_ipv6_source_nat,
        interfaces=(),
    )
    row = tx.update(row, interfaces=plug(tx, row, [zone.subnet_id for zone in place.zones]))
    return api.SetSubnetsOutput(
        availability_zones=row.availability_zones,
        ip_address_type=row.ip_address_type,
        enable_prefix_for_ipv6_source_nat=row.enable_prefix_for_ipv6_source_nat,
    )


@op
def set_security_groups(tx: Tx, req: api.SetSecurityGroupsInput) -> api.SetSecurityGroupsOutput:
    """Give a load balancer other security groups."""
    row = get_load_balancer(tx, req.load_balancer_arn)
    if row.type == "gateway":
        raise api.InvalidConfigurationRequestException("Security groups are not supported for gateway load balancers")
    if row.type == "network" and row.security_groups is None:
        raise api.InvalidConfigurationRequestException(
            "Security groups cannot be set on a Network Load Balancer that was created without security groups"
        )
    if not req.security_groups and row.type == "application":
        raise api.InvalidConfigurationRequestException("At least one security group must be specified")
    _check_groups(tx, req.security_groups)
    row = tx.update(
        row,
        security_groups=tuple(req.security_groups),
        enforce_security_group_inbound_rules_on_private_link_traffic=(
            req.enforce_security_group_inbound_rules_on_private_link_traffic
            or row.enforce_security_group_inbound_rules_on_private_link_traffic
        ),
    )
    for interface_id in row.interfaces:
        tx.call("ec2", "ModifyNetworkInterfaceAttribute", network_interface_id=interface_id, groups=req.security_groups)
    return api.SetSecurityGroupsOutput(
        security_group_ids=row.security_groups,
        enforce_security_group_inbound_rules_on_private_link_traffic=(
            row.enforce_security_group_inbound_rules_on_private_link_traffic
        ),
    )


@op
def set_ip_address_type(tx: Tx, req: api.SetIpAddressTypeInput) -> api.SetIpAddressTypeOutput:
    """Choose between IPv4 and both."""
    row = get_load_balancer(tx, req.load_balancer_arn)
    if req.ip_address_type == "dualstack-without-public-ipv4" and row.type != "application":
        raise api.InvalidConfigurationRequestException(
            f"The IP address type '{req.ip_address_type}' is not supported for {row.type} load balancers"
        )
    if req.ip_address_type != "ipv4" and row.scheme == "internal" and row.type == "application":
        subnets = tx.call(
            "ec2", "DescribeSubnets", subnet_ids=[zone.subnet_id for zone in row.availability_zones]
        ).subnets
        if not all(subnet.ipv6_cidr_block_association_set for subnet in subnets):
            raise api.InvalidSubnetException("You must specify subnets with an associated IPv6 CIDR block.")
    return api.SetIpAddressTypeOutput(
        ip_address_type=tx.update(row, ip_address_type=req.ip_address_type).ip_address_type
    )


@op
def modify_ip_pools(tx: Tx, req: api.ModifyIpPoolsInput) -> api.ModifyIpPoolsOutput:
    """Choose the pool that public addresses come from."""
    row = get_load_balancer(tx, req.load_balancer_arn)
    pools = dict(row.ipam_pools or {})
    if req.ipam_pools is not None and req.ipam_pools.ipv4_ipam_pool_id is not None:
        pools["Ipv4IpamPoolId"] = req.ipam_pools.ipv4_ipam_pool_id
    if "ipv4" in (req.remove_ipam_pools or ()):
        pools.pop("Ipv4IpamPoolId", None)
    return api.ModifyIpPoolsOutput(ipam_pools=tx.update(row, ipam_pools=pools or None).ipam_pools or {})


@op
def modify_capacity_reservation(tx: Tx, req: api.ModifyCapacityReservationInput) -> api.ModifyCapacityReservationOutput:
    """Reserve the least capacity that a load balancer has."""
    row = get_load_balancer(tx, req.load_balancer_arn)
    units = row.capacity_units
    if req.reset_capacity_reservation:
        units = None
    elif req.minimum_load_balancer_capacity is not None:
        units = req.minimum_load_balancer_capacity.capacity_units
    row = tx.update(row, capacity_units=units, capacity_time=tx.now)
    return api.ModifyCapacityReservationOutput(**_capacity(row))


@op
def describe_capacity_reservation(
    tx: Tx, req: api.DescribeCapacityReservationInput
) -> api.DescribeCapacityReservationOutput:
    """Tell what capacity is reserved."""
    return api.DescribeCapacityReservationOutput(**_capacity(get_load_balancer(tx, req.load_balancer_arn)))


def _capacity(row: LoadBalancer) -> dict[str, Any]:
    found: dict[str, Any] = {"last_modified_time": row.capacity_time, "decrease_requests_remaining": 2}
    if row.capacity_units is not None:
        found["minimum_load_balancer_capacity"] = {"CapacityUnits": row.capacity_units}
        share = row.capacity_units / len(row.availability_zones)
        found["capacity_reservation_state"] = [
            {
                "State": {"Code": "provisioned"},
                "AvailabilityZone": zone.zone_name,
                "EffectiveCapacityUnits": share,
            }
            for zone in row.availability_zones
        ]
    return found
