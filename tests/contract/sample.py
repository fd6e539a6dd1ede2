"""Inputs that keep to a service's model: the least that is valid, and all there is."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
MAX_DEPTH = 7


class Sample:
    """Values for shapes, the same in every run. ``known`` are values for members by name, ``salt`` tells samples apart."""

    def __init__(self, known: dict[str, Any] | None = None, full: bool = False, salt: str = "") -> None:
        self.known = known or {}
        self.full = full
        self.salt = salt

    def of(self, shape: Shape | None) -> dict[str, Any]:
        """The parameters of an operation with this input."""
        if not isinstance(shape, StructureShape):
            return {}
        made: dict[str, Any] = {}
        for name, member in shape.members.items():
            if name in self.known:
                made[name] = self.known[name]
            elif name in shape.required_members or (self.full and not _token(name)):
                made[name] = self.value(member, name, 1)
        return made

    def value(self, shape: Shape, name: str, depth: int) -> Any:
        kind = shape.type_name
        about = shape.metadata
        if kind == "string":
            return self._string(about, name, shape)
        if isinstance(shape, StructureShape):
            return self._structure(shape, depth)
        if isinstance(shape, ListShape):
            least = max(about.get("min", 0), 1 if depth < MAX_DEPTH else 0)
            if least > 1 and shape.member.type_name == "string":
                return [self._string(shape.member.metadata, name, shape.member, str(i)) for i in range(least)]
            return [self.value(shape.member, name, depth + 1) for _ in range(least)]
        if isinstance(shape, MapShape):
            if depth >= MAX_DEPTH and not about.get("min"):
                return {}
            return {self._string(shape.key.metadata, "key", shape.key): self.value(shape.value, name, depth + 1)}
        if kind == "boolean":
            return True
        if kind in ("integer", "long"):
            return max(int(about.get("min", 1)), 1) if about.get("max", 2) >= 1 else int(about.get("min", 0))
        if kind in ("float", "double"):
            least, most = about.get("min", 1), about.get("max", 1e9)
            return float(max(least, min(1, most)))
        if kind == "timestamp":
            return NOW
        if kind == "blob":
            return b"0" * max(about.get("min", 1), 1)
        return "text"

    def _structure(self, shape: StructureShape, depth: int) -> Any:
        if getattr(shape, "is_document_type", False):
            return {"key": "value"}
        if getattr(shape, "is_tagged_union", False):
            deep = depth > MAX_DEPTH
            simple = sorted(
                shape.members.items(), key=lambda item: isinstance(item[1], (StructureShape, ListShape, MapShape))
            )
            if deep and isinstance(simple[0][1], (StructureShape, ListShape, MapShape)):
                return {}
            for name, member in simple[:1]:
                return {name: self.value(member, name, depth + 1)}
            return {}
        made: dict[str, Any] = {}
        for name, member in shape.members.items():
            deep = depth >= MAX_DEPTH or (depth >= 3 and isinstance(member, (StructureShape, ListShape, MapShape)))
            if name in shape.required_members or (self.full and not deep):
                if depth > 14:
                    continue
                made[name] = self.value(member, name, depth + 1)
        return made

    def _string(self, about: dict[str, Any], name: str, shape: Shape, more: str = "") -> str:
        enum = about.get("enum")
        if enum:
            return enum[0]
        least, most = about.get("min", 1), about.get("max", 64)
        low = name.lower()
        if getattr(shape, "serialization", {}).get("jsonvalue"):
            return {} if shape.serialization.get("location") == "header" else "{}"  # type: ignore[return-value]
        text = self._named(low) + more
        if len(text) > most:
            text = hashlib.sha256(text.encode()).hexdigest()[: max(most, 1)]
        return text + "0" * max(0, least - len(text))

    def _named(self, low: str) -> str:
        if low.endswith("arn"):
            return f"arn:aws:iam::123456789012:role/{low}{self.salt}"
        if low.endswith(("account", "accountid")):
            return "123456789012"
        if low.endswith(("url", "uri")):
            return f"https://example.com/{low}{self.salt}"
        if low.endswith("email"):
            return f"{low}{self.salt}@example.com"
        if low.endswith(("document", "policy", "json")):
            return "{}"
        if "cidr" in low:
            return "10.0.0.0/16"
        return f"{low}{self.salt}"


def _token(name: str) -> bool:
    return name.lower() in (
        "nexttoken",
        "marker",
        "clienttoken",
        "clientrequesttoken",
        "dryrun",
        "maxresults",
        "limit",
        "pagetoken",
        "paginationtoken",
        "nextpagetoken",
    )
