"""Secrets: their life, descriptions, tags and policies."""

from __future__ import annotations

import datetime
import re
from typing import Any

import msgspec

from sundog.api import secretsmanager as api
from sundog.core import AwsError, Tx, op
from sundog.core.tag import to_dict
from sundog.services.secretsmanager.replica import replica
from sundog.services.secretsmanager.state import Secret, home, live, no_secret, secret_of, stages_of
from sundog.services.secretsmanager.value import added, same_value

_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]+\Z")


def _check_value(req: Any) -> None:
    if req.secret_string is not None and req.secret_binary is not None:
        raise api.InvalidParameterException("You can't specify both a binary secret value and a string secret value.")


@op(idempotent=False)
def create_secret(tx: Tx, req: api.CreateSecretRequest) -> api.CreateSecretResponse:
    name = req.name
    if _NAME.match(name) is None:
        raise AwsError(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        )
    _check_value(req)
    replicas = tuple(replica(tx, item) for item in req.add_replica_regions or ())
    existing = tx.find(Secret, name)
    if existing is not None:
        if existing.deleted_date is not None:
            raise api.InvalidRequestException(
                "You can't create this secret because a secret with this name is already scheduled for deletion."
            )
        version = next((item for item in existing.versions if item.id == req.client_request_token), None)
        if version is None or not same_value(version, req.secret_string, req.secret_binary):
            raise api.ResourceExistsException(f"The operation failed because the secret {name} already exists.")
        return api.CreateSecretResponse(arn=existing.arn, name=name, version_id=version.id)
    arn = tx.arn(f"secret:{name}-{tx.ids.alnum(6)}")
    secret = tx.add(
        Secret(
            name=name,
            arn=arn,
            description=req.description,
            kms_key_id=req.kms_key_id,
            created_date=tx.now,
            last_changed_date=tx.now,
            tags=to_dict(req.tags),
            replicas=replicas,
        )
    )
    version_id, token = None, req.client_request_token
    if req.secret_string is not None or req.secret_binary is not None:
        version_id = token or tx.ids.uuid()
        added(tx, secret, version_id, req.secret_string, req.secret_binary)
    return api.CreateSecretResponse(
        arn=arn, name=name, version_id=version_id, replication_status=list(replicas) or None
    )


@op(idempotent=False)
def update_secret(tx: Tx, req: api.UpdateSecretRequest) -> api.UpdateSecretResponse:
    _check_value(req)
    secret = live(tx, req.secret_id)
    there = home(tx, secret)
    changes = {name: value for name in ("description", "kms_key_id") if (value := getattr(req, name)) is not None}
    secret = there.update(secret, last_changed_date=tx.now, **changes)
    version_id, token = None, req.client_request_token
    if req.secret_string is not None or req.secret_binary is not None:
        version_id = token or tx.ids.uuid()
        added(there, secret, version_id, req.secret_string, req.secret_binary)
    return api.UpdateSecretResponse(arn=secret.arn, name=secret.name, version_id=version_id)


@op
def describe_secret(tx: Tx, req: api.DescribeSecretRequest) -> api.DescribeSecretResponse:
    secret = secret_of(tx, req.secret_id)
    return api.DescribeSecretResponse(
        version_ids_to_stages=stages_of(secret),
        replication_status=list(secret.replicas) or None,
        **_shown(secret),
    )


def _shown(secret: Secret) -> dict[str, Any]:
    names = (
        "arn", "name", "description", "kms_key_id", "rotation_enabled", "rotation_lambda_arn", "rotation_rules",
        "last_rotated_date", "last_changed_date", "last_accessed_date", "deleted_date", "next_rotation_date",
        "created_date",
    )  # fmt: skip
    shown = {name: getattr(secret, name) for name in names}
    shown["tags"] = secret.tags or None
    if secret.replicas:
        shown["primary_region"] = secret.arn.split(":")[3]
    return shown


@op
def list_secrets(tx: Tx, req: api.ListSecretsRequest) -> api.ListSecretsResponse:
    found = [secret for secret in tx.select(Secret) if req.include_planned_deletion or secret.deleted_date is None]
    for wanted in req.filters or ():
        found = [secret for secret in found if matches(secret, wanted.key, list(wanted.values or ()))]
    by = {"name": lambda s: s.name, "last-changed-date": lambda s: s.last_changed_date}.get(
        req.sort_by or "", lambda s: s.created_date
    )
    found.sort(key=by, reverse=req.sort_order == "desc")
    return api.ListSecretsResponse(
        secret_list=[
            api.SecretListEntry(secret_versions_to_stages=stages_of(secret), **_shown(secret)) for secret in found
        ]
    )


def matches(secret: Secret, key: str, values: list[str]) -> bool:
    """Whether any value matches: names, tags and regions by prefix, descriptions by words; ``!`` denies."""
    everything = [secret.name, secret.description or "", *secret.tags, *secret.tags.values()]
    texts = {
        "name": [secret.name],
        "description": [secret.description or ""],
        "tag-key": list(secret.tags),
        "tag-value": list(secret.tags.values()),
        "primary-region": [secret.arn.split(":")[3]],
        "owning-service": [""],
    }.get(key, everything)
    return any(
        _hit(texts, value[1:], key) is False if value.startswith("!") else _hit(texts, value, key) for value in values
    )


def _hit(texts: list[str], value: str, key: str) -> bool:
    if key in ("description", "all"):
        words = [word.lower() for text in texts for word in re.split(r"[\s/_+=.@-]+", text) if word]
        lowered = [text.lower() for text in texts]
        return any(text.startswith(value.lower()) for text in lowered) or all(
            any(word.startswith(part) for word in words) for part in value.lower().split()
        )
    return any(text.startswith(value) for text in texts)


@op
def delete_secret(tx: Tx, req: api.DeleteSecretRequest) -> api.DeleteSecretResponse:
    force, days = req.force_delete_without_recovery, req.recovery_window_in_days
    if force and days is not None:
        raise api.InvalidParameterException(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
        )
    if days is not None and not 7 <= days <= 30:
        raise api.InvalidParameterException("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
    try:
        secret = secret_of(tx, req.secret_id)
    except type(no_secret()):
        if not force or req.secret_id.startswith("arn:"):
            raise
        # AWS answers as if it had been there.
        arn = tx.arn(f"secret:{req.secret_id}-{tx.ids.alnum(6)}")
        return api.DeleteSecretResponse(arn=arn, name=req.secret_id, deletion_date=tx.now)
    there = home(tx, secret)
    if force:
        there.delete(secret)
        return api.DeleteSecretResponse(arn=secret.arn, name=secret.name, deletion_date=tx.now)
    if secret.deleted_date is not None:
        raise api.InvalidRequestException(
            "You can't perform this operation on the secret because it was already scheduled for deletion."
        )
    if secret.replicas:
        raise api.InvalidRequestException("You can't delete secret that still has replica regions.")
    when = tx.now + datetime.timedelta(days=days or 30)
    there.update(secret, deleted_date=tx.now, purge_date=when)
    there.at(when, purge, secret.name, secret.arn)
    return api.DeleteSecretResponse(arn=secret.arn, name=secret.name, deletion_date=when)


def purge(tx: Tx, name: str, arn: str) -> None:
    """The recovery window is over."""
    secret = tx.find(Secret, name)
    if secret is not None and secret.arn == arn and secret.purge_date is not None and secret.purge_date <= tx.now:
        tx.delete(secret)


@op
def restore_secret(tx: Tx, req: api.RestoreSecretRequest) -> api.RestoreSecretResponse:
    secret = secret_of(tx, req.secret_id)
    home(tx, secret).update(secret, deleted_date=None, purge_date=None)
    return api.RestoreSecretResponse(arn=secret.arn, name=secret.name)


@op
def tag_resource(tx: Tx, req: api.TagResourceRequest) -> None:
    secret = live(tx, req.secret_id)
    home(tx, secret).update(secret, tags={**secret.tags, **to_dict(req.tags)})


@op
def untag_resource(tx: Tx, req: api.UntagResourceRequest) -> None:
    secret = live(tx, req.secret_id)
    gone = set(req.tag_keys)
    home(tx, secret).update(secret, tags={key: value for key, value in secret.tags.items() if key not in gone})


@op
def put_resource_policy(tx: Tx, req: api.PutResourcePolicyRequest) -> api.PutResourcePolicyResponse:
    secret = live(tx, req.secret_id)
    try:
        policy = msgspec.json.decode(req.resource_policy)
    except msgspec.DecodeError:
        policy = None
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise api.MalformedPolicyDocumentException("This resource policy contains invalid Json")
    if req.block_public_policy and _is_public(policy):
        raise api.PublicPolicyException("The resource policy grants public access.")
    home(tx, secret).update(secret, policy=req.resource_policy)
    return api.PutResourcePolicyResponse(arn=secret.arn, name=secret.name)


def _is_public(policy: dict[str, Any]) -> bool:
    statements = policy["Statement"]
    return any(
        one.get("Effect") == "Allow" and one.get("Principal") in ("*", {"AWS": "*"}) and not one.get("Condition")
        for one in (statements if isinstance(statements, list) else [statements])
    )


@op
def get_resource_policy(tx: Tx, req: api.GetResourcePolicyRequest) -> api.GetResourcePolicyResponse:
    secret = live(tx, req.secret_id)
    return api.GetResourcePolicyResponse(arn=secret.arn, name=secret.name, resource_policy=secret.policy)


@op
def delete_resource_policy(tx: Tx, req: api.DeleteResourcePolicyRequest) -> api.DeleteResourcePolicyResponse:
    secret = live(tx, req.secret_id)
    home(tx, secret).update(secret, policy=None)
    return api.DeleteResourcePolicyResponse(arn=secret.arn, name=secret.name)
