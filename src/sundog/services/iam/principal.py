"""What others may know of IAM's entities: the functions behind ``sundog.core.identity``."""

from __future__ import annotations

import msgspec

from sundog.core import Tx, parse_arn
from sundog.core.credential import Caller
from sundog.core.identity import Grants, Named, ProviderFacts, RoleFacts
from sundog.services.iam.managed import find_policy
from sundog.services.iam.state import Group, OidcProvider, Role, SamlProvider, User, account_row


def find_role(tx: Tx, arn: str) -> RoleFacts | None:
    """The role with the ARN; its path counts."""
    row = _role(tx, arn)
    if row is None:
        return None
    return RoleFacts(row.arn, row.role_id, row.trust, row.max_session_duration, row.tags)


def _role(tx: Tx, arn: str | None) -> Role | None:
    parts = parse_arn(arn or "")
    if parts is None or not parts.resource.startswith("role/"):
        return None
    row = tx.in_(account=parts.account).find(Role, parts.resource.rpartition("/")[2].lower())
    return row if row is not None and row.arn == arn else None


def find_provider(tx: Tx, kind: str, account: str, name: str) -> ProviderFacts | None:
    """The SAML provider of the name, or the OpenID Connect provider of the URL (without ``https://``)."""
    there = tx.in_(account=account)
    if kind == "saml":
        saml = there.find(SamlProvider, f"arn:{tx.partition}:iam::{account}:saml-provider/{name}")
        return None if saml is None else ProviderFacts(saml.arn)
    oidc = there.find(OidcProvider, f"arn:{tx.partition}:iam::{account}:oidc-provider/{name}")
    return None if oidc is None else ProviderFacts(oidc.arn, oidc.url, oidc.client_ids)


def document_of(tx: Tx, arn: str) -> str | None:
    """The default version of a managed policy."""
    policy = find_policy(tx, arn)
    return None if policy is None else policy.document


def named_of(tx: Tx, row: User | Role | Group) -> tuple[Named, ...]:
    """The policies of one entity, attached and inline."""
    found: list[Named] = []
    for arn in row.attached:
        policy = find_policy(tx, arn)
        if policy is not None:
            found.append(Named(policy.policy_name, policy.document, arn=arn))
    kind = type(row).__name__.lower()
    holder = f"{kind}/{getattr(row, f'{kind}_name')}"
    found.extend(Named(name, document, holder=holder) for name, document in row.inline.items())
    return tuple(found)


def identity_of(tx: Tx, row: User | Role) -> tuple[Named, ...]:
    """The policies of a user with those of the groups, or of a role."""
    found = named_of(tx, row)
    if isinstance(row, User):
        for key in row.groups:
            group = tx.find(Group, key)
            if group is not None:
                found += named_of(tx, group)
    return found


def boundary_of(tx: Tx, row: User | Role) -> Named | None:
    policy = find_policy(tx, row.boundary) if row.boundary else None
    return (
        None
        if policy is None
        else Named(policy.policy_name, policy.document, "Permissions Boundary Policy", policy.arn)
    )


def user_by_arn(tx: Tx, arn: str | None) -> User | None:
    parts = parse_arn(arn or "")
    if parts is None or not parts.resource.startswith("user/"):
        return None
    row = tx.in_(account=parts.account).find(User, parts.resource.rpartition("/")[2].lower())
    return row if row is not None and row.arn == arn else None


def grants_of(tx: Tx, caller: Caller) -> Grants:
    """Every policy that has a say about who calls."""
    key = caller.key
    if key is None:
        return Grants()
    there = tx.in_(account=key.account)
    row: User | Role | None
    if key.role_arn is not None:
        row = _role(tx, key.role_arn)
    else:
        row = user_by_arn(tx, key.source_arn or key.arn)
    session: tuple[Named, ...] | None = None
    if key.policies or key.policy_arns:
        documents = [Named(f"session-{index}", text, "Session Policy") for index, text in enumerate(key.policies)]
        for arn in key.policy_arns:
            policy = find_policy(there, arn)
            if policy is not None:
                documents.append(Named(policy.policy_name, policy.document, "Session Policy"))
        session = tuple(documents)
    if row is None:
        return Grants(session=session, tags=key.tags)
    tags = {**row.tags, **key.tags}
    return Grants(identity_of(there, row), boundary_of(there, row), session, (), tags)


class Issuer(msgspec.Struct):
    """The account's own issuer of tokens for services outside."""

    url: str

    def key_of(self, tx: Tx, algorithm: str) -> bytes:
        """The private key for an algorithm, made when first needed."""
        from sundog.services.iam.federation import signing_key

        return signing_key(tx, algorithm)


def outbound_issuer(tx: Tx) -> Issuer | None:
    issuer = account_row(tx).issuer
    return None if issuer is None else Issuer(issuer)
