"""What IAM knows of principals: the one door through which others ask it, so that no service imports it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from sundog.core.credential import Caller
    from sundog.core.tx import Tx

_HOME = "sundog.services.iam.principal"


class RoleFacts(msgspec.Struct, frozen=True):
    """A role, as far as others need it."""

    arn: str
    role_id: str
    trust: str
    max_session: int
    tags: dict[str, str]


class ProviderFacts(msgspec.Struct, frozen=True):
    """An identity provider: whom it speaks for, and for OIDC to which clients."""

    arn: str
    url: str = ""
    clients: tuple[str, ...] = ()


class Named(msgspec.Struct, frozen=True):
    """A policy's document, with the name and kind by which IAM reports it; an inline one's ``holder`` as
    ``user/alice``."""

    name: str
    document: str
    kind: str = "IAM Policy"
    arn: str | None = None
    holder: str | None = None


class Grants(msgspec.Struct, frozen=True):
    """Every policy that has a say about a principal. ``None`` sets no limit; an empty tuple of session policies
    neither."""

    identity: tuple[Named, ...] = ()
    boundary: Named | None = None
    session: tuple[Named, ...] | None = None
    organization: tuple[tuple[Named, ...], ...] = ()
    tags: dict[str, str] = {}


class Home(Protocol):
    """What IAM's ``principal`` module offers."""

    def find_role(self, tx: Tx, arn: str) -> RoleFacts | None: ...
    def find_provider(self, tx: Tx, kind: str, account: str, name: str) -> ProviderFacts | None: ...
    def document_of(self, tx: Tx, arn: str) -> str | None: ...
    def grants_of(self, tx: Tx, caller: Caller) -> Grants: ...
    def outbound_issuer(self, tx: Tx) -> Any: ...


def iam() -> Home:
    """IAM, loaded when first asked."""
    return importlib.import_module(_HOME)  # type: ignore[return-value]
