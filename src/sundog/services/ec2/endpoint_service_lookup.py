"""Services that endpoints can be made to: AWS's, and those that users offer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sundog.core import AwsError, Tx
from sundog.services.ec2 import endpoint_facts
from sundog.services.ec2.state.endpoint import EndpointService
from sundog.services.ec2.zone import zone_ids


def aws_services(tx: Tx) -> tuple[dict[str, Any], ...]:
    return endpoint_facts.services(tx.region, tx.dns_suffix, tuple(zone_ids(tx).items()))


def details(account: str, region: str, row: EndpointService) -> dict[str, Any]:
    """A user's service as others see it."""
    found: dict[str, Any] = {
        "ServiceName": row.service_name,
        "ServiceId": row.service_id,
        "ServiceType": [{"ServiceType": row.kind}],
        "ServiceRegion": region,
        "AvailabilityZones": list(row.availability_zones),
        "AvailabilityZoneIds": list(row.availability_zone_ids),
        "Owner": account,
        "BaseEndpointDnsNames": list(row.base_endpoint_dns_names),
        "VpcEndpointPolicySupported": False,
        "AcceptanceRequired": row.acceptance_required,
        "ManagesVpcEndpoints": row.manages_vpc_endpoints,
        "Tags": [{"Key": key, "Value": value} for key, value in row.tags.items()],
        "SupportedIpAddressTypes": list(row.supported_ip_address_types),
    }
    if row.private_dns_name is not None:
        verified = row.private_dns_name_configuration
        found["PrivateDnsName"] = row.private_dns_name
        found["PrivateDnsNames"] = [{"PrivateDnsName": row.private_dns_name}]
        found["PrivateDnsNameVerificationState"] = verified.state if verified else "pendingVerification"
    return found


def visible_services(tx: Tx) -> Iterator[dict[str, Any]]:
    """The services of users that this account may make endpoints to."""
    for account, region, row in tx.everywhere(EndpointService):
        if region != tx.region and tx.region not in row.supported_regions:
            continue
        if account == tx.account or any(_is(tx, item.principal) for item in row.allowed):
            yield details(account, region, row)


def _is(tx: Tx, principal: str) -> bool:
    if principal == "*":
        return True
    parts = principal.split(":")
    if len(parts) < 6 or parts[4] != tx.account:
        return False
    return parts[5] == "root" or principal == tx.caller.arn


def find_service(tx: Tx, name: str, kind: str, region: str | None = None) -> dict[str, Any]:
    """The service that endpoints of the type are to lead to."""
    there = tx.in_(region=region) if region else tx
    found = [item for item in aws_services(there) if item["ServiceName"] == name]
    found += [item for item in visible_services(tx) if item["ServiceName"] == name]
    if not found:
        raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    kinds = [item["ServiceType"][0]["ServiceType"] for item in found]
    if kind not in kinds:
        raise AwsError(
            "InvalidParameter",
            f"Endpoint type ({kind}) does not match available service types ([{', '.join(kinds)}]).",
        )
    return found[kinds.index(kind)]


def service_owner(tx: Tx, service_id: str | None) -> tuple[str, str, EndpointService] | None:
    """Where a user's service is at home, with its row."""
    if service_id is None:
        return None
    return next((found for found in tx.everywhere(EndpointService) if found[2].service_id == service_id), None)
