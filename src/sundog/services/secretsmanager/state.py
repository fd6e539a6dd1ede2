"""What Secrets Manager keeps."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.api import secretsmanager as api
from sundog.core import NO_TAGS, Key, Record, Tags, Tx, record

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a secret. Without stages it is deprecated: it may still be asked for by its id."""

    id: str
    stages: tuple[str, ...] = ()
    text: str | None = None
    binary: bytes | None = None
    created: datetime.datetime
    accessed: datetime.datetime | None = None
    kms_key_id: str | None = None


@record(order="added")
class Secret(Record):
    name: Key[str]
    arn: str
    description: str | None = None
    kms_key_id: str | None = None
    rotation_enabled: bool | None = None
    rotation_lambda_arn: str | None = None
    rotation_rules: dict[str, Any] | None = None
    last_rotated_date: datetime.datetime | None = None
    last_changed_date: datetime.datetime
    last_accessed_date: datetime.datetime | None = None
    deleted_date: datetime.datetime | None = None
    purge_date: datetime.datetime | None = None
    next_rotation_date: datetime.datetime | None = None
    created_date: datetime.datetime
    policy: str | None = None
    versions: tuple[Version, ...] = ()
    replicas: tuple[dict[str, Any], ...] = ()
    tags: Tags = NO_TAGS


def no_secret() -> Exception:
    return api.ResourceNotFoundException("Secrets Manager can't find the specified secret.")


def secret_of(tx: Tx, wanted: str) -> Secret:
    """The secret of a name, an ARN, or an ARN without its six random characters."""
    if not wanted.startswith("arn:"):
        found = tx.find(Secret, wanted)
        if found is None:
            raise no_secret()
        return found
    parts = wanted.split(":", 6)
    if len(parts) < 7:
        raise no_secret()
    there = tx.in_(account=parts[4] or None, region=parts[3] or None)
    for name in (parts[6], parts[6][:-7]):
        found = there.find(Secret, name)
        if found is not None and wanted in (found.arn, found.arn[:-7]):
            return found
    raise no_secret()


def live(tx: Tx, wanted: str) -> Secret:
    """The secret, refused if it is scheduled for deletion."""
    found = secret_of(tx, wanted)
    if found.deleted_date is not None:
        raise api.InvalidRequestException(
            "You can't perform this operation on the secret because it was marked for deletion."
        )
    return found


def home(tx: Tx, secret: Secret) -> Tx:
    """The transaction where the secret lies."""
    parts = secret.arn.split(":", 5)
    return tx.in_(account=parts[4], region=parts[3])


def staged(secret: Secret, stage: str) -> Version | None:
    return next((version for version in secret.versions if stage in version.stages), None)


def with_id(secret: Secret, version_id: str) -> Version | None:
    return next((version for version in secret.versions if version.id == version_id), None)


def stages_of(secret: Secret) -> dict[str, list[str]] | None:
    return {version.id: list(version.stages) for version in secret.versions if version.stages} or None


def moved(versions: tuple[Version, ...], target: str, stage: str) -> tuple[Version, ...]:
    """The versions with a stage on the target only; what was current becomes previous."""
    current = next((version.id for version in versions if CURRENT in version.stages), None)
    found: list[Version] = []
    for version in versions:
        stages = [name for name in version.stages if name != stage]
        if version.id == target:
            stages.append(stage)
        if stage == CURRENT and current not in (None, target):
            stages = [name for name in stages if name != PREVIOUS]
            if version.id == current:
                stages.append(PREVIOUS)
        found.append(msgspec.structs.replace(version, stages=tuple(stages)))
    return tuple(found)
