"""Resource Groups Tagging: the tags of every service's resources, hand-written or modelled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sundog.api import resourcegroupstaggingapi as api
from sundog.core import AwsError, Record, Tx, op, parse_arn
from sundog.core.record import tables

PAGE = 100
_MAX_FAILED = "InvalidParameterException"


def tagged(tx: Tx) -> Iterator[tuple[str, Record]]:
    """ARN and row of every resource here that can bear tags."""
    for kind in tables().values():
        if kind.meta_.tagged:
            for row in tx.select(kind):
                arn = arn_of(tx, row)
                if arn:
                    yield arn, row


def arn_of(tx: Tx, row: Any) -> str | None:
    """The row's own ARN: it has it, or it is an EC2-like resource of a type and an id."""
    meta = row.meta_
    found = getattr(row, "arn", None)
    if found is None:
        name = next(
            (field for field in row.__struct_fields__ if field.endswith("_arn") and field in _own_arns(meta.name)), None
        )
        found = getattr(row, name) if name else None
    if callable(found):
        found = found(tx)
    if found is None and meta.tagged_as and isinstance(key := meta.key_of(row), str):
        found = tx.arn(f"{meta.tagged_as}/{key}", service=meta.table.split(".")[0])
    if found is None and (form := _FORMS.get(meta.table)) is not None:
        found = tx.arn(form.format(meta.key_of(row)), service=meta.table.split(".")[0])
    if found is None and meta.table == "s3.Bucket" and (row.account, row.region) == (tx.account, tx.region):
        found = tx.arn(row.name, service="s3", region="", account="")
    return found if isinstance(found, str) else None


_FORMS = {"sqs.Queue": "{}", "dynamodb.Table": "table/{}", "sns.Topic": "{}"}
"""How rows without an ARN of their own are named."""


def _own_arns(name: str) -> set[str]:
    """``queue_arn`` of a Queue; ``arn`` of the last word of a longer name too."""
    snake = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
    parts = snake.split("_")
    return {"_".join([*parts[index:], "arn"]) for index in range(len(parts))} | {"resource_arn"}


def _all(tx: Tx) -> list[tuple[str, Any]]:
    return sorted(((arn, row) for arn, row in tagged(tx) if row.tags), key=lambda item: item[0])  # type: ignore[attr-defined]


@op(page_size=PAGE)
def get_resources(tx: Tx, req: api.GetResourcesInput) -> api.GetResourcesOutput:
    """Tagged resources by ARN, type and tags."""
    if req.resource_arn_list and (req.tag_filters or req.resource_type_filters):
        raise api.InvalidParameterException(
            "ResourceARNList is not allowed with other filters or pagination in the same request."
        )
    found = _all(tx)
    if req.resource_arn_list:
        wanted = set(req.resource_arn_list)
        found = [item for item in found if item[0] in wanted]
    for kinds in [list(req.resource_type_filters or ())]:
        if kinds:
            found = [item for item in found if any(_is_a(item[0], kind) for kind in kinds)]
    for wanted_tag in req.tag_filters or ():
        values = list(wanted_tag.values or ())
        found = [
            item
            for item in found
            if wanted_tag.key in item[1].tags and (not values or item[1].tags[wanted_tag.key] in values)
        ]
    return api.GetResourcesOutput(
        resource_tag_mapping_list=[api.ResourceTagMapping(resource_arn=arn, tags=dict(row.tags)) for arn, row in found],
    )


def _is_a(arn: str, kind: str) -> bool:
    """Whether the ARN is of a type like ``ec2:instance`` or ``s3``."""
    parsed = parse_arn(arn)
    if parsed is None:
        return False
    service, _, resource = kind.partition(":")
    return parsed.service == service and (not resource or parsed.resource_type == resource)


@op
def get_tag_keys(tx: Tx, req: api.GetTagKeysInput) -> api.GetTagKeysOutput:
    """Every tag key in use here."""
    return api.GetTagKeysOutput(tag_keys=sorted({key for _, row in _all(tx) for key in row.tags}))


@op
def get_tag_values(tx: Tx, req: api.GetTagValuesInput) -> api.GetTagValuesOutput:
    """Every value that a key has here."""
    values = {row.tags[req.key] for _, row in _all(tx) if req.key in row.tags}
    return api.GetTagValuesOutput(tag_values=sorted(values))


@op
def tag_resources(tx: Tx, req: api.TagResourcesInput) -> api.TagResourcesOutput:
    """Tag what the ARNs name; what isn't there is told one by one."""
    new = dict(req.tags)
    if any(key.lower().startswith("aws:") for key in new):
        raise api.InvalidParameterException("Tag keys starting with 'aws:' are reserved for system use")
    return api.TagResourcesOutput(failed_resources_map=_change(tx, req.resource_arn_list, lambda tags: {**tags, **new}))


@op
def untag_resources(tx: Tx, req: api.UntagResourcesInput) -> api.UntagResourcesOutput:
    """Take tags away from what the ARNs name."""
    gone = set(req.tag_keys)
    failed = _change(tx, req.resource_arn_list, lambda tags: {k: v for k, v in tags.items() if k not in gone})
    return api.UntagResourcesOutput(failed_resources_map=failed)


def _change(tx: Tx, arns: list[str], changed: Any) -> dict[str, Any]:
    rows = dict(tagged(tx))
    failed: dict[str, Any] = {}
    for arn in arns:
        if parse_arn(arn) is None:
            raise AwsError(_MAX_FAILED, f"The ARN {arn} is not valid.")
        row: Any = rows.get(arn)
        if row is None:
            failed[arn] = {
                "StatusCode": 400,
                "ErrorCode": "InvalidParameterException",
                "ErrorMessage": f"The resource {arn} does not exist.",
            }
        else:
            tx.update(row, tags=changed(row.tags))
    return failed
