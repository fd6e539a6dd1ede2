"""Access control lists: canned ones, grants in headers and in documents, and who owns what."""

from __future__ import annotations

import re
from typing import Any

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.core.access import canonical_id
from sundog.services.s3 import errors
from sundog.services.s3.body import check_body
from sundog.services.s3.notification import announce
from sundog.services.s3.place import bucket_of, object_of
from sundog.services.s3.public import blocks_of
from sundog.services.s3.state import Bucket, Grant, Object

ALL = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOGS = "http://acs.amazonaws.com/groups/s3/LogDelivery"
GROUPS = frozenset({ALL, AUTHENTICATED, LOGS})
PUBLIC = frozenset({ALL, AUTHENTICATED})
PERMISSIONS = frozenset({"FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"})
OWNERSHIPS = frozenset({"BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"})
ZA_TEAM = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"

_CANNED: dict[str, tuple[tuple[str, str], ...]] = {
    "private": (),
    "public-read": ((ALL, "READ"),),
    "public-read-write": ((ALL, "READ"), (ALL, "WRITE")),
    "authenticated-read": ((AUTHENTICATED, "READ"),),
    "aws-exec-read": (),
    "log-delivery-write": ((LOGS, "WRITE"), (LOGS, "READ_ACP")),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
}
_HEADERS = {
    "grant_full_control": ("x-amz-grant-full-control", "FULL_CONTROL"),
    "grant_read": ("x-amz-grant-read", "READ"),
    "grant_write": ("x-amz-grant-write", "WRITE"),
    "grant_read_acp": ("x-amz-grant-read-acp", "READ_ACP"),
    "grant_write_acp": ("x-amz-grant-write-acp", "WRITE_ACP"),
}
_GRANTEE = re.compile(r'\s*(\w+)\s*=\s*(?:"([^"]*)"|([^,"\s]+))\s*\Z')
_ID = re.compile(r"[0-9a-f]{64}\Z")


def user(account: str, permission: str) -> Grant:
    return Grant("CanonicalUser", canonical_id(account), permission)


def private(account: str) -> tuple[Grant, ...]:
    return (user(account, "FULL_CONTROL"),)


def is_private(grants: tuple[Grant, ...], account: str) -> bool:
    return grants == private(account)


def is_public(grants: tuple[Grant, ...]) -> bool:
    return any(grant.kind == "Group" and grant.who in PUBLIC for grant in grants)


def canned(name: str, owner: str, bucket_owner: str | None = None) -> tuple[Grant, ...]:
    """The grants of a canned ACL; ``bucket_owner`` for an object's."""
    groups = _CANNED.get(name)
    if groups is None or (name == "log-delivery-write" and bucket_owner is not None):
        raise errors.argument("x-amz-acl", name, "")
    grants = list(private(owner))
    grants.extend(Grant("Group", who, permission) for who, permission in groups)
    if name == "aws-exec-read":
        grants.append(Grant("CanonicalUser", ZA_TEAM, "READ"))
    if bucket_owner is not None and bucket_owner != owner:
        if name == "bucket-owner-read":
            grants.append(user(bucket_owner, "READ"))
        elif name == "bucket-owner-full-control":
            grants.append(user(bucket_owner, "FULL_CONTROL"))
    return tuple(grants)


def _from_headers(req: Any) -> tuple[Grant, ...]:
    grants: list[Grant] = []
    for attribute, (header, permission) in _HEADERS.items():
        text = getattr(req, attribute) if attribute in req.wire_ else None
        if not text:
            continue
        for item in text.split(","):
            found = _GRANTEE.match(item)
            kind = found[1].lower() if found is not None else ""
            if found is None or kind not in ("id", "uri", "emailaddress"):
                raise errors.argument(header, item.strip(), "Argument format not recognized")
            who = found[2] if found[2] is not None else found[3]
            if kind == "id":
                grants.append(Grant("CanonicalUser", _checked_id(who, "id"), permission))
            elif kind == "uri":
                grants.append(Grant("Group", _checked_group(who, "uri"), permission))
            else:
                grants.append(Grant("AmazonCustomerByEmail", who, permission))
    return tuple(grants)


def _checked_id(who: str, name: str) -> str:
    if not _ID.match(who):
        raise errors.argument(name, who, "Invalid id")
    return who


def _checked_group(who: str, name: str) -> str:
    if who not in GROUPS:
        raise errors.argument(name, who, "Invalid group uri")
    return who


def from_request(tx: Tx, req: Any, owner: str, bucket_owner: str | None = None) -> tuple[Grant, ...] | None:
    """The grants that a request's headers ask for; None if they ask for none."""
    name = req.acl
    grants = _from_headers(req)
    if name is not None and grants:
        raise errors.invalid("Specifying both Canned ACLs and Header Grants is not allowed")
    if name is not None:
        return canned(name, owner, bucket_owner)
    return grants or None


def ownership(bucket: Bucket) -> str:
    """Who owns objects that others put into the bucket."""
    return bucket.configuration.get("ownership", "ObjectWriter")


def not_supported() -> AwsError:
    return AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs")


def for_new_object(tx: Tx, bucket: Bucket, req: Any) -> tuple[str, tuple[Grant, ...] | None]:
    """Owner and grants of an object that a request makes."""
    mode = ownership(bucket)
    writer = tx.account
    owner = bucket.account if mode == "BucketOwnerEnforced" else writer
    if mode == "BucketOwnerPreferred" and req.acl == "bucket-owner-full-control":
        owner = bucket.account
    grants = from_request(tx, req, owner, bucket.account)
    if grants is None:
        return owner, None
    # Full control for the bucket's owner, in whatever words, is what the object would have anyway.
    if mode == "BucketOwnerEnforced" and req.acl != "bucket-owner-full-control" and grants != private(bucket.account):
        raise not_supported()
    refuse_public(tx, bucket, grants)
    return owner, grants


def refuse_public(tx: Tx, bucket: Bucket, grants: tuple[Grant, ...]) -> None:
    if is_public(grants) and blocks_of(tx, bucket).get("BlockPublicAcls"):
        raise errors.denied()


def _from_policy(policy: Any) -> tuple[Grant, ...]:
    """The grants of a document."""
    malformed = AwsError(
        "MalformedACLError",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
    owner = policy.owner
    if owner is None or owner.id is None or policy.grants is None:
        raise malformed
    _checked_id(owner.id, "CanonicalUser/ID")
    grants: list[Grant] = []
    for item in policy.grants:
        grantee = item.grantee
        if grantee is None or grantee.type is None or item.permission not in PERMISSIONS:
            raise malformed
        if grantee.type == "CanonicalUser":
            if grantee.id is None:
                raise malformed
            who = _checked_id(grantee.id, "CanonicalUser/ID")
        elif grantee.type == "Group":
            if grantee.uri is None:
                raise malformed
            who = _checked_group(grantee.uri, "Group/URI")
        elif grantee.type == "AmazonCustomerByEmail" and grantee.email_address is not None:
            who = grantee.email_address
        else:
            raise malformed
        grants.append(Grant(grantee.type, who, item.permission))
    return tuple(grants)


def _put(tx: Tx, req: Any, bucket: Bucket, owner: str, bucket_owner: str | None) -> tuple[Grant, ...]:
    check_body(tx, req)
    grants = from_request(tx, req, owner, bucket_owner)
    policy = req.access_control_policy
    if grants is not None and policy is not None:
        raise AwsError("UnexpectedContent", "This request does not support content")
    if grants is None:
        if policy is None:
            message = "Your request was missing a required header"
            raise errors.fault("MissingSecurityHeader", message, 400, MissingHeaderName="x-amz-acl")
        grants = _from_policy(policy)
    if ownership(bucket) == "BucketOwnerEnforced":
        harmless = req.acl == "bucket-owner-full-control" or grants == private(bucket.account)
        if bucket_owner is None or not harmless:
            raise not_supported()
    refuse_public(tx, bucket, grants)
    return grants


def view(grants: tuple[Grant, ...]) -> list[api.Grant]:
    found: list[api.Grant] = []
    for grant in grants:
        grantee = api.Grantee(type=grant.kind)
        if grant.kind == "CanonicalUser":
            grantee.id = grant.who
        elif grant.kind == "Group":
            grantee.uri = grant.who
        else:
            grantee.email_address = grant.who
        found.append(api.Grant(grantee=grantee, permission=grant.permission))
    return found


def grants_of(bucket: Bucket, row: Object) -> tuple[Grant, ...]:
    """An object's grants; with ACLs switched off the bucket's owner has them all."""
    if ownership(bucket) == "BucketOwnerEnforced":
        return private(bucket.account)
    return row.acl if row.acl is not None else private(row.owner)


@op
def put_bucket_acl(tx: Tx, req: api.PutBucketAclRequest) -> None:
    """Replace a bucket's grants."""
    bucket = bucket_of(tx, req)
    tx.update(bucket, acl=_put(tx, req, bucket, bucket.account, None))


@op
def get_bucket_acl(tx: Tx, req: api.GetBucketAclRequest) -> api.GetBucketAclOutput:
    """A bucket's owner and grants."""
    bucket = bucket_of(tx, req)
    grants = private(bucket.account) if ownership(bucket) == "BucketOwnerEnforced" else bucket.acl
    return api.GetBucketAclOutput(owner=api.Owner(id=canonical_id(bucket.account)), grants=view(grants))


@op
def put_object_acl(tx: Tx, req: api.PutObjectAclRequest) -> api.PutObjectAclOutput:
    """Replace a version's grants."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id, "PUT")
    row = tx.update(row, acl=_put(tx, req, bucket, row.owner, bucket.account))
    announce(tx, bucket, "ObjectAcl:Put", row)
    tx.entry.headers = {"x-amz-version-id": row.version_id} if bucket.versioning else None
    return api.PutObjectAclOutput()


@op
def get_object_acl(tx: Tx, req: api.GetObjectAclRequest) -> api.GetObjectAclOutput:
    """A version's owner and grants."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id)
    owner = bucket.account if ownership(bucket) == "BucketOwnerEnforced" else row.owner
    tx.entry.headers = {"x-amz-version-id": row.version_id} if bucket.versioning else None
    return api.GetObjectAclOutput(owner=api.Owner(id=canonical_id(owner)), grants=view(grants_of(bucket, row)))
