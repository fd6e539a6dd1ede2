"""Reading parameters."""

from __future__ import annotations

import base64
import re
from typing import Any

from sundog.api import ssm as api
from sundog.core import AwsError, Tx, op
from sundog.services.ssm.parameter import is_below, matches
from sundog.services.ssm.state import Parameter, Version, find_parameter, parameter_of


def _split(wanted: str) -> tuple[str, str]:
    """Name and selector (``:3``, ``:label``) of what is asked for."""
    if wanted.startswith("arn:"):
        head, _, name = wanted.partition(":parameter/")
        name, _, selector = name.partition(":")
        return f"{head}:parameter/{name}", selector
    name, _, selector = wanted.partition(":")
    return name, selector


def _selected(row: Parameter, selector: str) -> Version | None:
    if not selector:
        return row.latest
    if selector.isdigit():
        return next((one for one in row.versions if one.version == int(selector)), None)
    return next((one for one in row.versions if selector in one.labels), None)


def _hidden(row: Parameter, version: Version, decrypt: bool | None) -> str:
    """The value as it is shown: secure ones are cipher text unless they are to be decrypted."""
    if version.type != "SecureString" or decrypt:
        return version.value
    from hashlib import shake_128

    digest = shake_128(f"{row.arn}:{version.version}:{version.value}".encode()).digest(96)
    return base64.b64encode(b"\x01\x02\x02\x00x" + digest).decode()


def _shown(row: Parameter, version: Version, selector: str, decrypt: bool | None) -> api.Parameter:
    return api.Parameter(
        name=row.name,
        type=version.type,
        value=_hidden(row, version, decrypt),
        version=version.version,
        selector=f":{selector}" if selector else None,
        last_modified_date=version.last_modified_date,
        arn=row.arn,
        data_type=version.data_type,
    )


def _secret(tx: Tx, wanted: str, decrypt: bool | None) -> api.Parameter:
    """A secret of Secrets Manager, read as a parameter."""
    if not decrypt:
        raise AwsError(
            "ValidationException",
            "WithDecryption flag must be True for retrieving a Secret Manager secret.",
        )
    name = wanted.split("/aws/reference/secretsmanager/", 1)[1]
    try:
        found = tx.call("secretsmanager", "GetSecretValue", secret_id=name)
    except AwsError as error:
        raise api.ParameterNotFound(
            f"An error occurred ({error.code}) when referencing Secrets Manager: Secret {wanted} not found."
        ) from None
    return api.Parameter(
        name=wanted,
        type="SecureString",
        value=found.secret_string,
        version=0,
        last_modified_date=found.created_date,
        arn=found.arn,
    )


@op
def get_parameter(tx: Tx, req: api.GetParameterRequest) -> api.GetParameterResult:
    decrypt = req.with_decryption
    if req.name.startswith("/aws/reference/secretsmanager/"):
        return api.GetParameterResult(parameter=_secret(tx, req.name, decrypt))
    name, selector = _split(req.name)
    row = parameter_of(tx, name)
    version = _selected(row, selector)
    if version is None:
        raise api.ParameterVersionNotFound(
            f"Systems Manager could not find version {selector} of {row.name}. Verify the version and try again."
        )
    return api.GetParameterResult(parameter=_shown(row, version, selector, decrypt))


@op
def get_parameters(tx: Tx, req: api.GetParametersRequest) -> api.GetParametersResult:
    decrypt = req.with_decryption
    if len(set(req.names)) != len(req.names):
        raise AwsError("ValidationException", "Duplicate parameter names are not allowed.")
    found: list[Any] = []
    invalid: list[str] = []
    for wanted in req.names:
        if wanted.startswith("/aws/reference/secretsmanager/"):
            try:
                found.append(_secret(tx, wanted, decrypt))
            except api.ParameterNotFound:
                invalid.append(wanted)
            continue
        name, selector = _split(wanted)
        row = find_parameter(tx, name)
        version = _selected(row, selector) if row is not None else None
        if row is None or version is None:
            invalid.append(wanted)
        else:
            found.append(_shown(row, version, selector, decrypt))
    found.sort(key=lambda one: one.name)
    return api.GetParametersResult(parameters=found, invalid_parameters=invalid)


_PATH = re.compile(r"/[a-zA-Z0-9_.\-/]*\Z")


@op(page_size=10)
def get_parameters_by_path(tx: Tx, req: api.GetParametersByPathRequest) -> api.GetParametersByPathResult:
    path, deep, decrypt = req.path, bool(req.recursive), req.with_decryption
    if _PATH.match(path) is None:
        raise AwsError(
            "ValidationException",
            "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward "
            'slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, '
            "numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special "
            "characters are not allowed. All "
            'sub-paths, if specified, must use the forward slash symbol "/". Valid example: '
            "/get/parameters2-/by1./path0_.",
        )
    wanted = list(req.parameter_filters or ())
    shown: list[Any] = []
    for row in tx.select(Parameter):
        if not is_below(row.name, path, deep) or not all(matches(row, one) for one in wanted):
            continue
        labels = [value for one in wanted if one.key == "Label" for value in one.values or ()]
        version = next((one for one in reversed(row.versions) if set(labels) & set(one.labels)), row.latest)
        shown.append(_shown(row, version, "", decrypt))
    return api.GetParametersByPathResult(parameters=shown)


@op(page_size=50)
def get_parameter_history(tx: Tx, req: api.GetParameterHistoryRequest) -> api.GetParameterHistoryResult:
    row, decrypt = parameter_of(tx, req.name), req.with_decryption
    names = ("type", "key_id", "last_modified_date", "last_modified_user", "description", "allowed_pattern", "version",
             "tier", "data_type")  # fmt: skip
    return api.GetParameterHistoryResult(
        parameters=[
            api.ParameterHistory(
                name=row.name,
                value=_hidden(row, one, decrypt),
                labels=list(one.labels),
                policies=list(one.policies),
                **{name: getattr(one, name) for name in names},
            )
            for one in row.versions
        ]
    )
