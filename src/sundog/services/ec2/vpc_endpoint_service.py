"""Endpoint services: those that there are, and those that users offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.filter import checked, field_match, tag_match, unknown_filter
from sundog.services.ec2.endpoint_service_lookup import aws_services, visible_services
from sundog.services.ec2.state.endpoint import DnsVerification, EndpointService, ServicePrincipal, VpcEndpoint
from sundog.services.ec2.zone import zone_ids

_FILTERS = {
    "owner": "Owner",
    "service-name": "ServiceName",
    "service-region": "ServiceRegion",
    "service-type": "ServiceType.ServiceType",
    "supported-ip-address-types": "SupportedIpAddressTypes",
}
_OPEN = ("available", "pending", "pendingAcceptance")


@op(paged=False)
def describe_vpc_endpoint_services(
    tx: Tx, req: api.DescribeVpcEndpointServicesRequest
) -> api.DescribeVpcEndpointServicesResult:
    """List the services that the account may make endpoints to, AWS's and users'."""
    regions = req.service_regions or [tx.region]
    found = [item for region in regions for item in aws_services(tx.in_(region=region))]
    found += [item for item in visible_services(tx) if item["ServiceRegion"] in regions]
    if req.service_names:
        known = {item["ServiceName"] for item in found}
        for name in req.service_names:
            if name not in known:
                raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
        found = [item for item in found if item["ServiceName"] in req.service_names]
    for name, values in checked(req.filters or ()):
        path = _FILTERS.get(name)
        match = field_match(path, values) if path else tag_match(name, values, _tags)
        if match is None:
            raise unknown_filter(name)
        found = [item for item in found if match(item)]
    start = _start(req.next_token)
    size = min(req.max_results or 1000, 1000)
    page = found[start : start + size]
    more = str(start + size) if start + size < len(found) else None
    return api.DescribeVpcEndpointServicesResult(
        service_names=list(dict.fromkeys(item["ServiceName"] for item in page)), service_details=page, next_token=more
    )


def _start(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdecimal():
        raise AwsError("InvalidNextToken", f"The token '{token}' is invalid")
    return int(token)


def _tags(item: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in item["Tags"]}


def _checked_balancers(arns: Iterable[str], kind: str) -> tuple[str, ...]:
    marks = {"net": "Network", "gwy": "Gateway"}
    found = tuple(dict.fromkeys(arns))
    for arn in found:
        parts = arn.split(":", 5)
        if len(parts) < 6 or parts[2] != "elasticloadbalancing" or not parts[5].startswith(f"loadbalancer/{kind}/"):
            raise AwsError("InvalidParameter", f"{arn} is not a valid {marks[kind]} Load Balancer ARN")
    return found


@op
def create_vpc_endpoint_service_configuration(
    tx: Tx, req: api.CreateVpcEndpointServiceConfigurationRequest
) -> api.CreateVpcEndpointServiceConfigurationResult:
    """Offer what stands behind load balancers."""
    network = _checked_balancers(req.network_load_balancer_arns or (), "net")
    gateway = _checked_balancers(req.gateway_load_balancer_arns or (), "gwy")
    if network and gateway:
        raise AwsError(
            "InvalidParameterCombination", "Network and Gateway Load Balancers cannot be used in the same service."
        )
    if not network and not gateway:
        raise AwsError("MissingParameter", "The request must contain at least one load balancer ARN")
    if gateway and req.private_dns_name:
        raise AwsError("InvalidParameter", "A private DNS name is not supported for Gateway Load Balancers.")
    service_id = tx.new_id("vpce-svc")
    zones = dict(list(zone_ids(tx).items())[:3])
    made = EndpointService(
        service_id=service_id,
        service_name=f"com.amazonaws.vpce.{tx.region}.{service_id}",
        kind="GatewayLoadBalancer" if gateway else "Interface",
        availability_zones=tuple(zones),
        availability_zone_ids=tuple(zones.values()),
        acceptance_required=req.acceptance_required is not False,
        network_load_balancer_arns=network,
        gateway_load_balancer_arns=gateway,
        supported_ip_address_types=tuple(req.supported_ip_address_types or ("ipv4",)),
        base_endpoint_dns_names=(f"{service_id}.{tx.region}.vpce.{tx.dns_suffix}",),
        supported_regions=tuple(dict.fromkeys([tx.region, *(req.supported_regions or ())])),
    )
    made = tx.add(_with_private_name(tx, made, req.private_dns_name), tags=req.tag_specifications)
    return api.CreateVpcEndpointServiceConfigurationResult(
        service_configuration=view(made), client_token=req.client_token
    )


def _with_private_name(tx: Tx, row: EndpointService, name: str | None) -> EndpointService:
    if name is None:
        return replace(row, private_dns_name=None, private_dns_name_configuration=DnsVerification())
    proof = DnsVerification(
        state="pendingVerification",
        type="TXT",
        value=f"vpce:{tx.ids.alnum(20)}",
        name=f"_{tx.ids.choose('abcdefghijklmnopqrstuvwxyz0123456789', 20)}",
    )
    return replace(row, private_dns_name=name, private_dns_name_configuration=proof)


def view(row: EndpointService) -> api.ServiceConfiguration:
    """A service as its owner sees it."""
    return api.ServiceConfiguration(
        service_type=[{"ServiceType": row.kind}],
        service_id=row.service_id,
        service_name=row.service_name,
        service_state=row.service_state,
        availability_zones=row.availability_zones,
        availability_zone_ids=row.availability_zone_ids,
        acceptance_required=row.acceptance_required,
        manages_vpc_endpoints=row.manages_vpc_endpoints,
        network_load_balancer_arns=row.network_load_balancer_arns or None,
        gateway_load_balancer_arns=row.gateway_load_balancer_arns or None,
        supported_ip_address_types=row.supported_ip_address_types,
        base_endpoint_dns_names=row.base_endpoint_dns_names,
        private_dns_name=row.private_dns_name,
        private_dns_name_configuration=row.private_dns_name_configuration,
        payer_responsibility=row.payer_responsibility,
        tags=row.tags,
        supported_regions=[{"Region": region, "ServiceState": "Available"} for region in row.supported_regions],
        remote_access_enabled=len(row.supported_regions) > 1,
    )


@op
def describe_vpc_endpoint_service_configurations(
    tx: Tx, req: api.DescribeVpcEndpointServiceConfigurationsRequest
) -> api.DescribeVpcEndpointServiceConfigurationsResult:
    """List the services that the account offers."""
    found = tx.search(EndpointService, ids=req.service_ids, filters=req.filters)
    return api.DescribeVpcEndpointServiceConfigurationsResult(service_configurations=found.map(view))


def connected(tx: Tx, service_id: str) -> list[tuple[str, str, VpcEndpoint]]:
    """The endpoints of all accounts that lead to a service, or ask to."""
    return [found for found in tx.everywhere(VpcEndpoint) if found[2].service_id == service_id]


@op
def modify_vpc_endpoint_service_configuration(
    tx: Tx, req: api.ModifyVpcEndpointServiceConfigurationRequest
) -> api.ModifyVpcEndpointServiceConfigurationResult:
    """Change what a service is and who is asked."""
    row = tx.get(EndpointService, req.service_id)
    network = _changed(
        row.network_load_balancer_arns,
        _checked_balancers(req.add_network_load_balancer_arns or (), "net"),
        req.remove_network_load_balancer_arns,
    )
    gateway = _changed(
        row.gateway_load_balancer_arns,
        _checked_balancers(req.add_gateway_load_balancer_arns or (), "gwy"),
        req.remove_gateway_load_balancer_arns,
    )
    if network and gateway:
        raise AwsError(
            "InvalidParameterCombination", "Network and Gateway Load Balancers cannot be used in the same service."
        )
    if not network and not gateway:
        raise AwsError("InvalidParameter", "A service must have at least one load balancer.")
    if req.private_dns_name is not None and req.remove_private_dns_name:
        raise AwsError(
            "InvalidParameterCombination", "PrivateDnsName and RemovePrivateDnsName cannot be used together."
        )
    changed = row
    if req.remove_private_dns_name:
        changed = _with_private_name(tx, row, None)
    elif req.private_dns_name is not None:
        changed = _with_private_name(tx, row, req.private_dns_name)
    regions = _changed(row.supported_regions, tuple(req.add_supported_regions or ()), req.remove_supported_regions)
    types = _changed(
        row.supported_ip_address_types,
        tuple(req.add_supported_ip_address_types or ()),
        req.remove_supported_ip_address_types,
    )
    if not types:
        raise AwsError("InvalidParameter", "A service must support at least one IP address type.")
    tx.update(
        row,
        network_load_balancer_arns=network,
        gateway_load_balancer_arns=gateway,
        acceptance_required=row.acceptance_required if req.acceptance_required is None else req.acceptance_required,
        private_dns_name=changed.private_dns_name,
        private_dns_name_configuration=changed.private_dns_name_configuration,
        supported_regions=regions,
        supported_ip_address_types=types,
    )
    return api.ModifyVpcEndpointServiceConfigurationResult(return_=True)


def _changed(old: tuple[str, ...], add: tuple[str, ...], remove: Iterable[str] | None) -> tuple[str, ...]:
    gone = set(remove or ())
    return tuple(dict.fromkeys(item for item in (*old, *add) if item not in gone))


@op
def delete_vpc_endpoint_service_configurations(
    tx: Tx, req: api.DeleteVpcEndpointServiceConfigurationsRequest
) -> api.DeleteVpcEndpointServiceConfigurationsResult:
    """Offer services no longer; those with open connections stay."""
    failed: list[dict[str, Any]] = []
    for service_id in req.service_ids:
        row = tx.find(EndpointService, service_id)
        if row is None:
            code, text = (
                "InvalidVpcEndpointService.NotFound",
                f"The VpcEndpointService Id '{service_id}' does not exist",
            )
        elif any(found.state in _OPEN for _, _, found in connected(tx, service_id)):
            code, text = (
                "ExistingVpcEndpointConnections",
                "Service has existing active VPC Endpoint connections!",
            )
        else:
            tx.delete(row)
            continue
        failed.append({"ResourceId": service_id, "Error": {"Code": code, "Message": text}})
    return api.DeleteVpcEndpointServiceConfigurationsResult(unsuccessful=failed)


@op
def start_vpc_endpoint_service_private_dns_verification(
    tx: Tx, req: api.StartVpcEndpointServicePrivateDnsVerificationRequest
) -> api.StartVpcEndpointServicePrivateDnsVerificationResult:
    """Look for the record that proves who owns a private name; it is taken to be there."""
    row = tx.get(EndpointService, req.service_id)
    if row.private_dns_name is None or row.private_dns_name_configuration is None:
        raise AwsError("InvalidParameter", f"The service {row.service_id} has no private DNS name.")
    proof = replace(row.private_dns_name_configuration, state="verified")
    tx.update(row, private_dns_name_configuration=proof)
    return api.StartVpcEndpointServicePrivateDnsVerificationResult(return_value=True)


@op
def modify_vpc_endpoint_service_payer_responsibility(
    tx: Tx, req: api.ModifyVpcEndpointServicePayerResponsibilityRequest
) -> api.ModifyVpcEndpointServicePayerResponsibilityResult:
    """Let the service's owner pay for the endpoints."""
    tx.update(tx.get(EndpointService, req.service_id), payer_responsibility=req.payer_responsibility)
    return api.ModifyVpcEndpointServicePayerResponsibilityResult(return_value=True)


@op
def describe_vpc_endpoint_service_permissions(
    tx: Tx, req: api.DescribeVpcEndpointServicePermissionsRequest
) -> api.DescribeVpcEndpointServicePermissionsResult:
    """List who may make endpoints to a service."""
    from sundog.core.filter import narrow

    row = tx.get(EndpointService, req.service_id)
    found = narrow(row.allowed, req.filters, {"principal": "principal", "principal-type": "principal_type"})
    return api.DescribeVpcEndpointServicePermissionsResult(allowed_principals=rows_of(found))


def _principal_type(principal: str) -> str:
    if principal == "*":
        return "All"
    if principal.endswith(".amazonaws.com"):
        return "Service"
    resource = principal.rpartition(":")[2]
    for start, kind in (("root", "Account"), ("user/", "User"), ("role/", "Role"), ("ou/", "OrganizationUnit")):
        if resource.startswith(start):
            return kind
    raise AwsError("InvalidPrincipal", f"Invalid Principal: '{principal}'")


@op
def modify_vpc_endpoint_service_permissions(
    tx: Tx, req: api.ModifyVpcEndpointServicePermissionsRequest
) -> api.ModifyVpcEndpointServicePermissionsResult:
    """Change who may make endpoints to a service."""
    row = tx.get(EndpointService, req.service_id)
    gone = set(req.remove_allowed_principals or ())
    left = [item for item in row.allowed if item.principal not in gone]
    known = {item.principal for item in left}
    added = [
        ServicePrincipal(tx.new_id("vpce-svc-perm"), principal, _principal_type(principal), row.service_id)
        for principal in dict.fromkeys(req.add_allowed_principals or ())
        if principal not in known
    ]
    tx.update(row, allowed=(*left, *added))
    return api.ModifyVpcEndpointServicePermissionsResult(added_principals=added, return_value=True)
