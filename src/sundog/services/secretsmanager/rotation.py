"""Rotation: the secret's function is called for each of the four steps."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.api import secretsmanager as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.secretsmanager.state import (
    CURRENT,
    PENDING,
    Version,
    home,
    live,
    moved,
    staged,
    with_id,
)

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


@op(idempotent=False)
def rotate_secret(tx: Tx, req: api.RotateSecretRequest) -> api.RotateSecretResponse:
    secret = live(tx, req.secret_id)
    there, token = home(tx, secret), req.client_request_token
    rules: dict[str, Any] | None = (
        plain(req.rotation_rules) if req.rotation_rules is not None else secret.rotation_rules
    )
    arn = req.rotation_lambda_arn or secret.rotation_lambda_arn
    if not arn:
        raise api.InvalidRequestException("No Lambda rotation function ARN is associated with this secret.")
    if staged(secret, CURRENT) is None:
        raise api.InvalidRequestException("You can't rotate a secret without a value.")
    try:
        there.call("lambda", "GetFunction", function_name=arn)
    except AwsError:
        raise AwsError(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
            "access to the principal secretsmanager.amazonaws.com.",
        ) from None
    days = (rules or {}).get("AutomaticallyAfterDays")
    secret = there.update(
        secret,
        rotation_enabled=True,
        rotation_lambda_arn=arn,
        rotation_rules=rules,
        next_rotation_date=tx.now + datetime.timedelta(days=days) if days else None,
    )
    if req.rotate_immediately is False:
        return api.RotateSecretResponse(arn=secret.arn, name=secret.name)
    version_id = token or tx.ids.uuid()
    if with_id(secret, version_id) is None:
        made = Version(id=version_id, created=tx.now, kms_key_id=secret.kms_key_id)
        versions = moved((*secret.versions, made), version_id, PENDING)
        there.update(secret, versions=versions, last_rotated_date=tx.now, last_changed_date=tx.now)
        there.after_commit(step, secret.arn, arn, version_id, 0)
    return api.RotateSecretResponse(arn=secret.arn, name=secret.name, version_id=version_id)


def step(tx: Tx, secret: str, function: str, version_id: str, number: int) -> None:
    """One call of the function; the next follows when it stands."""
    event = {"Step": STEPS[number], "SecretId": secret, "ClientRequestToken": version_id}
    tx.call(
        "lambda",
        "Invoke",
        function_name=function,
        invocation_type="RequestResponse",
        payload=msgspec.json.encode(event),
    )
    if number + 1 < len(STEPS):
        tx.after_commit(step, secret, function, version_id, number + 1)


@op
def cancel_rotate_secret(tx: Tx, req: api.CancelRotateSecretRequest) -> api.CancelRotateSecretResponse:
    secret = live(tx, req.secret_id)
    if not secret.rotation_lambda_arn:
        raise api.InvalidRequestException("You tried to enable rotation on a secret that doesn't already have a Lambda "
                                          "function ARN configured and you didn't include such an ARN as a parameter "
                                          "in this call.")  # fmt: skip
    home(tx, secret).update(secret, rotation_enabled=False, next_rotation_date=None)
    return api.CancelRotateSecretResponse(arn=secret.arn, name=secret.name)
