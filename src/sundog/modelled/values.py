"""Values that fit a shape: one made from another's form, or the plainest that is valid."""

from __future__ import annotations

import datetime
import json
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from sundog.modelled.forms import is_document, tag_form
from sundog.modelled.names import low

MAX_DEPTH = 12
_NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def is_union(shape: Shape) -> bool:
    return bool(getattr(shape, "is_tagged_union", False))


def fit(value: Any, shape: Shape, now: datetime.datetime, depth: int = 0) -> Any:
    """The value in the shape's form; None if it has nothing in common with it."""
    if value is None or depth > MAX_DEPTH:
        return None
    kind = shape.type_name
    if kind == "string":
        if isinstance(value, str):
            if len(value) < shape.metadata.get("min", 0):
                return None
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return str(value)
    if isinstance(shape, StructureShape):
        if is_document(shape):
            return value
        return _fit_structure(value, shape, now, depth)
    if isinstance(shape, ListShape):
        if isinstance(value, dict):
            if tag_form(shape) == "list" and all(isinstance(v, str) for v in value.values()):
                return tags_as(value, shape)
            return None
        if not isinstance(value, (list, tuple)):
            return None
        found = [fit(item, shape.member, now, depth + 1) for item in value]
        kept = [item for item in found if item is not None]
        if len(kept) < shape.metadata.get("min", 0):
            return None
        return kept if kept or not value else None
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            return None
        made = {str(key): fit(item, shape.value, now, depth + 1) for key, item in value.items()}
        return {key: item for key, item in made.items() if item is not None}
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind in ("integer", "long"):
        if isinstance(value, bool):
            return None
        if isinstance(value, str) and value.isdigit() and len(value) < 18:
            value = int(value)
        elif not isinstance(value, (int, float)):
            return None
        return int(value) if value >= shape.metadata.get("min", value) else None
    if kind in ("float", "double"):
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if kind == "timestamp":
        return value if isinstance(value, (datetime.datetime, int, float)) and not isinstance(value, bool) else None
    if kind == "blob":
        if isinstance(value, str):
            return value.encode()
        return value if isinstance(value, (bytes, bytearray)) else None
    return value


def _fit_structure(value: Any, shape: StructureShape, now: datetime.datetime, depth: int) -> Any:
    if not isinstance(value, dict):
        return None
    made: dict[str, Any] = {}
    by_low: dict[str, Any] | None = None
    for name, member in shape.members.items():
        item = value.get(name)
        if item is None:
            if by_low is None:
                by_low = {low(str(key)): inner for key, inner in value.items()}
            item = by_low.get(low(name))
        if item is not None:
            item = fit(item, member, now, depth + 1)
        if item is not None:
            made[name] = item
            if is_union(shape):
                return made
    if is_union(shape):
        return None
    for name in shape.required_members:
        if name not in made:
            made[name] = zero(shape.members[name], name, now, depth + 1)
    return made if made or not value else None


def tags_as(tags: dict[str, str], shape: Shape) -> Any:
    """Tags in the form that a shape has them."""
    form = tag_form(shape)
    if form == "map":
        return dict(tags)
    if form == "list":
        names = {low(name): name for name in shape.member.members}  # type: ignore[attr-defined]
        key = names.get("key") or names["tagkey"]
        value = names.get("value") or names["tagvalue"]
        more = {
            n: zero(shape.member.members[n], n, _NEVER) for n in shape.member.required_members if n not in (key, value)
        }  # type: ignore[attr-defined]
        return [{key: k, value: v, **more} for k, v in tags.items()]
    if form == "wrapped":
        name, inner = next(iter(shape.members.items()))  # type: ignore[attr-defined]
        return {name: tags_as(tags, inner)}
    return None


def tags_of(value: Any) -> dict[str, str]:
    """Tags of any of the models' forms."""
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(next(iter(value.values())), list):
            return tags_of(next(iter(value.values())))
        return {key: item if isinstance(item, str) else "" for key, item in value.items()}
    found: dict[str, str] = {}
    for item in value or ():
        if isinstance(item, dict):
            names = {low(name): inner for name, inner in item.items()}
            key = names.get("key", names.get("tagkey"))
            if key is not None:
                found[key] = names.get("value", names.get("tagvalue")) or ""
    return found


def zero(shape: Shape, name: str, now: datetime.datetime, depth: int = 0) -> Any:
    """The plainest value that is valid."""
    kind = shape.type_name
    about = shape.metadata
    if kind == "string":
        enum = about.get("enum")
        if enum:
            return enum[0]
        if getattr(shape, "serialization", {}).get("jsonvalue"):
            return {}
        least = about.get("min", 0)
        text = low(name)
        if text.endswith(("document", "json", "policy")) and least <= 2:
            return json.dumps({})
        return "0" * least
    if isinstance(shape, StructureShape):
        if is_document(shape):
            return {}
        if depth > MAX_DEPTH:
            return {}
        if is_union(shape):
            for member, inner in shape.members.items():
                if depth < 4 or not isinstance(inner, (StructureShape, ListShape)):
                    return {member: zero(inner, member, now, depth + 1)}
            return {}
        return {m: zero(shape.members[m], m, now, depth + 1) for m in shape.required_members}
    if isinstance(shape, ListShape):
        least = about.get("min", 0)
        return [zero(shape.member, name, now, depth + 1) for _ in range(least if depth <= MAX_DEPTH else 0)]
    if isinstance(shape, MapShape):
        least = about.get("min", 0)
        return {f"key{i}": zero(shape.value, name, now, depth + 1) for i in range(least)}
    if kind == "boolean":
        return False
    if kind in ("integer", "long", "float", "double", "bigdecimal", "biginteger"):
        least = about.get("min", 0)
        number = max(0, int(least))
        return number if kind in ("integer", "long") else float(number)
    if kind == "timestamp":
        return now
    if kind == "blob":
        return b""
    return ""
