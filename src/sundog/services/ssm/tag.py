"""Tags: of parameters here, of everything else by the engine."""

from __future__ import annotations

from sundog.api import ssm as api
from sundog.core import Tx, op
from sundog.core.tag import to_dict
from sundog.services.ssm.state import Parameter, find_parameter


def _parameter(tx: Tx, name: str) -> Parameter:
    found = find_parameter(tx, name)
    if found is None:
        raise api.InvalidResourceId(
            "The resource ID is not valid. Verify that you entered the correct ID and try again."
        )
    return found


@op
def add_tags_to_resource(tx: Tx, req: api.AddTagsToResourceRequest) -> api.AddTagsToResourceResult:
    if req.resource_type != "Parameter":
        return tx.modelled("AddTagsToResource", req)
    row = _parameter(tx, req.resource_id)
    tx.update(row, tags={**row.tags, **to_dict(req.tags)})
    return api.AddTagsToResourceResult()


@op
def remove_tags_from_resource(tx: Tx, req: api.RemoveTagsFromResourceRequest) -> api.RemoveTagsFromResourceResult:
    if req.resource_type != "Parameter":
        return tx.modelled("RemoveTagsFromResource", req)
    row = _parameter(tx, req.resource_id)
    gone = set(req.tag_keys)
    tx.update(row, tags={key: value for key, value in row.tags.items() if key not in gone})
    return api.RemoveTagsFromResourceResult()


@op
def list_tags_for_resource(tx: Tx, req: api.ListTagsForResourceRequest) -> api.ListTagsForResourceResult:
    if req.resource_type != "Parameter":
        return tx.modelled("ListTagsForResource", req)
    return api.ListTagsForResourceResult(tag_list=_parameter(tx, req.resource_id).tags)
