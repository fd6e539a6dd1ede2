"""Replicas of secrets in other regions, as the primary tells of them."""

from __future__ import annotations

from typing import Any

from sundog.api import secretsmanager as api
from sundog.core import Tx, op
from sundog.services.secretsmanager.state import home, live


def replica(tx: Tx, item: Any) -> dict[str, Any]:
    """What the primary says of a new replica."""
    if item.region == tx.region:
        raise api.InvalidParameterException("Invalid replica region.")
    return {
        "Region": item.region,
        "KmsKeyId": item.kms_key_id or "alias/aws/secretsmanager",
        "Status": "InSync",
        "StatusMessage": "Replication succeeded",
    }


@op
def replicate_secret_to_regions(
    tx: Tx, req: api.ReplicateSecretToRegionsRequest
) -> api.ReplicateSecretToRegionsResponse:
    secret = live(tx, req.secret_id)
    there = home(tx, secret)
    new = [replica(there, item) for item in req.add_replica_regions]
    known = {item["Region"] for item in secret.replicas}
    if any(item["Region"] in known for item in new) and not req.force_overwrite_replica_secret:
        raise api.InvalidParameterException("Invalid replica region.")
    fresh = {item["Region"] for item in new}
    kept = [item for item in secret.replicas if item["Region"] not in fresh]
    secret = there.update(secret, replicas=(*kept, *new))
    return api.ReplicateSecretToRegionsResponse(arn=secret.arn, replication_status=list(secret.replicas))


@op
def remove_regions_from_replication(
    tx: Tx, req: api.RemoveRegionsFromReplicationRequest
) -> api.RemoveRegionsFromReplicationResponse:
    secret = live(tx, req.secret_id)
    gone = set(req.remove_replica_regions)
    kept = tuple(item for item in secret.replicas if item["Region"] not in gone)
    home(tx, secret).update(secret, replicas=kept)
    return api.RemoveRegionsFromReplicationResponse(arn=secret.arn, replication_status=list(kept))
