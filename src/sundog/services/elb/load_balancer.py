"""Classic load balancers: made, shown, moved and deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.api import elb as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.tag import pairs, to_dict
from sundog.services.elb.listener import with_listeners
from sundog.services.elb.place import hosted_zone
from sundog.services.elb.state import HealthCheck, LoadBalancer

MAX_TAGS = 50
_ATTRIBUTES: dict[str, Any] = {
    "CrossZoneLoadBalancing": {"Enabled": False},
    "AccessLog": {"Enabled": False},
    "ConnectionDraining": {"Enabled": False, "Timeout": 300},
    "ConnectionSettings": {"IdleTimeout": 60},
    "AdditionalAttributes": [{"Key": "elb.http.desyncmitigationmode", "Value": "defensive"}],
}


def _subnets(tx: Tx, ids: Iterable[str]) -> list[Any]:
    found: list[Any] = []
    for subnet_id in ids:
        try:
            found.extend(tx.call("ec2", "DescribeSubnets", subnet_ids=[subnet_id]).subnets)
        except AwsError:
            raise api.SubnetNotFoundException(f"The subnet ID '{subnet_id}' does not exist") from None
    zones = [subnet.availability_zone for subnet in found]
    if len(set(zones)) < len(zones):
        raise api.InvalidConfigurationRequestException("ELB cannot be attached to multiple subnets in the same AZ.")
    return found


def _default_subnets(tx: Tx, zones: list[str]) -> list[Any]:
    known = {zone.zone_name for zone in tx.call("ec2", "DescribeAvailabilityZones").availability_zones}
    wrong = [zone for zone in zones if zone not in known]
    if wrong:
        raise AwsError(
            "ValidationError", f"Requested Availability Zone {wrong[0]} is not valid. Please retry with one of: {known}"
        )
    filters = [{"Name": "default-for-az", "Values": ["true"]}, {"Name": "availability-zone", "Values": zones}]
    return tx.call("ec2", "DescribeSubnets", filters=filters).subnets


def _groups(tx: Tx, vpc_id: str, given: list[str] | None) -> tuple[tuple[str, ...], str]:
    """The security groups, and the name of the first."""
    if given:
        try:
            found = tx.call("ec2", "DescribeSecurityGroups", group_ids=given).security_groups
        except AwsError:
            raise api.InvalidSecurityGroupException(
                f"One or more of the specified security groups do not exist: {', '.join(given)}"
            ) from None
    else:
        filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
        found = tx.call("ec2", "DescribeSecurityGroups", filters=filters).security_groups
    return tuple(group.group_id for group in found), found[0].group_name if found else "default"


def _plug(tx: Tx, name: str, groups: Iterable[str], subnets: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Make a network interface in each subnet."""
    made: list[tuple[str, str]] = []
    for subnet_id in subnets:
        answer = tx.call(
            "ec2", "CreateNetworkInterface", subnet_id=subnet_id, groups=list(groups), description=f"ELB {name}"
        )
        made.append((subnet_id, answer.network_interface.network_interface_id))
    return tuple(made)


def _unplug(tx: Tx, row: LoadBalancer, subnets: Iterable[str]) -> tuple[tuple[str, str], ...]:
    gone = set(subnets)
    for subnet_id, interface_id in row.interfaces:
        if subnet_id in gone:
            try:
                tx.call("ec2", "DeleteNetworkInterface", network_interface_id=interface_id)
            except AwsError as error:
                if error.code != "InvalidNetworkInterfaceID.NotFound":
                    raise
    return tuple(each for each in row.interfaces if each[0] not in gone)


@op
def create_load_balancer(tx: Tx, req: api.CreateAccessPointInput) -> api.CreateAccessPointOutput:
    """Make a load balancer; the same request again answers alike."""
    name = req.load_balancer_name
    if len(name) > 32 or not all(char.isalnum() or char == "-" for char in name) or name[:1] == "-":
        raise AwsError(
            "ValidationError", "LoadBalancer name must only contain alphanumeric characters or hyphens, at most 32"
        )
    if not req.listeners:
        raise AwsError("ValidationError", "Listeners must be specified")
    if req.subnets and req.availability_zones:
        raise AwsError("ValidationError", "Only one of SubnetIds or AvailabilityZones may be specified")
    if not req.subnets and not req.availability_zones:
        raise AwsError("ValidationError", "Either AvailabilityZones or SubnetIds must be specified")
    if req.scheme not in (None, "internal", "internet-facing"):
        raise api.InvalidSchemeException("Schemes allowed are internet-facing and internal.")
    if req.subnets:
        subnets = _subnets(tx, req.subnets)
        zones = tuple(subnet.availability_zone for subnet in subnets)
    else:
        subnets = _default_subnets(tx, req.availability_zones)
        zones = tuple(req.availability_zones)
    vpc_id = subnets[0].vpc_id if subnets else ""
    if any(subnet.vpc_id != vpc_id for subnet in subnets):
        raise api.InvalidConfigurationRequestException("Not all subnets belong to the same VPC.")
    groups, source = _groups(tx, vpc_id, req.security_groups)
    listeners = with_listeners(tx, name, (), req.listeners)
    ids = tuple(subnet.subnet_id for subnet in subnets)
    known = tx.find(LoadBalancer, name)
    if known is not None:
        if (known.listeners, known.subnets, known.security_groups) == (listeners, ids, groups):
            return api.CreateAccessPointOutput(dns_name=known.dns_name)
        raise api.DuplicateAccessPointNameException(
            f"Load Balancer named {name} already exists and it is configured with different parameters."
        )
    scheme = req.scheme or "internet-facing"
    front = "internal-" if scheme == "internal" else ""
    check = f"TCP:{listeners[0].instance_port}"
    row = tx.add(
        LoadBalancer(
            load_balancer_name=name,
            dns_name=f"{front}{name}-{tx.ids.random.randrange(10**8, 10**10)}.{tx.region}.elb.{tx.dns_suffix}",
            hosted_zone_id=hosted_zone(tx.region),
            created_time=tx.now,
            scheme=scheme,
            vpc_id=vpc_id,
            availability_zones=zones,
            subnets=ids,
            security_groups=groups,
            source_group=source,
            listeners=listeners,
            health_check=HealthCheck(target=check),
            attributes=_ATTRIBUTES,
            interfaces=_plug(tx, name, groups, ids),
            tags=checked_tags(req.tags),
        )
    )
    return api.CreateAccessPointOutput(dns_name=row.dns_name)


def _shown(tx: Tx, row: LoadBalancer) -> Any:
    apps: list[Any] = []
    cookies: list[Any] = []
    others: list[str] = []
    for policy in row.policies:
        attributes = dict(policy.attributes)
        if policy.policy_type_name == "AppCookieStickinessPolicyType":
            apps.append({"PolicyName": policy.policy_name, "CookieName": attributes.get("CookieName", "")})
        elif policy.policy_type_name == "LBCookieStickinessPolicyType":
            period = attributes.get("CookieExpirationPeriod")
            cookies.append(
                {"PolicyName": policy.policy_name, "CookieExpirationPeriod": int(period) if period else None}
            )
        else:
            others.append(policy.policy_name)
    return api.LoadBalancerDescription(
        load_balancer_name=row.load_balancer_name,
        dns_name=row.dns_name,
        canonical_hosted_zone_name=row.dns_name if row.scheme == "internet-facing" else None,
        canonical_hosted_zone_name_id=row.hosted_zone_id,
        listener_descriptions=[
            {
                "Listener": {
                    "Protocol": each.protocol,
                    "LoadBalancerPort": each.load_balancer_port,
                    "InstanceProtocol": each.instance_protocol,
                    "InstancePort": each.instance_port,
                    "SSLCertificateId": each.ssl_certificate_id,
                },
                "PolicyNames": list(each.policies),
            }
            for each in row.listeners
        ],
        policies={"AppCookieStickinessPolicies": apps, "LBCookieStickinessPolicies": cookies, "OtherPolicies": others},
        backend_server_descriptions=[
            {"InstancePort": port, "PolicyNames": list(names)} for port, names in row.backends
        ],
        availability_zones=list(row.availability_zones),
        subnets=list(row.subnets),
        vpc_id=row.vpc_id,
        instances=[{"InstanceId": each} for each, _ in row.instances],
        health_check=row.health_check,
        source_security_group={"OwnerAlias": tx.account, "GroupName": row.source_group},
        security_groups=list(row.security_groups),
        created_time=row.created_time,
        scheme=row.scheme,
    )


@op(page_size=400)
def describe_load_balancers(tx: Tx, req: api.DescribeAccessPointsInput) -> api.DescribeAccessPointsOutput:
    """List load balancers."""
    if req.load_balancer_names:
        rows = rows_of([tx.get(LoadBalancer, name) for name in dict.fromkeys(req.load_balancer_names)])
    else:
        rows = tx.select(LoadBalancer)
    return api.DescribeAccessPointsOutput(load_balancer_descriptions=rows.map(lambda row: _shown(tx, row)))


@op
def delete_load_balancer(tx: Tx, req: api.DeleteAccessPointInput) -> api.DeleteAccessPointOutput:
    """Delete a load balancer; one that isn't there is no error."""
    row = tx.find(LoadBalancer, req.load_balancer_name)
    if row is not None:
        _unplug(tx, row, row.subnets)
        tx.delete(row)
    return api.DeleteAccessPointOutput()


@op
def apply_security_groups_to_load_balancer(
    tx: Tx, req: api.ApplySecurityGroupsToLoadBalancerInput
) -> api.ApplySecurityGroupsToLoadBalancerOutput:
    """Give a load balancer other security groups."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    groups, source = _groups(tx, row.vpc_id, req.security_groups)
    tx.update(row, security_groups=groups, source_group=source)
    for _, interface_id in row.interfaces:
        tx.call("ec2", "ModifyNetworkInterfaceAttribute", network_interface_id=interface_id, groups=list(groups))
    return api.ApplySecurityGroupsToLoadBalancerOutput(security_groups=list(groups))


def _moved(tx: Tx, row: LoadBalancer, subnets: list[Any]) -> LoadBalancer:
    """The load balancer in these subnets."""
    ids = [subnet.subnet_id for subnet in subnets]
    kept = _unplug(tx, row, set(row.subnets) - set(ids))
    added = _plug(tx, row.load_balancer_name, row.security_groups, [each for each in ids if each not in row.subnets])
    return tx.update(
        row,
        subnets=tuple(ids),
        availability_zones=tuple(subnet.availability_zone for subnet in subnets),
        interfaces=(*kept, *added),
    )


@op
def attach_load_balancer_to_subnets(
    tx: Tx, req: api.AttachLoadBalancerToSubnetsInput
) -> api.AttachLoadBalancerToSubnetsOutput:
    """Add subnets."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    row = _moved(tx, row, _subnets(tx, dict.fromkeys((*row.subnets, *req.subnets))))
    return api.AttachLoadBalancerToSubnetsOutput(subnets=list(row.subnets))


@op
def detach_load_balancer_from_subnets(
    tx: Tx, req: api.DetachLoadBalancerFromSubnetsInput
) -> api.DetachLoadBalancerFromSubnetsOutput:
    """Remove subnets, but not the last."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    left = [each for each in row.subnets if each not in req.subnets]
    if not left:
        raise api.InvalidConfigurationRequestException("Load balancer must be attached to at least one subnet.")
    row = _moved(tx, row, _subnets(tx, left))
    return api.DetachLoadBalancerFromSubnetsOutput(subnets=list(row.subnets))


@op
def enable_availability_zones_for_load_balancer(
    tx: Tx, req: api.AddAvailabilityZonesInput
) -> api.AddAvailabilityZonesOutput:
    """Add zones, by their default subnets."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    row = _moved(tx, row, _default_subnets(tx, list(dict.fromkeys((*row.availability_zones, *req.availability_zones)))))
    return api.AddAvailabilityZonesOutput(availability_zones=list(row.availability_zones))


@op
def disable_availability_zones_for_load_balancer(
    tx: Tx, req: api.RemoveAvailabilityZonesInput
) -> api.RemoveAvailabilityZonesOutput:
    """Remove zones, but not the last."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    left = [zone for zone in row.availability_zones if zone not in req.availability_zones]
    if not left:
        raise api.InvalidConfigurationRequestException("Load balancer must have at least one Availability Zone.")
    row = _moved(tx, row, _default_subnets(tx, left))
    return api.RemoveAvailabilityZonesOutput(availability_zones=list(row.availability_zones))


# -- attributes


@op
def describe_load_balancer_attributes(
    tx: Tx, req: api.DescribeLoadBalancerAttributesInput
) -> api.DescribeLoadBalancerAttributesOutput:
    """Show a load balancer's attributes."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    return api.DescribeLoadBalancerAttributesOutput(load_balancer_attributes=row.attributes)


@op
def modify_load_balancer_attributes(
    tx: Tx, req: api.ModifyLoadBalancerAttributesInput
) -> api.ModifyLoadBalancerAttributesOutput:
    """Change the attributes that are given."""
    from sundog.core.structure import plain

    row = tx.get(LoadBalancer, req.load_balancer_name)
    given: dict[str, Any] = plain(req.load_balancer_attributes)
    if given.get("AccessLog", {}).get("Enabled") and not given["AccessLog"].get("S3BucketName"):
        raise api.InvalidConfigurationRequestException("The S3 bucket name must be specified when access logs are on.")
    idle = given.get("ConnectionSettings", {}).get("IdleTimeout")
    if idle is not None and not 1 <= idle <= 4000:
        raise AwsError("ValidationError", "IdleTimeout must be between 1 and 4000")
    if given.get("ConnectionDraining", {}).get("Enabled"):
        given["ConnectionDraining"] = {"Timeout": 300, **given["ConnectionDraining"]}
    row = tx.update(row, attributes={**row.attributes, **given})
    return api.ModifyLoadBalancerAttributesOutput(
        load_balancer_name=row.load_balancer_name, load_balancer_attributes=given
    )


# -- tags


def checked_tags(given: Iterable[Any] | None, before: dict[str, str] | None = None) -> dict[str, str]:
    """A request's tags over those that were there."""
    found = list(pairs(given or ()))
    keys = [key for key, _ in found]
    if len(set(keys)) < len(keys):
        raise api.DuplicateTagKeysException("Tag keys must be unique")
    tags = {**(before or {}), **to_dict(given)}
    if len(tags) > MAX_TAGS:
        raise api.TooManyTagsException(
            f"The quota for the number of tags that can be assigned ({MAX_TAGS}) was reached"
        )
    return tags


@op
def add_tags(tx: Tx, req: api.AddTagsInput) -> api.AddTagsOutput:
    """Add tags, or change their values."""
    for row in [tx.get(LoadBalancer, name) for name in req.load_balancer_names]:
        tx.update(row, tags=checked_tags(req.tags, row.tags))
    return api.AddTagsOutput()


@op
def remove_tags(tx: Tx, req: api.RemoveTagsInput) -> api.RemoveTagsOutput:
    """Remove tags by their keys."""
    gone = {tag.key for tag in req.tags}
    for row in [tx.get(LoadBalancer, name) for name in req.load_balancer_names]:
        tx.update(row, tags={key: value for key, value in row.tags.items() if key not in gone})
    return api.RemoveTagsOutput()


@op
def describe_tags(tx: Tx, req: api.DescribeTagsInput) -> api.DescribeTagsOutput:
    """Show load balancers' tags."""
    rows = [tx.get(LoadBalancer, name) for name in req.load_balancer_names]
    return api.DescribeTagsOutput(
        tag_descriptions=[api.TagDescription(load_balancer_name=row.load_balancer_name, tags=row.tags) for row in rows]
    )


@op
def describe_account_limits(tx: Tx, req: api.DescribeAccountLimitsInput) -> api.DescribeAccountLimitsOutput:
    """Tell the account's quotas."""
    limits = {"classic-load-balancers": "20", "classic-listeners": "100", "classic-registered-instances": "1000"}
    return api.DescribeAccountLimitsOutput(limits=[{"Name": name, "Max": value} for name, value in limits.items()])
