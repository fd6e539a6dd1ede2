"""IAM's policy language: documents compiled once, and decisions by them. It knows no state.

``compile_policy`` turns a document into statements that ask nothing twice; ``decide`` holds a request against all kinds
of policies at once. ``validate_policy`` (in ``policy_grammar``) says what is wrong with a document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import msgspec

from sundog.core.policy_condition import Condition, compile_condition
from sundog.core.policy_grammar import validate_policy
from sundog.core.policy_match import Text, action_matcher, compile_text

__all__ = ["Policy", "Request", "Statement", "Verdict", "compile_policy", "decide", "validate_policy"]

Decision = Literal["allowed", "explicitDeny", "implicitDeny"]
MAX_DOCUMENT = 1 << 18


class Request(msgspec.Struct):
    """What is asked: ``principals`` are all texts by which policies may name the caller, by kind (``AWS``, ``Service``,
    ...).

    ``context`` has condition keys in small letters, each with its values.
    """

    action: str
    resource: str
    context: Mapping[str, Sequence[str]] = {}
    principals: Mapping[str, Sequence[str]] = {}


class Statement:
    """One statement: whether it speaks of an action, a resource, a principal, and under which conditions."""

    __slots__ = (
        "actions",
        "conditions",
        "effect",
        "index",
        "not_action",
        "not_principal",
        "not_resource",
        "principals",
        "resources",
        "sid",
        "source",
    )

    def __init__(self, source: Mapping[str, Any], index: int) -> None:
        self.source = source
        self.index = index
        self.sid = source.get("Sid")
        self.effect: str = source.get("Effect", "")
        self.not_action = "NotAction" in source
        self.actions: tuple[Callable[[str], bool], ...] = tuple(
            action_matcher(item) for item in texts(source.get("NotAction" if self.not_action else "Action"))
        )
        self.not_resource = "NotResource" in source
        named = source.get("NotResource" if self.not_resource else "Resource")
        self.resources: tuple[Text, ...] | None = (
            None if named is None else tuple(compile_text(x) for x in texts(named))
        )
        self.not_principal = "NotPrincipal" in source
        self.principals = _principals(source.get("NotPrincipal" if self.not_principal else "Principal"))
        self.conditions: tuple[Condition, ...] = tuple(
            compile_condition(operator, key, texts(values))
            for operator, keys in mapping(source.get("Condition")).items()
            for key, values in mapping(keys).items()
        )

    def speaks_of(self, request: Request) -> bool:
        """Whether the statement applies to the request; conditions are held last."""
        action = request.action.lower()
        if any(match(action) for match in self.actions) is self.not_action:
            return False
        if self.resources is not None:
            hit = any(text.matches_arn(request.resource, request.context) for text in self.resources)
            if hit is self.not_resource:
                return False
        if self.principals is not None and self.names(request) is self.not_principal:
            return False
        return all(condition.holds(request.context) for condition in self.conditions)

    def names(self, request: Request) -> bool:
        """Whether ``Principal`` (or ``NotPrincipal``) names the caller."""
        principals = self.principals
        if principals is None:
            return True
        for kind, wanted in principals.items():
            if kind == "*":
                return True
            if "*" in wanted and kind == "AWS":
                return True
            for name in request.principals.get(kind, ()):
                if name in wanted:
                    return True
        return False

    def missing_keys(self, context: Mapping[str, Sequence[str]]) -> Iterable[str]:
        """The condition keys that the statement asks for and the context lacks."""
        for condition in self.conditions:
            if condition.key not in context:
                yield condition.name

    def mentioned(self, text: str) -> bool:
        """Whether the caller is named by this very text (and not by ``*`` or an account)."""
        return self.principals is not None and any(text in wanted for wanted in self.principals.values())


class Policy:
    """One compiled document."""

    __slots__ = ("document", "statements", "version")

    def __init__(self, document: str, source: Any) -> None:
        self.document = document
        content: Mapping[str, Any] = source if isinstance(source, dict) else {}
        self.version: str = content.get("Version", "2008-10-17")
        found = content.get("Statement") or []
        statements = found if isinstance(found, list) else [found]
        self.statements = tuple(
            Statement(item, index) for index, item in enumerate(statements) if isinstance(item, dict)
        )


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a JSON object, else an empty one: a document that nobody checked must not fail when it is
    read."""
    return value if isinstance(value, dict) else {}


def texts(value: Any) -> tuple[str, ...]:
    """One text, or a list of them, as a tuple; booleans and numbers as JSON writes them."""
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    return tuple(item if isinstance(item, str) else msgspec.json.encode(item).decode() for item in items)


def _principals(value: Any) -> dict[str, frozenset[str]] | None:
    if value is None:
        return None
    if value == "*":
        return {"*": frozenset()}
    if not isinstance(value, dict):
        return {"AWS": frozenset(texts(value))}
    found: dict[str, frozenset[str]] = {}
    for kind, names in value.items():
        wanted: set[str] = set()
        for name in texts(names):
            if kind == "AWS" and len(name) == 12 and name.isdigit():
                name = f"arn:aws:iam::{name}:root"
            wanted.add(name)
        found[kind] = frozenset(wanted)
    return found


@lru_cache(maxsize=2048)
def compile_policy(document: str) -> Policy:
    """The compiled document; one that is no JSON has no statements."""
    try:
        source = msgspec.json.decode(document) if len(document) <= MAX_DOCUMENT else {}
    except (msgspec.DecodeError, RecursionError):
        source = {}
    return Policy(document, source)


class Verdict(msgspec.Struct):
    """What policies decide, by which statements, and which kind of policy stood in the way."""

    decision: Decision
    matched: list[tuple[str, Statement]] = []
    reason: str = ""

    @property
    def allowed(self) -> bool:
        return self.decision == "allowed"


def matching(policies: Iterable[tuple[str, Policy]], request: Request) -> tuple[list[Any], list[Any]]:
    """The statements that allow and those that deny, each with its policy's label."""
    allows: list[tuple[str, Statement]] = []
    denies: list[tuple[str, Statement]] = []
    for label, policy in policies:
        for statement in policy.statements:
            if statement.speaks_of(request):
                (allows if statement.effect == "Allow" else denies).append((label, statement))
    return allows, denies


Labelled = Sequence[tuple[str, Policy]]


def decide(
    request: Request,
    identity: Labelled = (),
    *,
    resource: Policy | None = None,
    boundary: Labelled | None = None,
    session: Labelled | None = None,
    organization: Sequence[Labelled] = (),
    same_account: bool = True,
    caller_arns: Sequence[str] = (),
    resource_must_allow: bool = False,
) -> Verdict:
    """Hold a request against every policy that has a say. An explicit deny in any of them wins.

    ``boundary`` and ``session`` limit what ``identity`` allows (``None``: no limit); each level of ``organization``
    must allow. A resource's policy allows by itself within the account, unless it only trusts the account as a whole;
    across accounts both sides must allow. ``caller_arns`` are the caller's own names, most particular first: a session
    that a resource's policy names itself is not held to its session policy.
    """
    resource_label: Labelled = () if resource is None else (("resource", resource),)
    kinds: list[tuple[str, Labelled]] = [("a service control policy", level) for level in organization]
    kinds += [("a resource-based policy", resource_label), ("an identity-based policy", identity)]
    if boundary is not None:
        kinds.append(("a permissions boundary", boundary))
    if session is not None:
        kinds.append(("a session policy", session))
    found = [(kind, *matching(policies, request)) for kind, policies in kinds]
    for kind, _, denies in found:
        if denies:
            return Verdict("explicitDeny", denies, kind)
    levels = len(organization)
    for kind, allows, _ in found[:levels]:
        if not allows:
            return Verdict("implicitDeny", [], kind)
    by_resource, by_identity = found[levels][1], found[levels + 1][1]
    limits = found[levels + 2 :]
    matched = [*by_identity, *by_resource]
    direct = [pair for pair in by_resource if any(pair[1].mentioned(arn) for arn in caller_arns)]
    if resource_must_allow and not by_resource:
        return Verdict("implicitDeny", [], "a resource-based policy")
    if same_account and by_resource:
        trusted = direct or [pair for pair in by_resource if not _only_account(pair[1])]
        if trusted:
            # A policy that names the session itself, or the user, grants to exactly these; limits don't narrow it.
            narrowing = [limit for limit in limits if not direct]
            lacking = next((kind for kind, allows, _ in narrowing if not allows and kind == "a session policy"), None)
            if lacking is None:
                return Verdict("allowed", matched)
    if not by_identity:
        return Verdict("implicitDeny", matched, "an identity-based policy")
    for kind, allows, _ in limits:
        if not allows:
            return Verdict("implicitDeny", matched, kind)
    if not same_account and not by_resource:
        return Verdict("implicitDeny", [], "a resource-based policy")
    for _, allows, _ in limits:
        matched.extend(allows)
    return Verdict("allowed", matched)


def _only_account(statement: Statement) -> bool:
    """Whether the statement trusts an account as a whole: who in it may, its own policies say."""
    principals = statement.principals
    if principals is None or statement.not_principal:
        return False
    names = principals.get("AWS", frozenset())
    return "*" not in principals and "*" not in names and bool(names) and all(name.endswith(":root") for name in names)
