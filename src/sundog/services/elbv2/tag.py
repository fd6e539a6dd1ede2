"""Tags of load balancers, target groups, listeners, rules and trust stores."""

from __future__ import annotations

from typing import Any

from sundog.api import elbv2 as api
from sundog.core import Record, Tx, op
from sundog.services.elbv2.common import checked_tags, invalid
from sundog.services.elbv2.state import Listener, LoadBalancer, Rule, TargetGroup, TrustStore

_KINDS: dict[str, tuple[type[Record], str]] = {
    "loadbalancer": (LoadBalancer, "LoadBalancerNotFoundException"),
    "targetgroup": (TargetGroup, "TargetGroupNotFoundException"),
    "listener": (Listener, "ListenerNotFoundException"),
    "listener-rule": (Rule, "RuleNotFoundException"),
    "truststore": (TrustStore, "TrustStoreNotFoundException"),
}
_NOUNS = {"loadbalancer": "Load balancer", "targetgroup": "Target group", "listener": "Listener",
          "listener-rule": "Listener rule", "truststore": "Trust store"}  # fmt: skip


def _tagged(tx: Tx, resource_arn: str) -> Any:
    parts = resource_arn.split(":", 5)
    kind = parts[5].partition("/")[0] if len(parts) == 6 and parts[2] == "elasticloadbalancing" else ""
    if kind not in _KINDS:
        raise invalid(f"'{resource_arn}' is not a valid ARN")
    record, error = _KINDS[kind]
    row = tx.find(record, resource_arn)
    if row is None:
        raise getattr(api, error)(f"{_NOUNS[kind]} '{resource_arn}' not found")
    return row


@op
def add_tags(tx: Tx, req: api.AddTagsInput) -> api.AddTagsOutput:
    """Add tags, or change their values."""
    for row in [_tagged(tx, each) for each in dict.fromkeys(req.resource_arns)]:
        tx.update(row, tags=checked_tags(req.tags, row.tags))
    return api.AddTagsOutput()


@op
def remove_tags(tx: Tx, req: api.RemoveTagsInput) -> api.RemoveTagsOutput:
    """Remove tags by their keys."""
    gone = set(req.tag_keys)
    for row in [_tagged(tx, each) for each in dict.fromkeys(req.resource_arns)]:
        tx.update(row, tags={key: value for key, value in row.tags.items() if key not in gone})
    return api.RemoveTagsOutput()


@op
def describe_tags(tx: Tx, req: api.DescribeTagsInput) -> api.DescribeTagsOutput:
    """Show the tags of resources."""
    if len(req.resource_arns) > 20:
        raise invalid("You can specify up to 20 resources in a single call")
    rows = [(each, _tagged(tx, each)) for each in dict.fromkeys(req.resource_arns)]
    return api.DescribeTagsOutput(
        tag_descriptions=[api.TagDescription(resource_arn=each, tags=row.tags) for each, row in rows]
    )
