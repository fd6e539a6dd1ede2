"""IAM's rows. Names differ by more than case, so entities are keyed by their names in small letters."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.wire.errors import AwsError


def no_such(kind: str) -> Any:
    """The error for an entity that isn't there; the key is how the name was asked for."""
    return lambda *names: AwsError("NoSuchEntity", f"The {kind} with name {names[-1]} cannot be found.", 404)


@record(scope="account", missing=no_such("user"))
class User(Record):
    """One user. ``attached`` are ARNs of managed policies, ``inline`` documents by name, ``groups`` keys of groups."""

    key: Key[str]
    user_name: str
    path: str = "/"
    user_id: Index[str]
    arn: str
    create_date: datetime.datetime
    password_last_used: datetime.datetime | None = None
    boundary: Index[str | None] = None
    attached: Index[tuple[str, ...]] = ()
    inline: dict[str, str] = {}
    groups: Index[tuple[str, ...]] = ()
    tags: Tags = NO_TAGS


@record(scope="account", missing=no_such("group"))
class Group(Record):
    """One group of users."""

    key: Key[str]
    group_name: str
    path: str = "/"
    group_id: str
    arn: str
    create_date: datetime.datetime
    attached: Index[tuple[str, ...]] = ()
    inline: dict[str, str] = {}


@record(scope="account", missing=no_such("role"))
class Role(Record):
    """One role. ``trust`` is the document that says who may assume it; ``service`` the one that it is linked to."""

    key: Key[str]
    role_name: str
    path: str = "/"
    role_id: Index[str]
    arn: str
    create_date: datetime.datetime
    trust: str
    description: str | None = None
    max_session_duration: int = 3600
    boundary: Index[str | None] = None
    attached: Index[tuple[str, ...]] = ()
    inline: dict[str, str] = {}
    service: str | None = None
    tags: Tags = NO_TAGS


class Version(msgspec.Struct, frozen=True):
    """One version of a managed policy."""

    version_id: str
    document: str
    create_date: datetime.datetime


@record(scope="account")
class Policy(Record):
    """One managed policy. Those of AWS are made of the data when asked for, and never stored."""

    arn: Key[str]
    policy_name: str
    name_key: Index[str]
    policy_id: str
    path: str = "/"
    default_version_id: str = "v1"
    versions: tuple[Version, ...]
    next_version: int = 2
    description: str | None = None
    create_date: datetime.datetime
    update_date: datetime.datetime
    tags: Tags = NO_TAGS

    @property
    def document(self) -> str:
        """The default version's document."""
        return self.version(self.default_version_id).document  # type: ignore[union-attr]

    def version(self, version_id: str) -> Version | None:
        return next((version for version in self.versions if version.version_id == version_id), None)


def no_profile(*names: str) -> AwsError:
    return AwsError("NoSuchEntity", f"Instance Profile {names[-1]} cannot be found.", 404)


@record(scope="account", missing=no_profile)
class InstanceProfile(Record):
    """What gives instances a role. ``roles`` are keys of roles: one at most."""

    key: Key[str]
    instance_profile_name: str
    instance_profile_id: Index[str]
    path: str = "/"
    arn: Index[str]
    create_date: datetime.datetime
    roles: Index[tuple[str, ...]] = ()
    tags: Tags = NO_TAGS


@record(scope="account")
class LoginProfile(Record):
    """A user's (or, by a ``None`` name's empty key, the root user's) password for the console, salted and hashed."""

    key: Key[str]
    user_name: str
    create_date: datetime.datetime
    password_reset_required: bool = False
    salt: bytes = b""
    digests: tuple[bytes, ...] = ()
    changed: datetime.datetime | None = None


@record(scope="account")
class MfaDevice(Record):
    """A second factor, virtual or of another kind. ``user`` is the key of the user who has it; empty for the root
    user."""

    serial_number: Key[str]
    name: str
    path: str = "/"
    virtual: bool = True
    seed: str = ""
    user: Index[str | None] = None
    enable_date: datetime.datetime | None = None
    tags: Tags = NO_TAGS


@record(scope="account")
class SamlProvider(Record):
    """An identity provider that speaks SAML."""

    arn: Key[str]
    name: str
    uuid: str
    document: str
    create_date: datetime.datetime
    valid_until: datetime.datetime
    encryption: str | None = None
    private_keys: tuple[tuple[str, datetime.datetime], ...] = ()
    tags: Tags = NO_TAGS


@record(scope="account")
class OidcProvider(Record):
    """An identity provider that speaks OpenID Connect."""

    arn: Key[str]
    url: str
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    create_date: datetime.datetime
    tags: Tags = NO_TAGS


@record(scope="account")
class ServerCertificate(Record):
    """A certificate for load balancers and distributions."""

    key: Key[str]
    server_certificate_name: str
    server_certificate_id: str
    path: str = "/"
    arn: str
    upload_date: datetime.datetime
    expiration: datetime.datetime
    certificate_body: str
    certificate_chain: str | None = None
    tags: Tags = NO_TAGS


@record(scope="account", order="added")
class SigningCertificate(Record):
    """A user's X.509 certificate, for signing SOAP requests."""

    certificate_id: Key[str]
    user: Index[str]
    user_name: str
    certificate_body: str
    status: str = "Active"
    upload_date: datetime.datetime


@record(scope="account", order="added")
class SshKey(Record):
    """A user's public key for CodeCommit."""

    ssh_public_key_id: Key[str]
    user: Index[str]
    user_name: str
    ssh_public_key_body: str
    fingerprint: str
    status: str = "Active"
    upload_date: datetime.datetime


@record(scope="account", order="added")
class ServiceCredential(Record):
    """A user's name and password (or key) for one service."""

    service_specific_credential_id: Key[str]
    user: Index[str]
    user_name: str
    service_name: str
    service_user_name: str | None = None
    service_credential_alias: str | None = None
    status: str = "Active"
    create_date: datetime.datetime
    expiration_date: datetime.datetime | None = None


@record(scope="account")
class Account(Record):
    """What the account has one of. The key is always empty."""

    key: Key[str] = ""
    alias: str | None = None
    password_policy: dict[str, Any] | None = None
    token_version: int = 1
    features: tuple[str, ...] = ()
    properties: dict[str, Any] = {}
    report: str | None = None
    report_time: datetime.datetime | None = None
    report_asked: datetime.datetime | None = None
    issuer: str | None = None
    signing_keys: dict[str, bytes] = {}


@record(scope="cloud")
class AliasOwner(Record):
    """Which account has an alias: no other can take it."""

    alias: Key[str]
    account: str


@record(scope="account")
class Job(Record):
    """A report on what was used, or the deletion of a service-linked role."""

    job_id: Key[str]
    kind: str
    created: datetime.datetime
    subject: str = ""
    granularity: str = "SERVICE_LEVEL"


@record(scope="cloud", order="added")
class Delegation(Record):
    """A product provider's request to act in an account for a while."""

    delegation_request_id: Key[str]
    requestor_id: str
    requestor_name: str
    owner_account_id: Index[str | None] = None
    owner_id: str | None = None
    description: str
    request_message: str | None = None
    policy_template_arn: str | None = None
    parameters: tuple[dict[str, Any], ...] = ()
    permission_policy: str | None = None
    requestor_workflow_id: str
    redirect_url: str | None = None
    notification_channel: str
    session_duration: int
    only_send_by_owner: bool = False
    state: str = "UNASSIGNED"
    notes: str | None = None
    approver_id: str | None = None
    create_date: datetime.datetime
    updated_time: datetime.datetime
    expiration_time: datetime.datetime


def account_row(tx: Any) -> Account:
    """The account's row; one with nothing in it while nobody set anything."""
    return tx.find(Account, "") or Account()


def update_account(tx: Any, **changes: Any) -> Account:
    """Change what the account has one of."""
    row = tx.find(Account, "")
    if row is None:
        return tx.add(msgspec.structs.replace(Account(), **changes))
    return tx.update(row, **changes)
