"""Network insights paths."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.ec2.reach.place import place
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.insights import NetworkInsightsAnalysis, NetworkInsightsPath

_NOUNS = {
    "i": "instance",
    "eni": "network-interface",
    "igw": "internet-gateway",
    "vgw": "vpn-gateway",
    "tgw": "transit-gateway",
    "tgw-attach": "transit-gateway-attachment",
    "pcx": "vpc-peering-connection",
    "vpce": "vpc-endpoint",
}


def _end(tx: Tx, name: str | None) -> tuple[str | None, str | None]:
    """An end's id and ARN; a resource that isn't there is refused."""
    if name is None:
        return None, None
    resource_id = name.rpartition("/")[2] if name.startswith("arn:") else name
    prefix = resource_id.rpartition("-")[0]
    if prefix not in _NOUNS:
        raise AwsError("InvalidParameterValue", f"The resource {name} is not supported as an end of a path.")
    if prefix in ("i", "eni"):
        place(tx, resource_id)
    else:
        from sundog.services.ec2.tag import tagged_row

        tagged_row(tx, resource_id)
    return resource_id, name if name.startswith("arn:") else tx.arn(f"{_NOUNS[prefix]}/{resource_id}")


@op
def create_network_insights_path(
    tx: Tx, req: api.CreateNetworkInsightsPathRequest
) -> api.CreateNetworkInsightsPathResult:
    """Keep a question."""
    source, source_arn = _end(tx, req.source)
    destination, destination_arn = _end(tx, req.destination)
    at_source: Any = plain(req.filter_at_source)
    if destination is None and req.destination_ip is None and not (at_source or {}).get("DestinationAddress"):
        raise AwsError("MissingParameter", "The request must contain the parameter Destination or DestinationIp")
    path_id = tx.new_id("nip")
    row = NetworkInsightsPath(
        network_insights_path_id=path_id,
        network_insights_path_arn=tx.arn(f"network-insights-path/{path_id}"),
        created_date=moment(tx),
        source=source or "",
        source_arn=source_arn,
        destination=destination,
        destination_arn=destination_arn,
        source_ip=req.source_ip,
        destination_ip=req.destination_ip,
        protocol=req.protocol,
        destination_port=req.destination_port,
        filter_at_source=at_source,
        filter_at_destination=plain(req.filter_at_destination),
    )
    made = tx.add(row, tags=req.tag_specifications)
    return api.CreateNetworkInsightsPathResult(network_insights_path=made)


@op
def describe_network_insights_paths(
    tx: Tx, req: api.DescribeNetworkInsightsPathsRequest
) -> api.DescribeNetworkInsightsPathsResult:
    """List paths."""
    found = tx.search(NetworkInsightsPath, ids=req.network_insights_path_ids, filters=req.filters)
    return api.DescribeNetworkInsightsPathsResult(network_insights_paths=found)


@op
def delete_network_insights_path(
    tx: Tx, req: api.DeleteNetworkInsightsPathRequest
) -> api.DeleteNetworkInsightsPathResult:
    """Delete a path that has no analyses."""
    row = tx.get(NetworkInsightsPath, req.network_insights_path_id)
    if tx.select(NetworkInsightsAnalysis, network_insights_path_id=row.network_insights_path_id):
        raise AwsError(
            "AnalysisExistsForNetworkInsightsPath",
            f"The path {row.network_insights_path_id} has analyses and cannot be deleted.",
        )
    tx.delete(row)
    return api.DeleteNetworkInsightsPathResult(network_insights_path_id=row.network_insights_path_id)
