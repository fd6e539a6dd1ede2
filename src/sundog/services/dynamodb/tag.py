"""Tags and resource policies of tables."""

from __future__ import annotations

from sundog.api import dynamodb as api
from sundog.core import Rows, Tx, op, parse_arn, rows_of
from sundog.services.dynamodb.fault import invalid, not_found
from sundog.services.dynamodb.state import Stream, Table

MAX_TAGS = 50


def _table(tx: Tx, arn: str) -> Table:
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != "dynamodb" or not parsed.resource.startswith("table/"):
        raise invalid(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    if parsed.account != tx.account:
        raise api.ResourceNotFoundException(f"Requested resource not found: ResourcArn: {arn} not found")
    table = tx.in_(region=parsed.region).find(Table, parsed.resource.split("/")[1])
    if table is None:
        raise not_found(f"Requested resource not found: ResourcArn: {arn} not found")
    return table


@op
def tag_resource(tx: Tx, req: api.TagResourceInput) -> None:
    """Put tags on a table; keys that are there get the new value."""
    table = _table(tx, req.resource_arn)
    tags = dict(table.tags)
    given = [(tag.key, tag.value) for tag in req.tags]
    if len({key for key, _ in given}) < len(given):
        raise invalid("One or more parameter values were invalid: Duplicate tag keys found")
    for key, _ in given:
        if key.startswith("aws:"):
            raise invalid(f"One or more parameter values were invalid: Tag keys starting with aws: are reserved: {key}")
    tags.update(given)
    if len(tags) > MAX_TAGS:
        raise invalid("One or more parameter values were invalid: Too many tags: a resource may have 50 at most")
    tx.update(table, tags=tags)


@op
def untag_resource(tx: Tx, req: api.UntagResourceInput) -> None:
    """Take tags off a table; keys that aren't there don't matter."""
    table = _table(tx, req.resource_arn)
    tx.update(table, tags={key: value for key, value in table.tags.items() if key not in req.tag_keys})


@op(page_size=10)
def list_tags_of_resource(tx: Tx, req: api.ListTagsOfResourceInput) -> api.ListTagsOfResourceOutput:
    """A table's tags, ten a page."""
    table = _table(tx, req.resource_arn)
    tags: Rows[object] = rows_of([{"Key": key, "Value": value} for key, value in table.tags.items()])
    return api.ListTagsOfResourceOutput(tags=tags)


# -- policies -------------------------------------------------------------------------------------------------------


def _policied(tx: Tx, arn: str) -> tuple[Tx, Table]:
    """The table whose policy the ARN (of a table or stream) means."""
    parsed = parse_arn(arn)
    if parsed is None or not parsed.resource.startswith("table/"):
        raise invalid(f"Invalid ResourceArn: {arn}")
    there = tx.in_(account=parsed.account, region=parsed.region)
    table = there.find(Table, parsed.resource.split("/")[1])
    if table is None or ("/stream/" in parsed.resource and there.find(Stream, arn) is None):
        raise not_found(f"Requested resource not found: {arn}")
    return there, table


@op
def put_resource_policy(tx: Tx, req: api.PutResourcePolicyInput) -> api.PutResourcePolicyOutput:
    """Attach a policy, or replace the one there is."""
    import json

    there, table = _policied(tx, req.resource_arn)
    try:
        json.loads(req.policy)
    except ValueError:
        raise invalid("Invalid policy document: This policy contains invalid Json") from None
    expected = req.expected_revision_id
    if expected is not None and expected != (table.policy_revision or "NO_POLICY"):
        raise api.PolicyNotFoundException(
            "Resource-based policy not found for the provided ResourceArn: Requested update for "
            f"{req.resource_arn} with ExpectedRevisionId {expected} does not match"
        )
    if req.policy == table.policy:
        return api.PutResourcePolicyOutput(revision_id=table.policy_revision)
    revision = f"{int(tx.now.timestamp() * 1000)}"
    if revision == table.policy_revision:
        revision = str(int(revision) + 1)
    there.update(table, policy=req.policy, policy_revision=revision)
    return api.PutResourcePolicyOutput(revision_id=revision)


@op
def get_resource_policy(tx: Tx, req: api.GetResourcePolicyInput) -> api.GetResourcePolicyOutput:
    """The policy that is attached."""
    _, table = _policied(tx, req.resource_arn)
    if table.policy is None:
        raise api.PolicyNotFoundException(
            f"Resource-based policy not found for the provided ResourceArn: {req.resource_arn}"
        )
    return api.GetResourcePolicyOutput(policy=table.policy, revision_id=table.policy_revision)


@op
def delete_resource_policy(tx: Tx, req: api.DeleteResourcePolicyInput) -> api.DeleteResourcePolicyOutput:
    """Detach the policy; nothing happens if there is none."""
    there, table = _policied(tx, req.resource_arn)
    revision = table.policy_revision
    expected = req.expected_revision_id
    if expected is not None and expected != revision:
        raise api.PolicyNotFoundException(
            "Resource-based policy not found for the provided ResourceArn: Requested update for "
            f"{req.resource_arn} with ExpectedRevisionId {expected} does not match"
        )
    if table.policy is not None:
        there.update(table, policy=None, policy_revision=None)
    return api.DeleteResourcePolicyOutput(revision_id=revision)
