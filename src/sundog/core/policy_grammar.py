"""What is wrong with a policy document, in IAM's words."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from sundog.core.policy_condition import known_operator

Kind = Literal["identity", "managed", "resource", "trust", "session"]
"""A managed policy must say version 2012-10-17; an inline one need not."""

SYNTAX = "Syntax errors in policy."
NOT_JSON = "This policy contains invalid Json"
VERSIONS = ("2008-10-17", "2012-10-17")
_ELEMENTS = {"Version", "Id", "Statement"}
_STATEMENT = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
_SID = re.compile(r"[0-9A-Za-z]*")
_VENDOR = re.compile(r"[a-zA-Z0-9-]+")
_ACTION = re.compile(r"[a-zA-Z0-9*?]+(?:-[a-zA-Z0-9*?]+)*")
_PRINCIPALS = {"AWS", "Service", "Federated", "CanonicalUser"}
_PARTITION = re.compile(r"aws(-cn|-us-gov|-iso(-[bef])?|-eusc)?|.*[*?$].*")


class _Problem(Exception):
    pass


def _pairs_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Problem(SYNTAX)
    return found


def validate_policy(document: str, kind: Kind = "identity") -> list[str]:
    """The messages of everything that is wrong; an empty list for a good document.

    ``identity``: inlined in a user, group or role; ``managed``: a policy of its own; ``resource``: with principals;
    ``trust``: a role's, without resources; ``session``: given with a request for temporary credentials.
    """
    try:
        source = json.loads(document, object_pairs_hook=_pairs_once, parse_constant=_no_constant)
    except _Problem as problem:
        return [str(problem)]
    except (ValueError, RecursionError):
        return [NOT_JSON if kind == "trust" else SYNTAX]
    try:
        _document(source, kind)
    except _Problem as problem:
        return [str(problem)]
    return []


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _document(source: Any, kind: Kind) -> None:
    if not isinstance(source, dict) or any(key not in _ELEMENTS for key in source):
        raise _Problem(SYNTAX)
    version = source.get("Version", "2008-10-17")
    if version not in VERSIONS or not isinstance(source.get("Id", ""), str):
        raise _Problem(SYNTAX)
    if "Statement" not in source:
        raise _Problem(SYNTAX)
    statements = source["Statement"] if isinstance(source["Statement"], list) else [source["Statement"]]
    if not statements:
        raise _Problem(SYNTAX)
    for statement in statements:
        _shape(statement)
    if kind == "managed" and version != "2012-10-17":
        raise _Problem("Policy document must be version 2012-10-17 or greater.")
    bare = kind in ("identity", "managed", "session")
    if bare:
        for statement in statements:
            _legacy(statement)
    _sids(statements, bare)
    for statement in statements:
        _actions(statement, kind)
    for statement in statements:
        _principals(statement, kind, bare)
    for statement in statements:
        _resources(statement, kind)


def _sids(statements: list[dict[str, Any]], bare: bool) -> None:
    seen: set[str] = set()
    for statement in statements:
        sid = statement.get("Sid")
        if not sid:
            continue
        if bare and not _SID.fullmatch(sid):
            raise _Problem(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
                "[0-9A-Za-z]*"
            )
        if sid in seen:
            raise _Problem("Statement IDs (SID) in a single policy must be unique.")
        seen.add(sid)


def _legacy(statement: dict[str, Any]) -> None:
    """An ARN that breaks off before its resource."""
    for resource in _texts(statement.get("Resource", statement.get("NotResource", []))):
        if 2 <= resource.count(":") < 5 and not resource.endswith("*"):
            raise _Problem("The policy failed legacy parsing")


def _texts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise _Problem(SYNTAX)
    return items


def _shape(statement: Any) -> None:
    if not isinstance(statement, dict) or any(key not in _STATEMENT for key in statement):
        raise _Problem(SYNTAX)
    if not isinstance(statement.get("Sid", ""), str):
        raise _Problem(SYNTAX)
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise _Problem(SYNTAX)
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")):
        if one in statement and other in statement:
            raise _Problem(SYNTAX)
        for name in (one, other):
            if name in statement and one != "Principal":
                _texts(statement[name])
    condition = statement.get("Condition")
    if condition is None:
        if "Condition" in statement:
            raise _Problem(SYNTAX)
        return
    if not isinstance(condition, dict):
        raise _Problem(SYNTAX)
    for operator, keys in condition.items():
        if not isinstance(keys, dict):
            raise _Problem(SYNTAX)
        for values in keys.values():
            for value in values if isinstance(values, list) else [values]:
                if not isinstance(value, (str, bool, int, float)):
                    raise _Problem(SYNTAX)
        if not known_operator(operator):
            raise _Problem(SYNTAX)


def _actions(statement: dict[str, Any], kind: Kind) -> None:
    name = "Action" if "Action" in statement else "NotAction"
    actions = _texts(statement[name]) if name in statement else []
    if not actions:
        raise _Problem("Missing required field Action" if kind == "trust" else "Policy statement must contain actions.")
    for action in actions:
        if action == "*":
            continue
        vendor, colon, rest = action.partition(":")
        if not colon:
            raise _Problem("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
        if not _VENDOR.fullmatch(vendor):
            raise _Problem(f"Vendor {vendor} is not valid")
        if ":" in rest:
            raise _Problem("Actions/Condition can contain only one colon.")
        if not _ACTION.fullmatch(rest):
            raise _Problem(SYNTAX)
        if kind == "trust" and vendor.lower() != "sts":
            raise _Problem("AssumeRole policy may only specify STS AssumeRole actions.")


def _principals(statement: dict[str, Any], kind: Kind, bare: bool) -> None:
    name = "Principal" if "Principal" in statement else "NotPrincipal"
    if bare:
        if name in statement:
            raise _Problem("Policy document should not specify a principal.")
        return
    if name not in statement:
        raise _Problem("Missing required field Principal")
    value = statement[name]
    if value == "*":
        return
    if not isinstance(value, dict) or not value:
        raise _Problem(SYNTAX)
    for element, names in value.items():
        if element not in _PRINCIPALS:
            raise _Problem(f'Invalid principal in policy: "{element.upper()}":"{_first(names)}"')
        for text in _texts(names):
            if element == "AWS":
                _aws_principal(text)
            if element == "Service" and "." not in text:
                raise _Problem(f'Invalid principal in policy: "SERVICE":"{text}"')


def _first(names: Any) -> str:
    found = _texts(names)
    return found[0] if found else ""


def _aws_principal(text: str) -> None:
    if text == "*" or (len(text) == 12 and text.isdigit()) or re.fullmatch(r"A[A-Z]{3}[A-Z0-9]{16,}", text):
        return
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] not in ("iam", "sts") or not parts[5] or "*" in text:
        raise _Problem(f'Invalid principal in policy: "AWS":"{text}"')


def _resources(statement: dict[str, Any], kind: Kind) -> None:
    name = "Resource" if "Resource" in statement else "NotResource"
    if kind == "trust":
        if name in statement:
            raise _Problem(f"Has prohibited field {name}")
        return
    resources = _texts(statement[name]) if name in statement else []
    if not resources:
        raise _Problem("Policy statement must contain resources.")
    if kind != "resource":
        for resource in resources:
            _resource(resource)


def _resource(resource: str) -> None:
    if resource == "*":
        return
    if ":" not in resource:
        raise _Problem(f'Resource {resource} must be in ARN format or "*".')
    fields = resource.split(":", 5)[1:]
    fields += ["*"] * (5 - len(fields))
    partition, vendor, region, _, path = fields
    if not _PARTITION.fullmatch(partition):
        raise _Problem(f'Partition "{partition}" is not valid for resource "arn:{":".join(fields)}".')
    if ("*" in vendor or "?" in vendor) and fields.count("*") < 4:
        raise _Problem("Resource vendor must be fully qualified and cannot contain regexes.")
    if vendor == "iam":
        if region not in ("", "*"):
            raise _Problem(f"IAM resource {resource} cannot contain region information.")
        if not _iam_path(path):
            raise _Problem(
                'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, '
                "instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, "
                "report/, access-report/."
            )
    elif vendor == "s3" and region not in ("", "*") and path.partition("/")[0] not in _REGIONAL_S3:
        raise _Problem(f"Resource {resource} can not contain region information.")


_REGIONAL_S3 = ("accesspoint", "job", "storage-lens", "storage-lens-group", "access-grants", "async-request")
_IAM_PREFIXES = (
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
    "u2f/",
    "delegation-request/",
)


def _iam_path(path: str) -> bool:
    return (
        path in ("*", "root") or path.startswith(_IAM_PREFIXES) or any(char in path.partition("/")[0] for char in "*?$")
    )
