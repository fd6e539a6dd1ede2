"""Keys: their life, descriptions, policies and tags."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from sundog.api import kms as api
from sundog.core import AwsError, Tx, op
from sundog.core.tag import pairs, to_dict
from sundog.services.kms.spec import algorithms, supported, usages
from sundog.services.kms.state import (
    Alias,
    Grant,
    KmsKey,
    customers,
    invalid_state,
    key_of,
    new_key,
    not_going,
)

MOST_TAGS = 50


def checked_tags(tags: Iterable[Any] | None) -> dict[str, str]:
    given = list(pairs(tags or ()))
    if len(given) > MOST_TAGS:
        raise api.TagException("Too many tags")
    if len({key for key, _ in given}) != len(given):
        raise api.TagException("Duplicate tag keys")
    if any(key.lower().startswith("aws:") for key, _ in given):
        raise api.TagException("Tags beginning with aws: are reserved")
    return dict(given)


@op
def create_key(tx: Tx, req: api.CreateKeyRequest) -> api.CreateKeyResponse:
    spec = req.key_spec or req.customer_master_key_spec or "SYMMETRIC_DEFAULT"
    usage = req.key_usage
    if usage is None:
        if spec != "SYMMETRIC_DEFAULT":
            raise AwsError(
                "ValidationException",
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
            )
        usage = "ENCRYPT_DECRYPT"
    supported(spec)
    if usage not in usages(spec):
        raise AwsError("ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}")
    if req.origin in ("AWS_CLOUDHSM", "EXTERNAL_KEY_STORE") or req.custom_key_store_id or req.xks_key_id:
        raise api.UnsupportedOperationException("Keys in custom key stores are not supported.")
    fields: dict[str, Any] = {"policy": req.policy} if req.policy else {}
    key = new_key(
        tx,
        multi_region=bool(req.multi_region),
        description=req.description or "",
        key_usage=usage,
        key_spec=spec,
        origin=req.origin or "AWS_KMS",
        tags=checked_tags(req.tags),
        **fields,
    )
    return api.CreateKeyResponse(key_metadata=metadata(tx, key))


def metadata(tx: Tx, key: KmsKey) -> api.KeyMetadata:
    shown: dict[str, Any] = {
        name: getattr(key, name)
        for name in ("key_id", "arn", "creation_date", "description", "key_usage", "key_state", "origin",
                     "key_manager", "key_spec", "deletion_date", "multi_region", "valid_to", "expiration_model")
    }  # fmt: skip
    if key.key_state == "PendingDeletion" and key.multi_region and len(key.regions) > 1:
        shown["pending_deletion_window_in_days"] = key.deletion_window
    if key.key_spec == "SYMMETRIC_DEFAULT" and key.materials:
        shown["current_key_material_id"] = key.materials[-1].id
    if key.multi_region:
        shown["multi_region_configuration"] = configuration(key)
    return api.KeyMetadata(
        aws_account_id=key.arn.split(":")[4],
        enabled=key.key_state == "Enabled",
        customer_master_key_spec=key.key_spec,
        **shown,
        **algorithms(key),
    )


def configuration(key: KmsKey) -> dict[str, Any]:
    """Where a key of several regions lies."""
    here = key.arn.split(":")[3]

    def place(region: str) -> dict[str, str]:
        return {"Arn": key.arn.replace(f":{here}:", f":{region}:", 1), "Region": region}

    assert key.primary_region is not None
    return {
        "MultiRegionKeyType": "PRIMARY" if here == key.primary_region else "REPLICA",
        "PrimaryKey": place(key.primary_region),
        "ReplicaKeys": [place(region) for region in key.regions if region != key.primary_region],
    }


@op
def describe_key(tx: Tx, req: api.DescribeKeyRequest) -> api.DescribeKeyResponse:
    there, key = key_of(tx, req.key_id, aliases=True)
    return api.DescribeKeyResponse(key_metadata=metadata(there, key))


@op(page_size=100)
def list_keys(tx: Tx, _: api.ListKeysRequest) -> api.ListKeysResponse:
    return api.ListKeysResponse(
        keys=tx.select(KmsKey).map(lambda key: api.KeyListEntry(key_id=key.key_id, key_arn=key.arn))
    )


@op
def enable_key(tx: Tx, req: api.EnableKeyRequest) -> None:
    there, key = key_of(tx, req.key_id)
    if key.key_state not in ("Enabled", "Disabled"):
        raise invalid_state(key)
    there.update(customers(there, key, "EnableKey"), key_state="Enabled")


@op
def disable_key(tx: Tx, req: api.DisableKeyRequest) -> None:
    there, key = key_of(tx, req.key_id)
    if key.key_state not in ("Enabled", "Disabled"):
        raise invalid_state(key)
    there.update(customers(there, key, "DisableKey"), key_state="Disabled")


@op
def schedule_key_deletion(tx: Tx, req: api.ScheduleKeyDeletionRequest) -> api.ScheduleKeyDeletionResponse:
    there, key = key_of(tx, req.key_id)
    days = 30 if req.pending_window_in_days is None else req.pending_window_in_days
    if not 7 <= days <= 30:
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: "
            "Member must have value between 7 and 30 days",
        )
    key = not_going(customers(there, key, "ScheduleKeyDeletion"))
    when = tx.now + datetime.timedelta(days=days)
    there.update(key, key_state="PendingDeletion", deletion_date=when, deletion_window=days)
    there.at(when, purge, key.key_id)
    return api.ScheduleKeyDeletionResponse(
        key_id=key.arn, deletion_date=when, key_state="PendingDeletion", pending_window_in_days=days
    )


def purge(tx: Tx, key_id: str) -> None:
    """A key's waiting is over: it goes with its aliases and grants."""
    key = tx.find(KmsKey, key_id)
    if key is None or key.deletion_date is None or key.deletion_date > tx.now:
        return
    for row in [*tx.select(Alias, target=key_id), *tx.select(Grant, key_arn=key.arn)]:
        tx.delete(row)
    tx.delete(key)


@op
def cancel_key_deletion(tx: Tx, req: api.CancelKeyDeletionRequest) -> api.CancelKeyDeletionResponse:
    there, key = key_of(tx, req.key_id)
    if key.key_state != "PendingDeletion":
        raise api.KMSInvalidStateException(f"{key.arn} is not pending deletion.")
    there.update(key, key_state="Disabled", deletion_date=None, deletion_window=None)
    return api.CancelKeyDeletionResponse(key_id=key.arn)


@op
def update_key_description(tx: Tx, req: api.UpdateKeyDescriptionRequest) -> None:
    there, key = key_of(tx, req.key_id)
    there.update(not_going(customers(there, key, "UpdateKeyDescription")), description=req.description)


@op
def replicate_key(tx: Tx, req: api.ReplicateKeyRequest) -> api.ReplicateKeyResponse:
    import msgspec

    there, key = key_of(tx, req.key_id)
    region = req.replica_region
    if not key.multi_region or key.primary_region != there.region:
        raise api.UnsupportedOperationException(f"{key.arn} is not a multi-region primary key.")
    far = there.in_(region=region)
    if region in key.regions:
        raise api.AlreadyExistsException(f"Key {far.arn('key/' + key.key_id)} already exists in {region}.")
    regions = (*key.regions, region)
    for known in key.regions:
        place = there.in_(region=known)
        place.update(place.get(KmsKey, key.key_id), regions=regions)
    copy = msgspec.structs.replace(
        there.get(KmsKey, key.key_id),
        serial_=0,
        arn=far.arn(f"key/{key.key_id}"),
        creation_date=tx.now,
        description=req.description or "",
        tags=checked_tags(req.tags),
    )
    if req.policy:
        copy = msgspec.structs.replace(copy, policy=req.policy)
    far.add(copy)
    return api.ReplicateKeyResponse(
        replica_key_metadata=metadata(far, copy), replica_policy=copy.policy, replica_tags=to_dict(copy.tags)
    )


@op
def put_key_policy(tx: Tx, req: api.PutKeyPolicyRequest) -> None:
    import msgspec

    there, key = key_of(tx, req.key_id)
    _only_default(req.policy_name)
    try:
        policy = msgspec.json.decode(req.policy)
    except msgspec.DecodeError:
        policy = None
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise api.MalformedPolicyDocumentException("")
    there.update(not_going(customers(there, key, "PutKeyPolicy")), policy=req.policy)


def _only_default(name: str | None) -> None:
    if name not in (None, "default"):
        raise api.NotFoundException("No such policy exists")


@op
def get_key_policy(tx: Tx, req: api.GetKeyPolicyRequest) -> api.GetKeyPolicyResponse:
    _, key = key_of(tx, req.key_id)
    _only_default(req.policy_name)
    return api.GetKeyPolicyResponse(policy=key.policy, policy_name="default")


@op
def list_key_policies(tx: Tx, req: api.ListKeyPoliciesRequest) -> api.ListKeyPoliciesResponse:
    key_of(tx, req.key_id)
    return api.ListKeyPoliciesResponse(policy_names=["default"], truncated=False)


@op
def tag_resource(tx: Tx, req: api.TagResourceRequest) -> None:
    there, key = key_of(tx, req.key_id)
    not_going(customers(there, key, "TagResource"))
    tags = {**key.tags, **checked_tags(req.tags)}
    if len(tags) > MOST_TAGS:
        raise api.TagException("Too many tags")
    there.update(key, tags=tags)


@op
def untag_resource(tx: Tx, req: api.UntagResourceRequest) -> None:
    there, key = key_of(tx, req.key_id)
    gone = set(req.tag_keys)
    tags = {name: value for name, value in key.tags.items() if name not in gone}
    there.update(not_going(customers(there, key, "UntagResource")), tags=tags)


@op(page_size=50)
def list_resource_tags(tx: Tx, req: api.ListResourceTagsRequest) -> api.ListResourceTagsResponse:
    _, key = key_of(tx, req.key_id)
    return api.ListResourceTagsResponse(
        tags=[api.Tag(tag_key=name, tag_value=value) for name, value in key.tags.items()]
    )
