"""Network insights analyses: answers of the reachability analysis."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.reach.packet import Hop
from sundog.services.ec2.reach.walk import can_reach
from sundog.services.ec2.settle import moment, settle
from sundog.services.ec2.state.insights import NetworkInsightsAnalysis, NetworkInsightsPath


@op
def start_network_insights_analysis(
    tx: Tx, req: api.StartNetworkInsightsAnalysisRequest
) -> api.StartNetworkInsightsAnalysisResult:
    """Begin to answer a path's question; the network counts as it is when the answer is found."""
    path = tx.get(NetworkInsightsPath, req.network_insights_path_id)
    analysis_id = tx.new_id("nia")
    row = tx.add(
        NetworkInsightsAnalysis(
            network_insights_analysis_id=analysis_id,
            network_insights_analysis_arn=tx.arn(f"network-insights-analysis/{analysis_id}"),
            network_insights_path_id=path.network_insights_path_id,
            additional_accounts=tuple(req.additional_accounts) if req.additional_accounts else None,
            filter_in_arns=tuple(req.filter_in_arns) if req.filter_in_arns else None,
            filter_out_arns=tuple(req.filter_out_arns) if req.filter_out_arns else None,
            start_date=moment(tx),
        ),
        tags=req.tag_specifications,
    )
    settle(tx, 30, analyse, analysis_id)
    return api.StartNetworkInsightsAnalysisResult(network_insights_analysis=row)


def analyse(tx: Tx, analysis_id: str) -> None:
    """Find an analysis's answer."""
    row = tx.find(NetworkInsightsAnalysis, analysis_id)
    if row is None or row.status != "running":
        return
    path = tx.get(NetworkInsightsPath, row.network_insights_path_id)
    at_source = path.filter_at_source or {}
    ports = at_source.get("DestinationPortRange") or {}
    destination = path.destination or path.destination_ip or at_source.get("DestinationAddress") or ""
    port = path.destination_port if path.destination_port is not None else ports.get("FromPort")
    try:
        found = can_reach(
            tx,
            path.source,
            destination,
            port,
            path.protocol,
            path.source_ip or at_source.get("SourceAddress"),
            path.destination_ip if path.destination else None,
        )
    except AwsError as error:
        tx.update(row, status="failed", status_message=error.message)
        return
    used = {hop.component_arn for hop in (*found.hops, *found.back)}
    wanted = found.reachable and used.issuperset(row.filter_in_arns or ()) and not used & set(row.filter_out_arns or ())
    dropped = found.dropped_by
    tx.update(
        row,
        status="succeeded",
        network_path_found=wanted,
        forward_path_components=_components(found.hops) if wanted else None,
        return_path_components=_components(found.back) if wanted else None,
        explanations=(dropped.explanation(),) if dropped is not None else None,
    )


def _components(hops: tuple[Hop, ...]) -> tuple[dict[str, Any], ...]:
    return tuple(hop.shown(number) for number, hop in enumerate(hops, 1))


@op
def describe_network_insights_analyses(
    tx: Tx, req: api.DescribeNetworkInsightsAnalysesRequest
) -> api.DescribeNetworkInsightsAnalysesResult:
    """List analyses: of a path, and of a time."""
    found = tx.search(NetworkInsightsAnalysis, ids=req.network_insights_analysis_ids, filters=req.filters)
    path, begin, end = req.network_insights_path_id, req.analysis_start_time, req.analysis_end_time
    if path is not None:
        found = found.where(lambda row: row.network_insights_path_id == path)
    if begin is not None:
        found = found.where(lambda row: row.start_date >= begin)
    if end is not None:
        found = found.where(lambda row: row.start_date <= end)
    return api.DescribeNetworkInsightsAnalysesResult(network_insights_analyses=found)


@op
def delete_network_insights_analysis(
    tx: Tx, req: api.DeleteNetworkInsightsAnalysisRequest
) -> api.DeleteNetworkInsightsAnalysisResult:
    """Forget an answer."""
    row = tx.get(NetworkInsightsAnalysis, req.network_insights_analysis_id)
    tx.delete(row)
    return api.DeleteNetworkInsightsAnalysisResult(network_insights_analysis_id=row.network_insights_analysis_id)
