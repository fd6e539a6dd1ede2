"""Bucket policies, and who may do what: policies, ACLs, ownership and public access blocks together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.core.access import canonical_id, verdict_for
from sundog.core.policy import Policy, Request, Verdict, compile_policy, decide
from sundog.services.s3 import errors
from sundog.services.s3.acl import ALL, AUTHENTICATED, grants_of, ownership
from sundog.services.s3.acl import private as private_grants
from sundog.services.s3.body import check_body
from sundog.services.s3.place import bucket_of, current, key_bytes
from sundog.services.s3.place import version as find_version
from sundog.services.s3.public import blocks_of
from sundog.services.s3.state import Bucket, Object

if TYPE_CHECKING:
    from sundog.core.calls import Call
    from sundog.wire.model import Operation

MAX_POLICY = 20 * 1024

# -- the document ---------------------------------------------------------------------------------------------------


@op
def put_bucket_policy(tx: Tx, req: api.PutBucketPolicyRequest) -> None:
    """Set the bucket's policy."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    text = req.policy
    _check_document(text, bucket)
    if blocks_of(tx, bucket).get("BlockPublicPolicy") and is_public(text):
        raise errors.denied(
            f'User: {tx.caller.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "'
            f'{tx.arn(bucket.name, region="", account="")}" because public policies are prevented by the '
            "BlockPublicPolicy setting in S3 Block Public Access."
        )
    tx.update(bucket, policy=text)
    tx.entry.status = 204


def _check_document(text: str, bucket: Bucket) -> None:
    def bad(message: str) -> AwsError:
        return AwsError("MalformedPolicy", message)

    if len(text.encode()) > MAX_POLICY:
        raise bad(f"Normalized policy document exceeds the maximum allowed size of {MAX_POLICY} bytes")
    try:
        source = msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise bad("Policies must be valid JSON and the first byte must be '{'") from None
    if not isinstance(source, dict):
        raise bad("Policies must be valid JSON and the first byte must be '{'")
    if "Statement" not in source:
        raise bad("Missing required field Statement")
    if source.get("Version", "2012-10-17") not in ("2012-10-17", "2008-10-17"):
        raise bad("The policy must contain a valid version string")
    statements = source["Statement"] if isinstance(source["Statement"], list) else [source["Statement"]]
    arns = re.compile(
        rf"arn:[\w-]*:s3(?:express)?:[^:]*:[^:]*:(?:bucket/)?{re.escape(bucket.name)}(?:/.*)?\Z", re.DOTALL
    )
    for statement in statements:
        if not isinstance(statement, dict):
            raise bad("Could not parse the policy: Statement is not valid!")
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise bad("Missing required field Effect" if "Effect" not in statement else "Invalid effect")
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise bad("Missing required field Principal")
        if "Action" not in statement and "NotAction" not in statement:
            raise bad("Missing required field Action")
        if "Resource" not in statement and "NotResource" not in statement:
            raise bad("Missing required field Resource")
        for action in _texts(statement.get("Action", statement.get("NotAction"))):
            if action != "*" and not action.lower().startswith(("s3:", "s3express:", "s3tables:")):
                raise bad("Policy has invalid action")
        for resource in _texts(statement.get("Resource", statement.get("NotResource"))):
            if not _may_name(arns, resource, bucket.name):
                raise bad("Policy has invalid resource")


def _may_name(arns: re.Pattern[str], resource: str, bucket: str) -> bool:
    """Whether a resource names the bucket or what is in it, wildcards and variables allowed for."""
    if arns.match(resource) or resource == "*":
        return True
    head, _, rest = resource.partition(":::")
    if not head.startswith("arn:") or not rest:
        return False
    name = re.escape(rest.partition("/")[0]).replace(r"\*", ".*").replace(r"\?", ".")
    return "${" in name or re.fullmatch(name, bucket) is not None


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


@op
def get_bucket_policy(tx: Tx, req: api.GetBucketPolicyRequest) -> api.GetBucketPolicyOutput:
    """The bucket's policy, to the letter as it was set."""
    bucket = bucket_of(tx, req)
    if bucket.policy is None:
        raise errors.unconfigured("NoSuchBucketPolicy", "The bucket policy does not exist", bucket.name)
    return api.GetBucketPolicyOutput(policy=bucket.policy)


@op
def delete_bucket_policy(tx: Tx, req: api.DeleteBucketPolicyRequest) -> None:
    """Remove the bucket's policy."""
    tx.update(bucket_of(tx, req), policy=None)


@op
def get_bucket_policy_status(tx: Tx, req: api.GetBucketPolicyStatusRequest) -> api.GetBucketPolicyStatusOutput:
    """Whether the policy makes the bucket public."""
    bucket = bucket_of(tx, req)
    if bucket.policy is None:
        raise errors.unconfigured("NoSuchBucketPolicy", "The bucket policy does not exist", bucket.name)
    return api.GetBucketPolicyStatusOutput(policy_status=api.PolicyStatus(is_public=is_public(bucket.policy)))


_NARROWING = frozenset(
    {
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "aws:principalorgid",
        "aws:principalaccount",
        "aws:principalarn",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "aws:sourceip",
    }
)


def is_public(document: str) -> bool:
    """Whether a policy lets in anybody, as S3 sees it: no fixed value of certain keys narrows it."""
    source = msgspec.json.decode(document)
    statements = source.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        if statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal")
        named = _texts(principal.get("AWS", [])) if isinstance(principal, dict) else _texts(principal)
        if "*" not in named and "NotPrincipal" not in statement:
            continue
        if not _narrowed(statement.get("Condition") or {}):
            return True
    return False


def _narrowed(conditions: dict[str, Any]) -> bool:
    for operator, keys in conditions.items():
        if operator.lower().startswith(("stringnot", "not", "null", "arnnot")):
            continue
        for key, values in keys.items():
            wide = any(text in ("*", "0.0.0.0/0", "::/0") or text.startswith("*") for text in _texts(values))
            if key.lower() in _NARROWING and not wide:
                return True
    return False


# -- decisions ------------------------------------------------------------------------------------------------------

_ACL_FOR_BUCKET = {
    "s3:ListBucket": "READ",
    "s3:ListBucketVersions": "READ",
    "s3:ListBucketMultipartUploads": "READ",
    "s3:PutObject": "WRITE",
    "s3:DeleteObject": "WRITE",
    "s3:GetBucketAcl": "READ_ACP",
    "s3:PutBucketAcl": "WRITE_ACP",
}
_ACL_FOR_OBJECT = {
    "s3:GetObject": "READ",
    "s3:GetObjectVersion": "READ",
    "s3:GetObjectTorrent": "READ",
    "s3:GetObjectAcl": "READ_ACP",
    "s3:GetObjectVersionAcl": "READ_ACP",
    "s3:PutObjectAcl": "WRITE_ACP",
    "s3:PutObjectVersionAcl": "WRITE_ACP",
}
_VERSIONED = {
    "GetObject": "s3:GetObjectVersion",
    "HeadObject": "s3:GetObjectVersion",
    "DeleteObject": "s3:DeleteObjectVersion",
    "GetObjectAcl": "s3:GetObjectVersionAcl",
    "PutObjectAcl": "s3:PutObjectVersionAcl",
    "GetObjectTagging": "s3:GetObjectVersionTagging",
    "PutObjectTagging": "s3:PutObjectVersionTagging",
    "DeleteObjectTagging": "s3:DeleteObjectVersionTagging",
    "GetObjectAttributes": "s3:GetObjectVersionAttributes",
}
_PLAIN = {
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListParts": "s3:ListMultipartUploadParts",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjectsV2": "s3:ListBucket",
    "ListBuckets": "s3:ListAllMyBuckets",
}
_GRANTS = ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP")

Context = dict[str, list[str]]


def authorize(tx: Tx, operation: Operation, params: dict[str, Any], call: Call) -> None:
    """Refuse a call that nothing allows. The keys of DeleteObjects are judged one by one when they are removed."""
    from sundog.authority import context_of

    name = operation.name
    context = context_of(operation, params, call)
    if name == "DeleteObjects":
        return
    for action, bucket, key, version in _needed(tx, operation, params):
        context.setdefault("s3:versionid", [version] if version else [])
        if not context["s3:versionid"]:
            del context["s3:versionid"]
        found = tx.find(Bucket, bucket) if bucket else None
        if bucket and found is None and name not in ("CreateBucket",):
            return  # the handler knows what to say of a bucket that isn't there
        verdict = judge(tx, action, found, bucket, key, context, version)
        if not verdict.allowed:
            raise refusal(tx, operation, action, arn_of(tx, bucket, key), verdict)


def refusal(tx: Tx, operation: Operation, action: str, arn: str, verdict: Verdict) -> AwsError:
    """AccessDenied; who has no name isn't told more."""
    if tx.entry.access_key is None:
        return errors.denied()
    from sundog.authority import denial

    return denial(tx, operation, action, arn, verdict, {})


def arn_of(tx: Tx, bucket: str | None, key: str | None) -> str:
    if not bucket:
        return "*"
    text = bucket if key is None else f"{bucket}/{key}"
    return tx.arn(text, service="s3", region="", account="")


def _needed(
    tx: Tx, operation: Operation, params: dict[str, Any]
) -> list[tuple[str, str | None, str | None, str | None]]:
    """The actions that a call needs, each with bucket, key and version."""
    from sundog.actions import action_of

    name = operation.name
    bucket, key, version = params.get("Bucket"), params.get("Key"), params.get("VersionId")
    action = _PLAIN.get(name) or (_VERSIONED.get(name) if version else None) or action_of(operation)
    found = [(action, bucket, key, version)]
    if name in ("PutObject", "CopyObject", "CreateMultipartUpload"):
        if any(params.get(member) for member in _GRANTS):
            found.append(("s3:PutObjectAcl", bucket, key, None))
        if params.get("Tagging"):
            found.append(("s3:PutObjectTagging", bucket, key, None))
        if params.get("ObjectLockMode"):
            found.append(("s3:PutObjectRetention", bucket, key, None))
        if params.get("ObjectLockLegalHoldStatus"):
            found.append(("s3:PutObjectLegalHold", bucket, key, None))
    if name in ("CopyObject", "UploadPartCopy"):
        from sundog.services.s3.copy import source_name

        origin, source, at = source_name(params["CopySource"])
        found.insert(0, ("s3:GetObjectVersion" if at else "s3:GetObject", origin, source, at))
    if params.get("BypassGovernanceRetention"):
        found.append(("s3:BypassGovernanceRetention", bucket, key, None))
    if name == "CreateBucket" and any(params.get(member) for member in (*_GRANTS, "GrantWrite")):
        found.append(("s3:PutBucketAcl", bucket, None, None))
    return found


def judge(
    tx: Tx,
    action: str,
    bucket: Bucket | None,
    name: str | None,
    key: str | None,
    context: Context,
    version: str | None = None,
) -> Verdict:
    """What all of it together says to the caller."""
    arn = arn_of(tx, bucket.name if bucket is not None else name, key)
    row = None
    context = dict(context)
    if bucket is not None and key is not None:
        row = _row(tx, bucket, key, version)
        if row is not None:
            for tag, value in row.tags.items():
                context[f"s3:existingobjecttag/{tag}".lower()] = [value]
    if bucket is not None:
        context["aws:resourceaccount"] = [bucket.account]
        if bucket.configuration.get("abac") == "Enabled":
            for tag, value in bucket.tags.items():
                context[f"aws:resourcetag/{tag}".lower()] = [value]
    document = _document_for(tx, bucket, row)
    account = bucket.account if bucket is not None else None
    if tx.entry.access_key is None:
        policy: Policy | None = None if document is None else compile_policy(document)
        question = Request(action, arn, context, {})
        verdict = decide(question, (), resource=policy, resource_must_allow=True)
    else:
        verdict = verdict_for(tx, action, arn, context, resource_policy=document, resource_account=account)
    if verdict.allowed or verdict.decision == "explicitDeny" or bucket is None:
        return verdict
    if _by_acl(tx, action, bucket, row) and _may_itself(tx, action, arn, context, account):
        return Verdict("allowed")
    return verdict


def _row(tx: Tx, bucket: Bucket, key: str, version: str | None) -> Object | None:
    try:
        raw = key_bytes(key)
        return current(tx, bucket, raw) if version is None else find_version(tx, bucket, raw, version)
    except AwsError:
        return None


def _document_for(tx: Tx, bucket: Bucket | None, row: Object | None) -> str | None:
    """The policy that has a say: none over others' objects, nor a public one for strangers where that is restricted."""
    if bucket is None or bucket.policy is None:
        return None
    foreign = tx.entry.access_key is None or tx.caller.account != bucket.account
    if foreign and blocks_of(tx, bucket).get("RestrictPublicBuckets") and is_public(bucket.policy):
        return None
    if (
        row is not None
        and not row.marker
        and row.owner != bucket.account
        and ownership(bucket) != "BucketOwnerEnforced"
    ):
        return None
    return bucket.policy


def _may_itself(tx: Tx, action: str, arn: str, context: Context, account: str | None) -> bool:
    """Whether the caller's own policies allow what an ACL allows it."""
    if tx.entry.access_key is None:
        return True
    return verdict_for(tx, action, arn, context, resource_account=tx.caller.account).allowed


def _by_acl(tx: Tx, action: str, bucket: Bucket, row: Object | None) -> bool:
    permission = _ACL_FOR_OBJECT.get(action)
    if permission is not None:
        if row is None or row.marker:
            return False
        grants = grants_of(bucket, row)
    else:
        permission = _ACL_FOR_BUCKET.get(action)
        if permission is None:
            return False
        grants = private_grants(bucket.account) if ownership(bucket) == "BucketOwnerEnforced" else bucket.acl
    ignores = bool(blocks_of(tx, bucket).get("IgnorePublicAcls"))
    anonymous = tx.entry.access_key is None
    me = None if anonymous else canonical_id(tx.caller.account)
    for grant in grants:
        if grant.permission not in (permission, "FULL_CONTROL"):
            continue
        if grant.kind == "CanonicalUser" and grant.who == me:
            return True
        if (
            grant.kind == "Group"
            and not ignores
            and (grant.who == ALL or (grant.who == AUTHENTICATED and not anonymous))
        ):
            return True
    return False


def allowed(tx: Tx, action: str, bucket: Bucket, key: str | None, version: str | None = None) -> bool:
    """Whether the caller may do something, for handlers that ask themselves. Always where policies aren't enforced."""
    if not tx.setting("enforce_iam"):
        return True
    return judge(tx, action, bucket, bucket.name, key, {}, version).allowed
