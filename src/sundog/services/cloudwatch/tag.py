"""Tags: of alarms here, of everything else by the engine."""

from __future__ import annotations

from sundog.api import cloudwatch as api
from sundog.core import Tx, op
from sundog.core.tag import to_dict
from sundog.services.cloudwatch.state import Alarm


def _alarm(tx: Tx, arn: str) -> Alarm | None:
    """The alarm that an ARN names; None if it names something else."""
    _, sign, name = arn.partition(":alarm:")
    if not sign:
        return None
    found = tx.find(Alarm, name)
    if found is None:
        raise api.ResourceNotFoundException(f"Alarm {name} does not exist.")
    return found


@op
def tag_resource(tx: Tx, req: api.TagResourceInput) -> api.TagResourceOutput:
    alarm = _alarm(tx, req.resource_arn)
    if alarm is None:
        return tx.modelled("TagResource", req)
    tx.update(alarm, tags={**alarm.tags, **to_dict(req.tags)})
    return api.TagResourceOutput()


@op
def untag_resource(tx: Tx, req: api.UntagResourceInput) -> api.UntagResourceOutput:
    alarm, gone = _alarm(tx, req.resource_arn), set(req.tag_keys)
    if alarm is None:
        return tx.modelled("UntagResource", req)
    tx.update(alarm, tags={key: value for key, value in alarm.tags.items() if key not in gone})
    return api.UntagResourceOutput()


@op
def list_tags_for_resource(tx: Tx, req: api.ListTagsForResourceInput) -> api.ListTagsForResourceOutput:
    alarm = _alarm(tx, req.resource_arn)
    if alarm is None:
        return tx.modelled("ListTagsForResource", req)
    return api.ListTagsForResourceOutput(tags=alarm.tags)
