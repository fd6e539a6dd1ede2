"""Sets of DHCP options."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.dependency import in_use
from sundog.services.ec2.state.network import DhcpConfiguration, DhcpOptions, Vpc

_KEYS = (
    "domain-name",
    "domain-name-servers",
    "ntp-servers",
    "netbios-name-servers",
    "netbios-node-type",
    "ipv6-address-preferred-lease-time",
)
_MOST = {"domain-name-servers": 4, "ntp-servers": 4, "netbios-name-servers": 4}


@op
def create_dhcp_options(tx: Tx, req: api.CreateDhcpOptionsRequest) -> api.CreateDhcpOptionsResult:
    """Make a set of options."""
    row = DhcpOptions(
        dhcp_options_id=tx.new_id("dopt"),
        owner_id=tx.account,
        configurations=tuple(_configuration(item.key, item.values or ()) for item in req.dhcp_configurations),
    )
    return api.CreateDhcpOptionsResult(dhcp_options=view(tx.add(row, tags=req.tag_specifications)))


def _configuration(key: str | None, values: list[str]) -> DhcpConfiguration:
    if key not in _KEYS:
        raise AwsError("InvalidParameterValue", f"Value ({key}) for parameter name is invalid. Unknown DHCP option")
    # One value may hold several, separated by commas.
    found = tuple(part.strip() for value in values for part in value.split(",") if part.strip())
    if not found:
        raise AwsError("MissingParameter", f"No values specified for DHCP option {key}.")
    if len(found) > _MOST.get(key, len(found)):
        raise AwsError("InvalidParameterValue", f"Too many values specified for DHCP option {key}.")
    if key == "netbios-node-type" and found not in (("1",), ("2",), ("4",), ("8",)):
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({', '.join(found)}) for parameter netbios-node-type is invalid. Allowed values are 1, 2, 4 and 8.",
        )
    return DhcpConfiguration(key, found)


def view(row: DhcpOptions) -> api.DhcpOptions:
    """The options as they are shown: in the order of their keys."""
    return api.DhcpOptions(
        dhcp_options_id=row.dhcp_options_id,
        owner_id=row.owner_id,
        dhcp_configurations=[
            {"Key": item.key, "Values": [{"Value": value} for value in item.values]}
            for item in sorted(row.configurations, key=lambda item: item.key)
        ],
        tags=row.tags,
    )


@op
def describe_dhcp_options(tx: Tx, req: api.DescribeDhcpOptionsRequest) -> api.DescribeDhcpOptionsResult:
    """List sets of options."""
    found = tx.search(DhcpOptions, ids=req.dhcp_options_ids, filters=req.filters)
    return api.DescribeDhcpOptionsResult(dhcp_options=found.map(view))


@op
def associate_dhcp_options(tx: Tx, req: api.AssociateDhcpOptionsRequest) -> None:
    """Let a VPC use a set of options, or (``default``) none."""
    vpc = tx.get(Vpc, req.vpc_id)
    chosen = req.dhcp_options_id
    if chosen != "default":
        chosen = tx.get(DhcpOptions, chosen).dhcp_options_id
    tx.update(vpc, dhcp_options_id=chosen)


@op
def delete_dhcp_options(tx: Tx, req: api.DeleteDhcpOptionsRequest) -> None:
    """Delete a set of options that no VPC uses."""
    row = tx.get(DhcpOptions, req.dhcp_options_id)
    if tx.select(Vpc, dhcp_options_id=row.dhcp_options_id):
        raise in_use("dhcpOptions", row.dhcp_options_id)
    tx.delete(row)
