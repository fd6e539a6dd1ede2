"""Writing parameters, and what is told of them without their values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from sundog.api import ssm as api
from sundog.core import AwsError, Tx, op
from sundog.core.tag import to_dict
from sundog.services.ssm.state import Parameter, Version, find_parameter, parameter_of, plain_name

MOST_VERSIONS = 100
STANDARD_SIZE, ADVANCED_SIZE = 4096, 8192
_NAME = re.compile(r"[a-zA-Z0-9_.\-/]+\Z")
_LABEL = re.compile(r"[a-zA-Z0-9_.-]{1,100}\Z")


def _check_name(name: str) -> None:
    if name.lstrip("/").lower().startswith(("aws", "ssm")):
        prefix = "ssm" if name.lstrip("/").lower().startswith("ssm") else "aws"
        if not name.startswith("/"):
            raise AwsError(
                "ValidationException", f'Parameter name: can\'t be prefixed with "{prefix}" (case-insensitive).'
            )
        raise AwsError(
            "AccessDeniedException" if prefix == "aws" else "ValidationException",
            f"No access to reserved parameter name: {name}."
            if prefix == "aws"
            else 'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist '
            "of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the "
            "following 3 symbols .-_",
        )
    if _NAME.match(name) is None:
        raise AwsError(
            "ValidationException",
            'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist '
            "of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the "
            "following 3 symbols .-_",
        )
    if "/" in name and not name.startswith("/"):
        raise AwsError("ValidationException", "Parameter name must be a fully qualified name.")
    if name.count("/") > 15:
        raise api.HierarchyLevelLimitExceededException("Parameter name must have at most 15 levels in the hierarchy.")


@op
def put_parameter(tx: Tx, req: api.PutParameterRequest) -> api.PutParameterResult:
    """Make a parameter, or a new version of it."""
    name = plain_name(req.name)
    _check_name(name)
    existing = tx.find(Parameter, name)
    if req.value == "":
        raise AwsError(
            "ValidationException",
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length "
            "greater than or equal to 1.",
        )
    if existing is not None and not req.overwrite:
        raise api.ParameterAlreadyExists(
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
        )
    if existing is not None and req.tags:
        raise AwsError(
            "ValidationException",
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please "
            "remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or "
            "RemoveTagsFromResource.",
        )
    kind = req.type or (existing.latest.type if existing is not None else None)
    if kind is None:
        raise AwsError("ValidationException", "A parameter type is required when you create a parameter.")
    tier = _tier(req.tier, req.value, req.policies, existing)
    if req.allowed_pattern and re.search(req.allowed_pattern, req.value) is None:
        raise api.ParameterPatternMismatchException(
            "Parameter value, cannot be validated against allowedPattern: " + req.allowed_pattern
        )
    number = existing.latest.version + 1 if existing is not None else 1
    made = Version(
        version=number,
        type=kind,
        value=req.value,
        description=req.description or (existing.latest.description if existing is not None else None),
        key_id=(req.key_id or "alias/aws/ssm") if kind == "SecureString" else None,
        allowed_pattern=req.allowed_pattern,
        tier=tier,
        data_type=req.data_type or "text",
        policies=_policies(req.policies),
        last_modified_date=tx.now,
        last_modified_user=tx.caller.arn,
    )
    if existing is None:
        arn = tx.arn("parameter/" + name.lstrip("/"))
        tx.add(Parameter(name=name, arn=arn, versions=(made,), tags=to_dict(req.tags)))
    else:
        versions = existing.versions
        if len(versions) >= MOST_VERSIONS:
            if versions[0].labels:
                raise api.ParameterMaxVersionLimitExceeded(
                    f"You attempted to create a new version of {name} by calling the PutParameter API with the "
                    "overwrite "
                    f"flag. Version {versions[0].version}, the oldest version, can't be deleted because it has a label "
                    "associated with it. Move the label to another version of the parameter, and try again."
                )
            versions = versions[1:]
        tx.update(existing, versions=(*versions, made))
    return api.PutParameterResult(version=number, tier=tier)


def _tier(wanted: str | None, value: str, policies: str | None, existing: Parameter | None) -> str:
    """The tier that a parameter comes to have."""
    size = len(value.encode())
    if size > ADVANCED_SIZE:
        raise AwsError(
            "ValidationException",
            f"Standard tier parameters support a maximum parameter value of {STANDARD_SIZE} characters. To create a "
            "larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, "
            "see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
            if wanted != "Advanced"
            else f"Advanced tier parameters support a maximum parameter value of {ADVANCED_SIZE} characters.",
        )
    old = existing.latest.tier if existing is not None else "Standard"
    if wanted == "Intelligent-Tiering":
        return "Advanced" if size > STANDARD_SIZE or policies or old == "Advanced" else "Standard"
    if wanted == "Standard" and old == "Advanced":
        raise AwsError(
            "ValidationException",
            "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
            "advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the "
            "advanced parameter "
            "and recreate it as a standard parameter.",
        )
    tier = wanted or old
    if tier == "Standard" and size > STANDARD_SIZE:
        raise AwsError(
            "ValidationException",
            f"Standard tier parameters support a maximum parameter value of {STANDARD_SIZE} characters. To create a "
            "larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, "
            "see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
        )
    return tier


def _policies(text: str | None) -> tuple[dict[str, Any], ...]:
    if not text:
        return ()
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, list) or any(not isinstance(one, dict) or "Type" not in one for one in found):
        raise api.InvalidPolicyTypeException("The policy type isn't supported.")
    return tuple(
        {"PolicyText": msgspec.json.encode(one).decode(), "PolicyType": one["Type"], "PolicyStatus": "Pending"}
        for one in found
    )


@op
def delete_parameter(tx: Tx, req: api.DeleteParameterRequest) -> api.DeleteParameterResult:
    found = parameter_of(tx, req.name)
    tx.delete(found)
    return api.DeleteParameterResult()


@op
def delete_parameters(tx: Tx, req: api.DeleteParametersRequest) -> api.DeleteParametersResult:
    deleted: list[str] = []
    invalid: list[str] = []
    for name in dict.fromkeys(req.names):
        found = find_parameter(tx, name)
        (invalid if found is None else deleted).append(name)
        if found is not None:
            tx.delete(found)
    return api.DeleteParametersResult(deleted_parameters=deleted, invalid_parameters=invalid)


@op(page_size=50)
def describe_parameters(tx: Tx, req: api.DescribeParametersRequest) -> api.DescribeParametersResult:
    if req.filters and req.parameter_filters:
        raise AwsError(
            "ValidationException",
            "You can use either Filters or ParameterFilters in a single request.",
        )
    rows: Iterable[Parameter] = tx.select(Parameter)
    for old in req.filters or ():
        rows = [row for row in rows if _value_of(row, old.key) in old.values]
    for wanted in req.parameter_filters or ():
        rows = [row for row in rows if matches(row, wanted)]
    return api.DescribeParametersResult(parameters=[_metadata(row) for row in rows])


def _metadata(row: Parameter) -> api.ParameterMetadata:
    last = row.latest
    names = ("type", "key_id", "last_modified_date", "last_modified_user", "description", "allowed_pattern", "version",
             "tier", "data_type")  # fmt: skip
    shown = {name: getattr(last, name) for name in names}
    return api.ParameterMetadata(name=row.name, arn=row.arn, policies=list(last.policies), **shown)


def _value_of(row: Parameter, key: str) -> str | None:
    last = row.latest
    return {"Name": row.name, "Type": last.type, "KeyId": last.key_id, "Tier": last.tier, "DataType": last.data_type}[
        key
    ]


def matches(row: Parameter, wanted: Any) -> bool:
    """Whether a parameter fits one filter of strings."""
    key, option, values = wanted.key, wanted.option, list(wanted.values or ())
    if key.startswith("tag:"):
        return key[4:] in row.tags and (not values or row.tags[key[4:]] in values)
    if key == "Path":
        deep = option == "Recursive"
        return any(is_below(row.name, value, deep) for value in values)
    if key == "Label":
        return any(label in values for version in row.versions for label in version.labels)
    if key not in ("Name", "Type", "KeyId", "Tier", "DataType"):
        raise api.InvalidFilterKey(
            "1 validation error detected: Value '" + key + "' at 'parameterFilters.1.member.key' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: "
            "tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType"
        )
    have = _value_of(row, key)
    if have is None:
        return False
    if key == "Name" and option in (None, "Equals"):
        return any(have == value or have.lstrip("/") == value.lstrip("/") for value in values)
    if option == "BeginsWith":
        return any(have.startswith(value) or have.lstrip("/").startswith(value.lstrip("/")) for value in values)
    if option == "Contains":
        return any(value in have for value in values)
    return have in values


def is_below(name: str, path: str, deep: bool) -> bool:
    """Whether a parameter lies in a path, directly or (``deep``) anywhere below it."""
    base = path.rstrip("/") + "/"
    full = name if name.startswith("/") else f"/{name}"
    return full.startswith(base) and (deep or "/" not in full[len(base) :])


@op
def label_parameter_version(tx: Tx, req: api.LabelParameterVersionRequest) -> api.LabelParameterVersionResult:
    row = parameter_of(tx, req.name)
    number = req.parameter_version or row.latest.version
    version = next((one for one in row.versions if one.version == number), None)
    if version is None:
        raise api.ParameterVersionNotFound(
            f"Systems Manager could not find version {number} of {req.name}. Verify the version and try again."
        )
    good = [label for label in dict.fromkeys(req.labels) if _is_label(label)]
    if len({*version.labels, *good}) > 10:
        raise api.ParameterVersionLabelLimitExceeded(
            "An error occurred (ParameterVersionLabelLimitExceeded) when calling the LabelParameterVersion operation: "
            "A parameter version can have maximum 10 labels.Move one or more labels to another version and try again."
        )
    versions = tuple(
        msgspec.structs.replace(
            one,
            labels=(*one.labels, *(label for label in good if label not in one.labels))
            if one.version == number
            else tuple(label for label in one.labels if label not in good),
        )
        for one in row.versions
    )
    tx.update(row, versions=versions)
    bad = [label for label in req.labels if not _is_label(label)]
    return api.LabelParameterVersionResult(invalid_labels=bad, parameter_version=number)


def _is_label(label: str) -> bool:
    return not (_LABEL.match(label) is None or label.lower().startswith(("aws", "ssm")) or label[0].isdigit())


@op
def unlabel_parameter_version(tx: Tx, req: api.UnlabelParameterVersionRequest) -> api.UnlabelParameterVersionResult:
    row = parameter_of(tx, req.name)
    version = next((one for one in row.versions if one.version == req.parameter_version), None)
    if version is None:
        raise api.ParameterVersionNotFound(
            f"Systems Manager could not find version {req.parameter_version} of {req.name}. "
            "Verify the version and try again."
        )
    removed = [label for label in req.labels if label in version.labels]
    changed = msgspec.structs.replace(version, labels=tuple(one for one in version.labels if one not in removed))
    tx.update(row, versions=tuple(changed if one is version else one for one in row.versions))
    invalid = [label for label in req.labels if label not in removed]
    return api.UnlabelParameterVersionResult(removed_labels=removed, invalid_labels=invalid)
