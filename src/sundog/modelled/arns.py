"""ARNs of modelled resources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sundog.modelled.names import canon, kebab, low
from sundog.modelled.template import PLACES

if TYPE_CHECKING:
    from sundog.core.tx import Tx
    from sundog.modelled.table import Noun
    from sundog.wire.model import Service

_PLACE = re.compile(r"\$\{(\w+)\}|\{(\w+)\}|\*")


def arn_of(tx: Tx, service: Service, noun: Noun, key: str, names: dict[str, Any], scopes: tuple[str, ...]) -> str:
    """The resource's ARN, by its format if that is known."""
    template = noun.arn
    if not template:
        signing = service.metadata.get("signingName") or service.endpoint_prefix
        path = "/".join((*(s for s in scopes if s and not s.startswith("arn:")), key or "default"))
        return f"arn:{tx.partition}:{signing}:{tx.region}:{tx.account}:{kebab(noun.name)}/{path}"
    within = {low(scope.member): value for scope, value in zip(noun.scopes, scopes, strict=False)}
    own: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name is None:
            return key
        wanted = low(name)
        if wanted == "key":
            return key
        if name in PLACES:
            return str(PLACES[name](tx))
        if wanted == "partition":
            return tx.partition
        if wanted == "region":
            return tx.region
        if wanted in ("account", "accountid"):
            return tx.account
        short = canon(name, noun.name)
        value = names.get(wanted)
        if value is None:
            value = within.get(wanted)
        if value is None and short != wanted:
            value = names.get(short)
        if value is None and short in ("", "id", "name", "resourceid"):
            value = key
        if value is None:
            value = next((v for m, v in within.items() if m.startswith(wanted[:-2]) or wanted.startswith(m)), None)
        if not isinstance(value, (str, int)):
            value = key if not own else "default"
        text = str(value)
        own.append(text)
        return text.rsplit("/", 1)[-1] if text.startswith("arn:") else text

    return _PLACE.sub(fill, template)
