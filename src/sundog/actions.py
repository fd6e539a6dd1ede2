"""Which IAM action an operation asks for, and which resources it is about."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from sundog.core.op import service_part
from sundog.wire.model import Operation

if TYPE_CHECKING:
    from sundog.core.tx import Tx

_Facts = tuple[dict[str, str], dict[str, tuple[list[str], list[str]]], dict[str, str], list[str]]
_NOTHING: _Facts = ({}, {}, {}, [])
_PLACE = re.compile(r"\$\{(\w+)\}")

PREFIXES = {
    "cloudcontrol": "cloudformation",
    "resourcegroupstaggingapi": "tag",
    "iot-data": "iot",
    "iot-jobs-data": "iot",
    "mturk": "mechanicalturk",
    "apigatewayv2": "apigateway",
    "apigatewaymanagementapi": "execute-api",
    "budgets": "budgets",
    "keyspaces": "cassandra",
    "ssooidc": "sso",
    "s3control": "s3",
}
"""Action prefixes of services where neither signing name nor endpoint tells."""

EXCEPTIONS = {
    ("s3", "HeadBucket"): "ListBucket",
    ("s3", "ListObjects"): "ListBucket",
    ("s3", "HeadObject"): "GetObject",
    ("s3", "GetObjectTorrent"): "GetObject",
    ("s3", "SelectObjectContent"): "GetObject",
    ("s3", "CreateMultipartUpload"): "PutObject",
    ("s3", "UploadPart"): "PutObject",
    ("s3", "UploadPartCopy"): "PutObject",
    ("s3", "CompleteMultipartUpload"): "PutObject",
    ("s3", "CopyObject"): "PutObject",
    ("s3", "DeleteObjects"): "DeleteObject",
    ("s3", "DeleteBucketCors"): "PutBucketCORS",
    ("s3", "DeleteBucketEncryption"): "PutEncryptionConfiguration",
    ("s3", "DeleteBucketLifecycle"): "PutLifecycleConfiguration",
    ("s3", "DeleteBucketReplication"): "PutReplicationConfiguration",
    ("s3", "DeleteBucketTagging"): "PutBucketTagging",
    ("s3", "DeleteBucketOwnershipControls"): "PutBucketOwnershipControls",
    ("s3", "DeletePublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3", "GetPublicAccessBlock"): "GetBucketPublicAccessBlock",
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3", "GetBucketLifecycle"): "GetLifecycleConfiguration",
    ("s3", "PutBucketLifecycle"): "PutLifecycleConfiguration",
    ("s3", "GetBucketNotificationConfiguration"): "GetBucketNotification",
    ("s3", "PutBucketNotificationConfiguration"): "PutBucketNotification",
    ("s3", "DeleteBucketAnalyticsConfiguration"): "PutAnalyticsConfiguration",
    ("s3", "DeleteBucketInventoryConfiguration"): "PutInventoryConfiguration",
    ("s3", "DeleteBucketMetricsConfiguration"): "PutMetricsConfiguration",
    ("s3", "DeleteBucketIntelligentTieringConfiguration"): "PutIntelligentTieringConfiguration",
    ("s3", "ListBucketAnalyticsConfigurations"): "GetAnalyticsConfiguration",
    ("s3", "ListBucketInventoryConfigurations"): "GetInventoryConfiguration",
    ("s3", "ListBucketMetricsConfigurations"): "GetMetricsConfiguration",
    ("s3", "ListBucketIntelligentTieringConfigurations"): "GetIntelligentTieringConfiguration",
    ("lambda", "InvokeAsync"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("lambda", "GetLayerVersionByArn"): "GetLayerVersion",
    ("sqs", "SendMessageBatch"): "SendMessage",
    ("sqs", "DeleteMessageBatch"): "DeleteMessage",
    ("sqs", "ChangeMessageVisibilityBatch"): "ChangeMessageVisibility",
    ("sns", "PublishBatch"): "Publish",
    ("dynamodb", "TransactGetItems"): "GetItem",
    ("dynamodb", "TransactWriteItems"): "PutItem",
    ("dynamodb", "BatchExecuteStatement"): "PartiQLSelect",
    ("dynamodb", "ExecuteStatement"): "PartiQLSelect",
    ("dynamodb", "ExecuteTransaction"): "PartiQLSelect",
    ("bedrock-runtime", "Converse"): "InvokeModel",
    ("bedrock-runtime", "ConverseStream"): "InvokeModelWithResponseStream",
    ("bedrock-runtime", "StartAsyncInvoke"): "InvokeModel",
    ("budgets", "CreateBudget"): "ModifyBudget",
    ("budgets", "DeleteBudget"): "ModifyBudget",
    ("budgets", "DescribeBudget"): "ViewBudget",
    ("budgets", "DescribeBudgets"): "ViewBudget",
    ("keyspaces", "CreateKeyspace"): "Create",
    ("keyspaces", "CreateTable"): "Create",
    ("keyspaces", "DeleteKeyspace"): "Drop",
    ("keyspaces", "DeleteTable"): "Drop",
    ("keyspaces", "GetKeyspace"): "Select",
    ("keyspaces", "GetTable"): "Select",
    ("apigatewaymanagementapi", "PostToConnection"): "ManageConnections",
    ("apigatewaymanagementapi", "GetConnection"): "ManageConnections",
    ("apigatewaymanagementapi", "DeleteConnection"): "ManageConnections",
}
"""Actions of operations that neither name nor reference tells."""


@lru_cache(maxsize=1)
def _all() -> dict[str, bytes]:
    return msgspec.msgpack.decode((files("sundog") / "data" / "iam_actions.msgpack").read_bytes())


@lru_cache(maxsize=64)
def facts(prefix: str) -> _Facts:
    """A service prefix's resource patterns, resource types by action, actions of differently named operations, and
    those actions that hand a role on."""
    packed = _all().get(prefix)
    return _NOTHING if packed is None else msgspec.msgpack.decode(zlib.decompress(packed), type=_Facts)


def prefix_of(operation: Operation) -> str:
    """The prefix of a service's actions."""
    service = operation.service
    if service.name in PREFIXES:
        return PREFIXES[service.name]
    known = _all()
    for name in (service.signing_name, service.name, service.endpoint_prefix):
        if name in known:
            return name
    return service.signing_name


def action_of(operation: Operation) -> str:
    """The action that an operation needs, as ``ec2:RunInstances``."""
    found: str | None = operation.plans.get("action")
    if found is None:
        prefix = prefix_of(operation)
        name = EXCEPTIONS.get((operation.service.name, operation.name))
        if name is None and prefix == "apigateway":
            name = operation.method
        if name is None:
            name = facts(prefix)[2].get(operation.name, operation.name)
        found = operation.plans["action"] = f"{prefix}:{name}"
    return found


# -- resources


def plain_name(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def _values(params: dict[str, Any]) -> dict[str, list[str]]:
    """The texts among the parameters, by plain name; a URL stands for its last part."""
    found: dict[str, list[str]] = {}
    for name, value in params.items():
        items = value if isinstance(value, list) else [value]
        texts = [item for item in items if isinstance(item, str)]
        if not texts:
            continue
        key = plain_name(name)
        found[key] = texts
        if isinstance(value, list):
            found.setdefault(_singular(key), texts)
        if key.endswith("url"):
            found.setdefault(key[:-3] + "name", [text.rstrip("/").rpartition("/")[2] for text in texts])
    return found


SAME = {
    "objectname": ("key",),
    "bucketname": ("bucket",),
    "tablename": ("tablename", "tablearn"),
    "keyid": ("keyid",),
    "secretid": ("secretid", "name"),
    "parameternamewithoutleadingslash": ("name",),
    "topicname": ("name",),
    "usernamewithpath": ("username",),
    "rolenamewithpath": ("rolename",),
    "groupnamewithpath": ("groupname",),
    "policynamewithpath": ("policyname",),
    "instanceprofilenamewithpath": ("instanceprofilename",),
}
"""Parameters that fill a pattern's placeholder under another name."""


def _fill(pattern: str, values: dict[str, list[str]], place: dict[str, str]) -> Iterator[tuple[str, bool]]:
    """The ARNs of a pattern, and whether a parameter named them; a placeholder without one becomes ``*``."""
    names = [name for name in _PLACE.findall(pattern) if name not in place]
    chosen: dict[str, list[str]] = {}
    for name in names:
        plain = plain_name(name)
        for candidate in (plain, *SAME.get(plain, ())):
            if candidate in values:
                chosen[name] = values[candidate]
                break
    first = chosen.get(names[-1]) if names else None
    for index in range(len(first) if first else 1):

        def put(found: re.Match[str], index: int = index) -> str:
            name = found[1]
            if name in place:
                return place[name]
            texts = chosen.get(name)
            return "*" if not texts else texts[index] if index < len(texts) else texts[0]

        yield _PLACE.sub(put, pattern), bool(chosen)


def resources_of(tx: Tx, operation: Operation, params: dict[str, Any]) -> list[str]:
    """The ARNs that an operation is about, as far as its parameters tell; ``*`` if they tell nothing."""
    hook = service_hook(operation.service.python_name, "resources_of")
    if hook is not None:
        known = hook(tx, operation.name, params)
        if known is not None:
            return list(known)
    action = action_of(operation)
    prefix, _, name = action.partition(":")
    patterns, actions, _, _ = facts(prefix)
    needed, optional = actions.get(name, ((), ()))
    if not needed and not optional:
        return ["*"]
    values = _values(params)
    given = [text for texts in values.values() for text in texts if text.startswith("arn:")]
    place = {"Partition": tx.partition, "Region": tx.region, "Account": tx.account}
    found: list[str] = []
    for kind in (*needed, *optional):
        pattern = patterns.get(kind)
        if pattern is None:
            continue
        shape = _shape(pattern)
        named = [arn for arn in given if shape.fullmatch(arn)]
        if named:
            found.extend(named)
            continue
        for arn, told in _fill(pattern, values, place):
            if told or kind in needed:
                found.append(arn)
    return list(dict.fromkeys(found)) or ["*"]


_ROLE = re.compile(r"arn:[\w-]+:iam::\d{12}:role/.+")


def passed_roles(action: str, params: dict[str, Any]) -> list[str]:
    """The roles that a call hands on to a service: whoever makes it needs ``iam:PassRole`` for each."""
    prefix, _, name = action.partition(":")
    if name not in facts(prefix)[3]:
        return []
    return list(dict.fromkeys(text for text in _every_text(params) if _ROLE.fullmatch(text)))


def _every_text(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _every_text(item)
    elif isinstance(value, list):
        for item in value:
            yield from _every_text(item)


@lru_cache(maxsize=512)
def _shape(pattern: str) -> re.Pattern[str]:
    out: list[str] = []
    end = 0
    for place in _PLACE.finditer(pattern):
        out.append(re.escape(pattern[end : place.start()]))
        out.append("[^:/]*" if place[1] in ("Partition", "Region", "Account") else ".+?")
        end = place.end()
    return re.compile("".join(out) + re.escape(pattern[end:]))


@lru_cache(maxsize=512)
def service_hook(service: str, name: str) -> Any:
    """A function of a service's ``access`` or ``policy`` module; None if it has none.

    ``resource_policy(tx, arn)`` gives the document that a resource itself has, ``resource_tags(tx, arn)`` its tags,
    ``resource_account(tx, arn)`` its owner where the ARN doesn't tell, and ``resources_of(tx, operation, params)`` the
    ARNs that a call is about, where its parameters don't tell by their names; each may give None.
    """
    for part in ("access", "policy"):
        module = service_part(service, part)
        found = getattr(module, name, None) if module is not None else None
        if found is not None:
            return found
    return None


# -- what a request says


def request_context(prefix: str, params: dict[str, Any]) -> dict[str, list[str]]:
    """Condition keys that the parameters fill: tags, and ``prefix:Parameter`` for every plain value."""
    found: dict[str, list[str]] = {}
    tags = dict(_tags(params))
    if tags:
        for key, value in tags.items():
            found[f"aws:requesttag/{key}".lower()] = [value]
        found["aws:tagkeys"] = list(tags)
    keys = params.get("TagKeys")
    if isinstance(keys, list):
        found["aws:tagkeys"] = [str(key) for key in keys]
    for name, value in params.items():
        items = value if isinstance(value, list) else [value]
        texts = [_text(item) for item in items if isinstance(item, (str, int, float, bool))]
        if texts:
            found[f"{prefix}:{name}".lower()] = texts
            kebab = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
            found.setdefault(f"{prefix}:{kebab}", texts)
    return found


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _tags(params: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for name in ("Tags", "tags", "TagSpecifications", "TagSet", "TagList"):
        value = params.get(name)
        if isinstance(value, dict):
            yield from ((str(key), str(item)) for key, item in value.items() if not isinstance(item, (dict, list)))
            continue
        for item in value if isinstance(value, list) else ():
            if not isinstance(item, dict):
                continue
            if "ResourceType" in item:
                yield from _tags({"Tags": item.get("Tags")})
                continue
            key = item.get("Key", item.get("key", item.get("TagKey")))
            if key is not None:
                yield str(key), str(item.get("Value", item.get("value", item.get("TagValue"))) or "")
