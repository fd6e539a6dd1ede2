"""Values of override tables: texts with places, and what stands for them."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

from sundog.modelled.names import low

if TYPE_CHECKING:
    from sundog.core.tx import Tx

_PLACE = re.compile(r"\{([\w.]+)\}")
NO_VALUE = object()


def fill(tx: Tx, template: Any, names: dict[str, Any], own: dict[str, Any]) -> Any:
    """The template with its places filled: from ``own`` first, then from the resource's values, then from the cloud.

    A text that is one place and nothing else becomes the value itself, whatever type it has.
    """
    if isinstance(template, dict):
        made = {key: fill(tx, item, names, own) for key, item in template.items()}
        return {key: item for key, item in made.items() if item is not None}
    if isinstance(template, list):
        return [fill(tx, item, names, own) for item in template]
    if not isinstance(template, str) or "{" not in template:
        return template
    whole = _PLACE.fullmatch(template)
    if whole:
        found = value(tx, whole[1], names, own)
        return None if found is NO_VALUE else found
    return _PLACE.sub(lambda match: _text(value(tx, match[1], names, own), match[0]), template)


def _text(found: Any, place: str) -> str:
    return place if found is NO_VALUE else "" if found is None else str(found)


def value(tx: Tx, name: str, names: dict[str, Any], own: dict[str, Any]) -> Any:
    """What a place stands for."""
    if name in own:
        return own[name]
    first, *rest = name.split(".")
    key = low(first)
    found: Any = names.get(key, NO_VALUE)
    for part in rest:
        if not isinstance(found, dict):
            found = NO_VALUE
            break
        found = {low(k): v for k, v in found.items()}.get(low(part), NO_VALUE)
    if found is not NO_VALUE:
        return found
    maker = PLACES.get(name)
    return maker(tx) if maker is not None else NO_VALUE


PLACES: dict[str, Any] = {
    "account": lambda tx: tx.account,
    "region": lambda tx: tx.region,
    "partition": lambda tx: tx.partition,
    "dns_suffix": lambda tx: tx.dns_suffix,
    "caller": lambda tx: tx.caller.arn,
    "now": lambda tx: tx.now,
    "later": lambda tx: tx.now + datetime.timedelta(hours=12),
    "epoch": lambda tx: int(tx.now.timestamp()),
    "iso": lambda tx: tx.now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    "uuid": lambda tx: tx.ids.uuid(),
    "hex8": lambda tx: tx.ids.hex(8),
    "hex16": lambda tx: tx.ids.hex(16),
    "hex17": lambda tx: tx.ids.hex(17),
    "hex32": lambda tx: tx.ids.hex(32),
    "alnum10": lambda tx: tx.ids.alnum(10, upper=False),
    "alnum12": lambda tx: tx.ids.alnum(12, upper=False),
    "upper26": lambda tx: tx.ids.alnum(26, upper=True),
    "mixed9": lambda tx: tx.ids.alnum(9),
    "upper14": lambda tx: tx.ids.alnum(14, upper=True),
}


def put(target: dict[str, Any], path: str, item: Any) -> None:
    """Set a dotted path, making the structures on the way. Nothing that others hold is changed."""
    first, _, rest = path.partition(".")
    if not rest:
        target[first] = item
        return
    inner = target.get(first)
    target[first] = copy = dict(inner) if isinstance(inner, dict) else {}
    put(copy, rest, item)


def merged(defaults: Any, given: Any) -> Any:
    """The given structure over the defaults, member by member."""
    if not isinstance(defaults, dict) or not isinstance(given, dict):
        return defaults if given is None else given
    made = {key: merged(item, given.get(key)) for key, item in defaults.items()}
    return {**made, **{key: item for key, item in given.items() if key not in made}}


def words(text: str, params: dict[str, Any], key: Any, own: dict[str, Any] | None = None) -> str:
    """An error's message with its places filled from the parameters."""
    names = {low(name): item for name, item in params.items()}
    own = own or {}

    def put_in(match: re.Match[str]) -> str:
        if match[1] == "key":
            return str(key)
        if match[1] in own:
            return str(own[match[1]])
        found = names.get(low(match[1]), key)
        return ", ".join(map(str, found)) if isinstance(found, list) else str(found)

    return _PLACE.sub(put_in, text)
