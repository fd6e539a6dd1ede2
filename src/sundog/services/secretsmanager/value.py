"""Values of secrets: their versions and stages."""

from __future__ import annotations

import string
from typing import Any

import msgspec

from sundog.api import secretsmanager as api
from sundog.core import AwsError, Tx, op
from sundog.services.secretsmanager.state import (
    CURRENT,
    Secret,
    Version,
    home,
    live,
    moved,
    secret_of,
    staged,
    with_id,
)


def same_value(version: Version, text: str | None, binary: bytes | None) -> bool:
    return version.text == text and version.binary == binary


def added(
    tx: Tx,
    secret: Secret,
    version_id: str,
    text: str | None,
    binary: bytes | None,
    stages: tuple[str, ...] = (CURRENT,),
) -> Secret:
    """The secret with a new version; the same one again changes nothing, another value under its id is refused."""
    existing = with_id(secret, version_id)
    if existing is not None:
        if same_value(existing, text, binary):
            return secret
        raise api.ResourceExistsException(
            f"You can't use ClientRequestToken {version_id} because that value is already in use for a version of "
            f"secret {secret.arn}."
        )
    made = Version(id=version_id, text=text, binary=binary, created=tx.now, kms_key_id=secret.kms_key_id)
    versions = (*secret.versions, made)
    # The first value is the current one, whatever stages it is given.
    for stage in stages if secret.versions or CURRENT in stages else (*stages, CURRENT):
        versions = moved(versions, version_id, stage)
    return tx.update(secret, versions=versions, last_changed_date=tx.now)


@op(idempotent=False)
def put_secret_value(tx: Tx, req: api.PutSecretValueRequest) -> api.PutSecretValueResponse:
    if req.secret_string is None and req.secret_binary is None:
        raise api.InvalidRequestException("You must provide either SecretString or SecretBinary.")
    if req.secret_string is not None and req.secret_binary is not None:
        raise api.InvalidParameterException("You can't specify both a binary secret value and a string secret value.")
    secret = live(tx, req.secret_id)
    version_id = req.client_request_token or tx.ids.uuid()
    stages = tuple(req.version_stages or (CURRENT,))
    secret = added(home(tx, secret), secret, version_id, req.secret_string, req.secret_binary, stages)
    made = with_id(secret, version_id)
    assert made is not None
    return api.PutSecretValueResponse(
        arn=secret.arn, name=secret.name, version_id=version_id, version_stages=list(made.stages)
    )


@op
def get_secret_value(tx: Tx, req: api.GetSecretValueRequest) -> api.GetSecretValueResponse:
    return api.GetSecretValueResponse(**_value(tx, req.secret_id, req.version_id, req.version_stage))


def _value(tx: Tx, wanted: str, version_id: str | None, stage: str | None) -> dict[str, Any]:
    secret = live(tx, wanted)
    if version_id is not None:
        version = with_id(secret, version_id)
        if version is None:
            raise api.ResourceNotFoundException(
                f"Secrets Manager can't find the specified secret value for VersionId: {version_id}"
            )
        if stage is not None and stage not in version.stages:
            raise api.InvalidRequestException(
                "You provided a VersionStage that is not associated to the provided VersionId."
            )
    else:
        version = staged(secret, stage or CURRENT)
        if version is None:
            raise api.ResourceNotFoundException(
                f"Secrets Manager can't find the specified secret value for staging label: {stage or CURRENT}"
            )
    today = tx.now.replace(hour=0, minute=0, second=0, microsecond=0)
    seen = msgspec.structs.replace(version, accessed=today)
    if version.accessed != today or secret.last_accessed_date != today:
        versions = tuple(seen if one.id == version.id else one for one in secret.versions)
        home(tx, secret).update(secret, versions=versions, last_accessed_date=today)
    return {
        "arn": secret.arn,
        "name": secret.name,
        "version_id": version.id,
        "secret_binary": version.binary,
        "secret_string": version.text,
        "version_stages": list(version.stages) or None,
        "created_date": version.created,
    }


@op(paged=False)
def batch_get_secret_value(tx: Tx, req: api.BatchGetSecretValueRequest) -> api.BatchGetSecretValueResponse:
    from sundog.services.secretsmanager.secret import matches

    if (req.secret_id_list is None) == (req.filters is None):
        raise api.InvalidParameterException("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
    if req.secret_id_list is None:
        found = [secret for secret in tx.select(Secret) if secret.deleted_date is None and secret.versions]
        for wanted in req.filters:
            found = [secret for secret in found if matches(secret, wanted.key, list(wanted.values or ()))]
        ids = [secret.arn for secret in found]
    else:
        ids = list(req.secret_id_list)
    start, size = int(req.next_token or 0), req.max_results or 20
    values: list[Any] = []
    errors: list[Any] = []
    for wanted in ids[start : start + size]:
        try:
            values.append(api.SecretValueEntry(**_value(tx, wanted, None, None)))
        except AwsError as error:
            errors.append(api.APIErrorType(secret_id=wanted, error_code=error.code, message=error.message))
    return api.BatchGetSecretValueResponse(
        secret_values=values, errors=errors, next_token=str(start + size) if start + size < len(ids) else None
    )


@op
def list_secret_version_ids(tx: Tx, req: api.ListSecretVersionIdsRequest) -> api.ListSecretVersionIdsResponse:
    secret = secret_of(tx, req.secret_id)
    return api.ListSecretVersionIdsResponse(
        arn=secret.arn,
        name=secret.name,
        versions=[
            api.SecretVersionsListEntry(
                version_id=version.id,
                version_stages=list(version.stages) or None,
                created_date=version.created,
                last_accessed_date=version.accessed,
                kms_key_ids=[version.kms_key_id or "DefaultEncryptionKey"],
            )
            for version in secret.versions
            if version.stages or req.include_deprecated
        ],
    )


@op
def update_secret_version_stage(
    tx: Tx, req: api.UpdateSecretVersionStageRequest
) -> api.UpdateSecretVersionStageResponse:
    secret = live(tx, req.secret_id)
    stage, source, to = req.version_stage, req.remove_from_version_id, req.move_to_version_id
    for version_id in (source, to):
        if version_id is not None and with_id(secret, version_id) is None:
            raise api.ResourceNotFoundException(
                f"Secrets Manager can't find the specified secret value for VersionId: {version_id}"
            )
    holder = staged(secret, stage)
    if source is not None and (holder is None or holder.id != source):
        raise api.InvalidParameterException(
            f"The parameter RemoveFromVersionId can't be set to {source} because staging label {stage} isn't attached "
            "to that version."
        )
    if to is not None and source is None and holder is not None and holder.id != to:
        raise api.InvalidParameterException(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version "
            f"{holder.id}, so you must explicitly reference that version in RemoveFromVersionId."
        )
    if to is None and stage == CURRENT:
        raise api.InvalidParameterException(
            f"You can only move staging label {CURRENT} to a different secret version. It can't be completely removed."
        )
    versions = secret.versions
    if to is not None:
        versions = moved(versions, to, stage)
    else:
        versions = tuple(
            msgspec.structs.replace(one, stages=tuple(name for name in one.stages if name != stage)) for one in versions
        )
    home(tx, secret).update(secret, versions=versions, last_changed_date=tx.now)
    return api.UpdateSecretVersionStageResponse(arn=secret.arn, name=secret.name)


@op
def get_random_password(tx: Tx, req: api.GetRandomPasswordRequest) -> api.GetRandomPasswordResponse:
    sets = [
        string.ascii_lowercase if not req.exclude_lowercase else "",
        string.ascii_uppercase if not req.exclude_uppercase else "",
        string.digits if not req.exclude_numbers else "",
        string.punctuation if not req.exclude_punctuation else "",
        " " if req.include_space else "",
    ]
    gone = set(req.exclude_characters or "")
    sets = [kept for chars in sets if (kept := "".join(char for char in chars if char not in gone))]
    length = 32 if req.password_length is None else req.password_length
    if not sets:
        raise api.InvalidParameterException("The request would produce a password with no characters.")
    chosen = tx.ids.choose("".join(sets), length)
    if req.require_each_included_type is not False:
        if length < len(sets):
            raise api.InvalidParameterException(
                "The password length is too short for all of the required character types."
            )
        # One of each kind, at places that a draw without repetition gives.
        places: list[int] = []
        while len(places) < len(sets):
            place = int(tx.ids.hex(8), 16) % length
            if place not in places:
                places.append(place)
        letters = list(chosen)
        for place, chars in zip(places, sets, strict=True):
            letters[place] = tx.ids.choose(chars, 1)
        chosen = "".join(letters)
    return api.GetRandomPasswordResponse(random_password=chosen)
